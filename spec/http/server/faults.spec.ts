import net from 'node:net';
import { expect } from 'chai';
import type { SpdyServerOptions } from '../../../lib/http/server/options.ts';
import type { SpdyServer } from '../../../lib/http/server/server.ts';
import { INTERNAL_ERROR } from '../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { closed, RawPeer, uncaughtDuring, until } from '../../support/session-pair.ts';
import { ask, endAll, head, listen, serve, shut, WAYS, type Way } from '../support/http-support.ts';

const PLAIN_NAMES: Readonly<Record<string, string>> = { ':path': 'url' };

/** Headers in the form in which a version writes them. */
function wire(version: ProtocolVersion, headers: HeaderList): HeaderList {
  if (!version.plainPseudoNames) return headers;
  return headers.map(([name, value]) => [PLAIN_NAMES[name] ?? name.replace(':', ''), value]);
}

/** A raw client of a server that counts its requests. */
async function meet(
  version: ProtocolVersion,
  options: SpdyServerOptions = {},
): Promise<{ peer: RawPeer; server: SpdyServer; seen: string[]; end(): Promise<void> }> {
  const seen: string[] = [];
  const given = { tls: false, version: version.id, ...options };
  const { server, port } = await listen(given, (request, response) => {
    seen.push(`${request.method} ${request.headers.host} ${request.url}`);
    response.end();
  });
  const peer = new RawPeer(net.connect(port, '127.0.0.1'), version);
  return {
    peer,
    server,
    seen,
    end: async () => {
      await shut(server);
      await closed(peer.socket);
    },
  };
}

for (const version of PROTOCOL_VERSIONS) {
  const status = version.plainPseudoNames ? 'status' : ':status';

  describe(`requests that are none, ${version.name}`, () => {
    const required = [':method', ':path', ':version'];
    for (const name of version.plainPseudoNames ? required : [...required, ':host']) {
      it(`are answered 400 with FIN when ${name} is missing (checklist 261)`, async () => {
        const { peer, seen, end } = await meet(version);
        const headers = head().filter(([field]) => field !== name);
        peer.send(peer.make.synStream(1, wire(version, headers), { flags: 1 }));
        const { frame, headers: answer } = await peer.frame('SYN_REPLY');
        expect(answer).to.deep.include([status, '400 Bad Request']);
        expect(frame).to.include({ flags: 1 });
        // The session goes on.
        peer.send(peer.make.synStream(3, wire(version, head()), { flags: 1 }));
        await until(() => seen.length === 1);
        await end();
      });
    }

    it('are answered 431 when they say too much', async () => {
      const { peer, end } = await meet(version, { maxHeaderSize: 500 });
      const large = head('/', { long: 'x'.repeat(500) });
      peer.send(peer.make.synStream(1, wire(version, large)));
      const { headers: answer } = await peer.frame('SYN_REPLY');
      expect(answer[0]).to.deep.equal([status, '431 Request Header Fields Too Large']);
      await peer.frame('RST_STREAM');
      await end();
    });

    it('are reset when they belong to another stream (checklist 256)', async () => {
      const { peer, seen, end } = await meet(version);
      const headers = wire(version, head());
      peer.send(peer.make.synStream(1, headers, { associatedToStreamId: 2, flags: 1 }));
      expect((await peer.frame('RST_STREAM')).frame).to.include({ streamId: 1, status: 1 });
      peer.send(peer.make.synStream(3, headers, { flags: 2 }));
      expect((await peer.frame('RST_STREAM', 2)).frame).to.include({ streamId: 3, status: 1 });
      expect(seen).to.deep.equal([]);
      await end();
    });

    it('are none of those with an absolute URL (checklist 272)', async () => {
      const { peer, seen, end } = await meet(version);
      peer.send(peer.make.synStream(1, wire(version, head('http://b:8/x')), { flags: 1 }));
      await until(() => seen.length === 1);
      expect(seen).to.deep.equal(['GET b:8 /x']);
      await end();
    });
  });
}

describe('HTTP server against peers', () => {
  afterEach(endAll);

  it('sends trailers as HEADERS, then an empty DATA frame with FIN (checklist 274)', async () => {
    const { peer, server, end } = await meet(SPDY3_1);
    server.removeAllListeners('request');
    server.on('request', (_request, response) => {
      response.write('x');
      response.addTrailers({ sum: '1' });
      response.end();
    });
    peer.send(peer.make.synStream(1, head(), { flags: 1 }));
    await peer.frame('DATA', 2);
    const names = peer.frames.map(({ frame }) => `${frame.type} ${frame.flags}`).slice(-4);
    expect(names).to.deep.equal(['SYN_REPLY 0', 'DATA 0', 'HEADERS 0', 'DATA 1']);
    expect(peer.frames.at(-1)?.data).to.have.lengthOf(0);
    await end();
  });

  it('sends no 1xx for expect: 100-continue (checklist 276)', async () => {
    const { peer, end } = await meet(SPDY3_1);
    peer.send(peer.make.synStream(1, head('/', { expect: '100-continue' }, 'POST')));
    peer.send(peer.make.data(1, 'x', 1));
    const { headers } = await peer.frame('SYN_REPLY');
    expect(headers[0]).to.deep.equal([':status', '200 OK']);
    expect(peer.names.filter((name) => name === 'SYN_REPLY')).to.have.lengthOf(1);
    await end();
  });

  it('closes a session that asks nothing', async () => {
    const { peer, end } = await meet(SPDY3_1, { headersTimeoutMs: 20 });
    await peer.frame('GOAWAY');
    await until(() => peer.socket.destroyed || peer.socket.readableEnded);
    await end();
  });

  it('closes a session that is idle, but none with an open request', async () => {
    const { peer, server, end } = await meet(SPDY3_1, { idleTimeoutMs: 30 });
    server.removeAllListeners('request');
    let finish = (): void => {};
    server.on('request', (_request, response) => {
      finish = () => response.end();
    });
    peer.send(peer.make.synStream(1, head(), { flags: 1 }));
    await new Promise((later) => setTimeout(later, 80));
    expect(peer.names).to.not.include('GOAWAY');
    finish();
    await peer.frame('SYN_REPLY');
    await peer.frame('GOAWAY');
    await end();
  });

  for (const path of ['/at-once', '/behind-write']) {
    it(`resets a stream with INTERNAL_ERROR when its handler throws, ${path}`, async () => {
      const { session, end } = await serve(WAYS[1] as Way, (request, response) => {
        if (request.url === '/behind-write') response.write('x');
        if (request.url !== '/') throw new Error('from the handler');
        response.end();
      });
      const stream = session.request(head(path, {}, 'POST'), { endStream: true });
      const uncaught = await uncaughtDuring(async () => {
        stream.on('error', () => {});
        await closed(stream);
      });
      // Not REFUSED_STREAM: a client would repeat what was begun.
      expect(stream.rstStatus).to.equal(INTERNAL_ERROR);
      expect(uncaught.map(String)).to.deep.equal(['Error: from the handler']);
      expect((await ask(session)).status).to.equal('200 OK');
      await end();
    });
  }

  it('sends the reply that a handler has ended before it throws', async () => {
    const { session, end } = await serve(WAYS[1] as Way, (_request, response) => {
      response.end('answered');
      throw new Error('from the handler');
    });
    const uncaught = await uncaughtDuring(async () => {
      expect((await ask(session)).body.toString()).to.equal('answered');
    });
    expect(uncaught.map(String)).to.deep.equal(['Error: from the handler']);
    await end();
  });

  it("resets a stream with INTERNAL_ERROR when a listener for 'stream' throws", async () => {
    const { server, session, end } = await serve(WAYS[1] as Way);
    server.on('stream', () => {
      throw new Error('from the listener');
    });
    const stream = session.request(head('/', {}, 'POST'), { endStream: true });
    const uncaught = await uncaughtDuring(async () => {
      stream.on('error', () => {});
      await closed(stream);
    });
    expect(stream.rstStatus).to.equal(INTERNAL_ERROR);
    expect(uncaught.map(String)).to.deep.equal(['Error: from the listener']);
    await end();
  });

  it('reports sessions that fail', async () => {
    const { peer, server, end } = await meet(SPDY3_1);
    const failed = new Promise((next) => server.once('sessionError', next));
    peer.send(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    expect(String(await failed)).to.match(/Error/);
    await end();
  });
});
