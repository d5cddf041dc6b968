import { once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { expect } from 'chai';
import { WebSocket, WebSocketServer } from 'ws';
import type { SpdyServer } from '../../../../lib/http/server/server.ts';
import { connect } from '../../../../lib/session/transport/connect.ts';
import { sharedCertificate } from '../../../support/session-pair.ts';
import { ask, listen, shut } from '../../support/http-support.ts';

describe('HTTP/1.1 of a server', () => {
  let server: SpdyServer;
  let port: number;

  beforeEach(async () => {
    ({ server, port } = await listen({}, (request, response) =>
      response.end(`plain ${request.url}`),
    ));
  });

  afterEach(() => shut(server));

  /** Sends text and gives all that is answered. */
  async function say(text: string): Promise<string> {
    const { cert } = sharedCertificate();
    const socket = tls.connect({ port, host: '127.0.0.1', ca: cert });
    socket.on('error', () => {});
    socket.write(text);
    let all = '';
    for await (const chunk of socket) all += chunk;
    return all;
  }

  it('serves WebSocket and SPDY with one server object', async () => {
    const sockets = new WebSocketServer({ server: server as unknown as http.Server });
    sockets.on('connection', (socket) => socket.send('hello'));
    const { cert } = sharedCertificate();
    const client = new WebSocket(`wss://127.0.0.1:${port}/`, { ca: cert });
    const [message] = (await once(client, 'message')) as [Buffer];
    expect(message.toString()).to.equal('hello');
    client.terminate();
    const session = await connect({ host: '127.0.0.1', port, tls: { ca: cert } });
    expect((await ask(session, '/a')).body.toString()).to.equal('plain /a');
    session.destroy();
    sockets.close();
  });

  it('hands on upgrade only while somebody listens', async () => {
    const request =
      'GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\nUpgrade: y\r\n\r\n';
    expect(await say(request)).to.match(/plain \/x$/);
    const take = (_request: http.IncomingMessage, socket: { end(text: string): unknown }): void => {
      socket.end('taken');
    };
    server.on('upgrade', take);
    expect(await say(request)).to.equal('taken');
    server.off('upgrade', take);
    expect(await say(request)).to.match(/plain \/x$/);
  });

  it('hands on connect with the connection', async () => {
    server.once('connect', (request, socket, rest) => {
      expect(request.stream).to.equal(undefined);
      if ('writeHead' in socket) throw new Error('a response');
      socket.end(`tunnel to ${request.url} ${rest}`);
    });
    expect(await say('CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\nbytes')).to.equal(
      'tunnel to b:1 bytes',
    );
  });

  it('hands on checkContinue and checkExpectation', async () => {
    server.once('checkContinue', (_request, response) => response.end('continued'));
    server.once('checkExpectation', (_request, response) => response.end('expected'));
    const post = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\nExpect: ';
    expect(await say(`${post}100-continue\r\n\r\n`)).to.match(/continued$/);
    expect(await say(`${post}magic\r\n\r\n`)).to.match(/expected$/);
    expect(await say(`${post}magic\r\n\r\n`)).to.match(/^HTTP\/1\.1 417/);
  });

  it('hands on clientError, and answers 400 without a listener', async () => {
    server.once('clientError', (error: NodeJS.ErrnoException, socket) => {
      socket.end(`client error ${error.code}`);
    });
    expect(await say('no HTTP\r\n\r\n')).to.match(/^client error HPE_/);
    expect(await say('no HTTP\r\n\r\n')).to.match(/^HTTP\/1\.1 400/);
  });

  it('hands on dropRequest', async () => {
    const http1 = server.http1 as http.Server;
    http1.maxRequestsPerSocket = 1;
    const dropped = once(server, 'dropRequest') as Promise<[http.IncomingMessage, net.Socket]>;
    const request = 'GET /y HTTP/1.1\r\nHost: a\r\n\r\n';
    const { cert } = sharedCertificate();
    const socket = tls.connect({ port, host: '127.0.0.1', ca: cert });
    socket.on('error', () => {}).resume();
    socket.write(request + request);
    const [first, connection] = await dropped;
    expect(first.url).to.equal('/y');
    expect(connection).to.be.instanceOf(net.Socket);
    socket.destroy();
  });

  for (const [title, more] of [
    ['a request', 'Content-Length: 1\r\n\r\n1'],
    ['one that waits for 100', 'Content-Length: 1\r\nExpect: 100-continue\r\n\r\n'],
    ['an upgrade', 'Connection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ] as const) {
    it(`carries nothing out that crosses the end of its connection: ${title}`, async () => {
      const seen: string[] = [];
      const see = (event: string) => (request: http.IncomingMessage) => {
        seen.push(`${event} ${request.url}`);
      };
      server.on('request', see('request'));
      server.on('checkContinue', see('checkContinue'));
      server.on('upgrade', see('upgrade'));
      const { cert } = sharedCertificate();
      const socket = tls.connect({ port, host: '127.0.0.1', ca: cert });
      socket.allowHalfOpen = true;
      socket.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
      await once(socket, 'data');
      const closed = once(server, 'close');
      server.close();
      // The end of the connection is on its way, and not here yet.
      socket.end(`POST /b HTTP/1.1\r\nHost: a\r\n${more}`);
      await once(socket.resume(), 'close');
      await closed;
      expect(seen).to.deep.equal(['request /a']);
    });
  }

  it('ends a head that never becomes whole after headersTimeoutMs', async () => {
    const slow = await listen({ tls: false, sniff: true, headersTimeoutMs: 50 });
    const socket = net.connect(slow.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: ');
    let all = '';
    for await (const chunk of socket) all += chunk;
    expect(all).to.match(/^HTTP\/1\.1 408 /);
    await shut(slow.server);
  });

  for (const [title, options, expected] of [
    ['the limits of all', { headersTimeoutMs: 7, requestTimeoutMs: 9 }, [7, 9]],
    ['no limit for the head beyond that of the request', { requestTimeoutMs: 5 }, [5, 5]],
    ['none', { headersTimeoutMs: 0, requestTimeoutMs: 0 }, [0, 0]],
    ['its own options first', { http1: { headersTimeout: 3, requestTimeout: 4 } }, [3, 4]],
  ] as const) {
    it(`has ${title}`, async () => {
      const limited = await listen(options);
      const http1 = limited.server.http1 as http.Server;
      expect([http1.headersTimeout, http1.requestTimeout]).to.deep.equal(expected);
      await shut(limited.server);
    });
  }
});
