import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { expect } from 'chai';
import { protocolOf } from '../../../../lib/http/server/connection/opening.ts';
import type { SpdyServerOptions } from '../../../../lib/http/server/options.ts';
import { createServer, type SpdyServer } from '../../../../lib/http/server/server.ts';
import { PROTOCOL_VERSIONS } from '../../../../lib/protocol/version.ts';
import { connect } from '../../../../lib/session/transport/connect.ts';
import { ask, listen, shut } from '../../support/http-support.ts';

const HOST = '127.0.0.1';

describe('protocolOf()', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['', null],
    ['\x80', null],
    ['\x80\x02', 'spdy/2'],
    ['\x80\x03\0\x01', 'spdy/3.1'],
    ['\x80\x04', 'unknown'],
    ['\x81', 'unknown'],
    ['P', null],
    ['PRI', null],
    ['PRI ', 'h2'],
    ['PR0', 'http/1.1'],
    ['GET /', 'http/1.1'],
    ['\r\nGET /', 'http/1.1'],
    ['\x16\x03\x01', 'unknown'],
  ];
  for (const [start, protocol] of cases) {
    it(`${JSON.stringify(start)}: ${protocol}`, () => {
      expect(protocolOf(Buffer.from(start, 'latin1'), 'spdy/3.1')).to.equal(protocol);
    });
  }
});

describe('a plain server that is told to sniff', () => {
  let server: SpdyServer;
  let port: number;
  afterEach(() => shut(server));

  async function start(options: SpdyServerOptions = {}): Promise<void> {
    ({ server, port } = await listen(
      { tls: false, sniff: true, ...options },
      (request, response) => {
        response.end(`${request.httpVersion} ${request.stream === undefined}`);
      },
    ));
  }

  for (const { name } of PROTOCOL_VERSIONS) {
    it(`speaks ${name} and HTTP/1.1 on one port`, async () => {
      await start(name === 'spdy/3' ? { version: name } : {});
      const session = await connect({ host: HOST, port, tls: false, version: name });
      const begun = once(server, 'session');
      expect((await ask(session, '/')).body.toString()).to.equal('1.1 false');
      expect((await begun)[0].version.name).to.equal(name);
      await session.close();
      const [response] = await once(http.get({ host: HOST, port, agent: false }), 'response');
      expect(String((await response.toArray())[0])).to.equal('1.1 true');
    });
  }

  it('gives HTTP/2 to its handler', async () => {
    const h2 = http2.createServer((_request, response) => response.end('two'));
    await start({ h2 });
    const session = http2.connect(`http://${HOST}:${port}`);
    const stream = session.request({ ':path': '/' });
    expect(String((await stream.toArray())[0])).to.equal('two');
    await new Promise<void>((done) => session.close(done));
  });

  it('takes a beginning that comes byte by byte', async () => {
    await start();
    const socket = net.connect(port, HOST);
    socket.setNoDelay(true);
    for (const byte of 'POST / HTTP/1.0\r\n\r\n') {
      socket.write(byte);
      await new Promise((next) => setImmediate(next));
    }
    const text = String((await socket.toArray())[0]);
    expect(text).to.match(/^HTTP\/1\.1 200 OK/);
  });

  it('explains itself to others', async () => {
    await start();
    const other = net.connect(port, HOST);
    other.end('\x16\x03\x01');
    expect(String((await other.toArray())[0])).to.match(/426 Upgrade Required/);
  });

  it('leaves those that say nothing, or go', async () => {
    await start({ handshakeTimeoutMs: 50 });
    const gone = net.connect(port, HOST);
    gone.end('P');
    gone.resume();
    await once(gone, 'close');
    const silent = net.connect(port, HOST);
    silent.on('error', () => {});
    await once(silent, 'close');
  });

  it('needs a plain port', () => {
    const message = 'sniff needs tls: false';
    expect(() => createServer({ sniff: true })).to.throw(message);
  });
});
