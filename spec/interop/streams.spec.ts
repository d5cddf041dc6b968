import { once } from 'node:events';
import { expect } from 'chai';
import { PROTO_SPDY3_1, REFUSED_STREAM } from '../../lib/protocol/constants.ts';
import type { SpdyStream } from '../../lib/session/streams/stream.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { headerValue } from './support/client.ts';
import { nettyCommand, peerPath, requirePeer } from './support/peers.ts';
import { PeerProcess, run } from './support/process.ts';
import { dial, type Endpoint, hangUp, type Listener, listen } from './support/sockets.ts';
import { exchange, requestHeaders, serveStreams } from './support/stream-app.ts';

const TEN_MIB = 10 << 20;
/** What a spdystream peer needs. */
const KUBERNETES = { flowControl: false, lenientStreams: true } as const;

describe("a Duplex per stream against Netty's server", () => {
  let server: PeerProcess | undefined;
  let end: Endpoint;
  let port = 0;

  before(async function () {
    requirePeer(this, 'netty');
    server = new PeerProcess(nettyCommand('NettySpdyServer', '--port', '0'));
    port = Number((await server.printed(/plain=(\d+)/))[1]);
  });

  after(() => server?.stop());

  beforeEach(async () => {
    end = await dial(PROTO_SPDY3_1, port);
  });

  afterEach(() => hangUp(end));

  const open = (method: string, path: string): SpdyStream =>
    end.session.request(requestHeaders(method, path), { endStream: method === 'GET' });

  for (const size of [0, 1, 65_536, TEN_MIB]) {
    it(`receives ${size} bytes, and sends them and gets them back`, async () => {
      expect(sha256(await exchange(open('GET', `/bytes/${size}`)))).to.equal(sha256(pattern(size)));
      const echoed = await exchange(open('POST', '/echo'), pattern(size));
      expect(sha256(echoed)).to.equal(sha256(pattern(size)));
    });
  }

  it('carries 100 streams at once', async () => {
    const bodies = await Promise.all(
      Array.from({ length: 100 }, (_, index) => exchange(open('GET', `/bytes/${60_000 + index}`))),
    );
    expect(bodies.map(sha256)).to.deep.equal(
      bodies.map((_, index) => sha256(pattern(60_000 + index))),
    );
  });

  it('lets a slow reader hold only its own stream', async () => {
    const slow = open('GET', `/bytes/${60_000}`);
    await once(slow, 'readable');
    expect(await exchange(open('GET', '/bytes/5000'))).to.have.length(5000);
    expect(sha256(await exchange(slow))).to.equal(sha256(pattern(60_000)));
  });

  it('receives trailers', async () => {
    const stream = open('GET', '/trailers');
    expect((await exchange(stream)).toString()).to.equal('body\n');
    expect(headerValue(stream.trailers ?? [], 'x-trailer')).to.equal('one');
  });

  it('receives a pushed stream', async () => {
    const stream = open('GET', '/push');
    const pushed = new Promise<string>((resolve, reject) => {
      stream.once('push', (push) => exchange(push).then((body) => resolve(String(body)), reject));
    });
    expect((await exchange(stream)).toString()).to.equal('pusher\n');
    expect(await pushed).to.equal('pushed 2\n');
  });

  it('fails with the status of a reset', async () => {
    const stream = open('GET', '/rst/3');
    const error = await exchange(stream).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error);
    expect(stream.rstStatus).to.equal(REFUSED_STREAM);
  });
});

describe("Netty's client against a Duplex per stream", () => {
  let listener: Listener | undefined;

  before(async function () {
    requirePeer(this, 'netty');
    listener = await listen(PROTO_SPDY3_1, serveStreams);
  });

  after(() => listener?.close());

  async function client(
    ...args: string[]
  ): Promise<{ ok: number; pushes: number; errors: string[] }> {
    const port = String(listener?.port);
    const { stdout } = await run(nettyCommand('NettySpdyClient', '127.0.0.1', port, ...args));
    return JSON.parse(stdout) as { ok: number; pushes: number; errors: string[] };
  }

  it('serves bodies of every size', async () => {
    const seen = await client(
      '-n',
      '8',
      '-m',
      '4',
      '/bytes/0',
      '/bytes/1',
      '/bytes/65536',
      `/bytes/${TEN_MIB}`,
    );
    expect(seen).to.include({ ok: 8 }).and.to.have.property('errors').that.deep.equals([]);
  });

  it('pipes uploads of 10 MiB back as they come', async () => {
    const seen = await client('-n', '4', '-m', '4', '--post', String(TEN_MIB), '/echo');
    expect(seen).to.include({ ok: 4 }).and.to.have.property('errors').that.deep.equals([]);
  });

  it('serves 100 streams at once', async () => {
    const seen = await client('-n', '300', '-m', '100', '/bytes/65536');
    expect(seen).to.include({ ok: 300 }).and.to.have.property('errors').that.deep.equals([]);
  });

  it('sends trailers, pushes and resets', async () => {
    const seen = await client('-n', '3', '-m', '1', '/trailers', '/push', '/rst/5');
    expect(seen).to.include({ ok: 2, pushes: 1 });
    expect(seen.errors).to.deep.equal(['RST_STREAM CANCEL on /rst/5']);
  });
});

describe('a Duplex per stream against spdystream', () => {
  before(function () {
    requirePeer(this, 'spdystream');
  });

  it('sends 10 MiB on three streams and gets them back', async () => {
    const server = new PeerProcess([peerPath('gostream'), 'server', '0']);
    const port = Number((await server.printed(/plain=(\d+)/))[1]);
    const end = await dial(PROTO_SPDY3_1, port, KUBERNETES);
    try {
      const body = pattern(TEN_MIB);
      const streams = [1, 2, 3].map(() => end.session.request([['x-stream', 'one']]));
      const echoed = await Promise.all(streams.map((stream) => exchange(stream, body)));
      expect(echoed.map(sha256)).to.deep.equal(Array(3).fill(sha256(body)));
      expect(headerValue(streams[0]?.replyHeaders ?? [], 'x-stream')).to.equal('one');
    } finally {
      hangUp(end);
      await server.stop();
    }
  });

  it('pipes 10 MiB on three streams of its client back', async () => {
    const listener = await listen(PROTO_SPDY3_1, serveStreams, KUBERNETES);
    try {
      const port = String(listener.port);
      const { stdout } = await run([peerPath('gostream'), 'client', port, '3', String(TEN_MIB)]);
      expect(JSON.parse(stdout)).to.include({ ok: 3, ping_err: '<nil>' });
    } finally {
      await listener.close();
    }
  });
});
