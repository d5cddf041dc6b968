import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createProxy, type SpdyProxy } from '../../../../lib/tools/proxy/proxy.ts';
import { type Application, startApplication } from '../support/application.ts';

describe('tools/proxy/back/h2-back', () => {
  const { connect } = http2;
  /** The sessions with backs. */
  const sessions: http2.ClientHttp2Session[] = [];
  const ends: (() => unknown)[] = [];

  before(() => {
    http2.connect = ((...args: Parameters<typeof connect>) => {
      const session = connect(...args);
      sessions.push(session);
      return session;
    }) as typeof connect;
  });

  after(() => {
    http2.connect = connect;
  });

  afterEach(async () => {
    sessions.length = 0;
    await Promise.all(ends.splice(0).map((end) => end()));
  });

  async function open(back: string): Promise<{ proxy: SpdyProxy; port: number }> {
    const proxy = createProxy({ backs: [back] });
    ends.push(() => proxy.destroy());
    const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true });
    return { proxy, port };
  }

  async function application(): Promise<Application> {
    const started = await startApplication('h2');
    ends.push(() => started.close());
    return started;
  }

  async function get(port: number, path = '/sized?bytes=2'): Promise<string> {
    const request = http.get({ host: '127.0.0.1', port, path, agent: false });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return `${response.statusCode} ${text}`;
  }

  /** Lets a session throw at its next request. */
  function spend(session: http2.ClientHttp2Session | undefined, code: string): void {
    Object.assign(session as object, {
      request: () => {
        throw Object.assign(new Error('no more'), { code });
      },
    });
  }

  for (const code of [
    'ERR_HTTP2_OUT_OF_STREAMS',
    'ERR_HTTP2_GOAWAY_SESSION',
    'ERR_HTTP2_INVALID_SESSION',
  ]) {
    it(`takes another session when one takes no more requests (${code})`, async () => {
      const { port } = await open((await application()).back);
      expect(await get(port)).to.equal('200 aa');
      spend(sessions[0], code);
      expect(await get(port)).to.equal('200 aa');
      expect(sessions.length).to.equal(2);
      expect(sessions[0]?.closed).to.equal(true);
    });
  }

  it('is 502 when a request cannot be begun for another reason than itself', async () => {
    const { port, proxy } = await open((await application()).back);
    expect(await get(port)).to.equal('200 aa');
    spend(sessions[0], 'ERR_INTERNAL');
    expect(await get(port)).to.match(/^502 502 Bad Gateway: .*\(ERR_INTERNAL\)/);
    expect(proxy.statistics[0]).to.include({ failures: 1, active: 0 });
  });

  it('sends a request again that was under way when the back said that it takes no more', async () => {
    const seen: string[] = [];
    const server = http2.createServer();
    server.on('session', (session) => ends.push(() => session.destroy()));
    server.on('stream', (stream, headers) => {
      seen.push(String(headers[':path']));
      stream.on('error', () => {});
      if (seen.length === 2) {
        // As if GOAWAY had left before the second request came.
        stream.session?.goaway(0, 1);
        stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      } else {
        stream.respond();
        stream.end('fine');
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => server.close());
    const { port } = await open(`h2+http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await get(port, '/a')).to.equal('200 fine');
    expect(await get(port, '/b')).to.equal('200 fine');
    expect(seen).to.deep.equal(['/a', '/b', '/b']);
    expect(sessions.length).to.equal(2);
  });
});
