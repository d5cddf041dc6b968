import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import type { BackOptions } from '../../../../lib/tools/proxy/back/options.ts';
import {
  createProxy,
  type ProxyOutcome,
  type SpdyProxy,
} from '../../../../lib/tools/proxy/proxy.ts';

/** RFC 6455 1.3: a key, and the answer to it. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

describe('tools/proxy/back/h2-websocket-call', () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function listen(server: net.Server): Promise<number> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  /** A server that speaks HTTP/2. */
  function serve(
    enableConnectProtocol: boolean,
    answer: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
  ): Promise<number> {
    const server = http2.createServer({ settings: { enableConnectProtocol } });
    server.on('sessionError', () => {});
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      answer(stream, headers);
    });
    return listen(server);
  }

  /** Answers as a WebSocket, and sends back what comes. */
  const mirror = (stream: http2.ServerHttp2Stream): void => {
    stream.respond({ ':status': 200, 'sec-websocket-protocol': 'chat' });
    stream.pipe(stream);
  };

  /** A proxy in front of an address. */
  async function open(
    back: number,
    more: Partial<BackOptions> = {},
  ): Promise<{ readonly proxy: SpdyProxy; readonly port: number }> {
    const url = `http://127.0.0.1:${back}`;
    const proxy = createProxy({ backs: [{ url, protocol: 'h2', ...more }] });
    ends.push(() => proxy.destroy());
    const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true });
    return { proxy, port };
  }

  /** Asks for a WebSocket by HTTP/1.1. */
  function ask(
    port: number,
    fields: Record<string, string> = { 'sec-websocket-key': KEY },
  ): http.ClientRequest {
    const request = http.get({
      host: '127.0.0.1',
      port,
      path: '/chat?room=1',
      agent: false,
      headers: {
        connection: 'Upgrade',
        upgrade: 'WebSocket',
        'sec-websocket-version': '13',
        'sec-websocket-protocol': 'chat',
        ...fields,
      },
    });
    request.on('error', () => {});
    return request;
  }

  async function answerOf(request: http.ClientRequest): Promise<string> {
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return `${response.statusCode} ${text}`;
  }

  function overOf(proxy: SpdyProxy): Promise<ProxyOutcome> {
    return new Promise((resolve) => proxy.once('exchange', resolve));
  }

  it('begins a WebSocket of a client that speaks HTTP/1.1', async () => {
    let seen: http2.IncomingHttpHeaders = {};
    const back = await serve(true, (stream, headers) => {
      seen = headers;
      mirror(stream);
    });
    const { proxy, port } = await open(back);
    const over = overOf(proxy);
    const [response, socket] = (await once(
      ask(port, { origin: 'http://a', 'sec-websocket-key': KEY }),
      'upgrade',
    )) as [http.IncomingMessage, Socket];
    expect(response.statusCode).to.equal(101);
    expect(response.headers).to.include({
      connection: 'Upgrade',
      upgrade: 'WebSocket',
      'sec-websocket-accept': ACCEPT,
      'sec-websocket-protocol': 'chat',
    });
    expect(seen).to.include({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':authority': `127.0.0.1:${port}`,
      ':path': '/chat?room=1',
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'chat',
      origin: 'http://a',
    });
    for (const name of ['sec-websocket-key', 'connection', 'upgrade', 'content-length']) {
      expect(seen).not.to.have.property(name);
    }
    for (const text of ['hello', 'again']) {
      socket.write(text);
      expect(String((await once(socket, 'data'))[0])).to.equal(text);
    }
    socket.end();
    await once(socket.resume(), 'end');
    expect(await over).to.include({ status: 101, error: null, received: 10, sent: 10 });
  });

  it('begins one of a client that speaks HTTP/2, and another one at once on the same connection', async () => {
    const { port } = await open(await serve(true, mirror));
    const session = http2.connect(`http://127.0.0.1:${port}`);
    ends.push(() => session.destroy());
    await once(session, 'remoteSettings');
    for (let turn = 0; turn < 2; turn++) {
      const stream = session.request({
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':scheme': 'http',
        ':path': '/chat',
      });
      const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
      expect(headers).to.include({ ':status': 200, 'sec-websocket-protocol': 'chat' });
      expect(headers).not.to.have.property('sec-websocket-accept');
      stream.write('hello');
      expect(String((await once(stream, 'data'))[0])).to.equal('hello');
      stream.end();
      await once(stream.resume(), 'end');
    }
  });

  it('waits for the settings of the server', async () => {
    const inner = await serve(true, mirror);
    let release = (): void => {};
    // What the server says is held back.
    const slow = net.createServer((socket) => {
      const behind = net.connect(inner, '127.0.0.1');
      behind.on('error', () => {});
      socket.pipe(behind);
      release = () => behind.pipe(socket);
    });
    const { port, proxy } = await open(await listen(slow));
    const request = ask(port);
    await once(slow, 'connection');
    expect(proxy.statistics[0]).to.include({ active: 1 });
    release();
    await once(request, 'upgrade');
  });

  it('is 504 where they do not come in time', async () => {
    const silent = net.createServer();
    const { port } = await open(await listen(silent), { connectTimeoutMs: 50 });
    expect(await answerOf(ask(port))).to.match(/^504 .*ERR_SPDY_TIMEOUT/);
  });

  it('waits for them as long as it takes if nothing else is said', async () => {
    const { port } = await open(await serve(true, mirror), { connectTimeoutMs: 0 });
    await once(ask(port), 'upgrade');
  });

  it('is 502 where the server cannot be reached, or ends the connection before', async () => {
    const ending = net.createServer((socket) => socket.end());
    const { port } = await open(await listen(ending));
    expect(await answerOf(ask(port))).to.match(/^502 /);
    const gone = net.createServer();
    await once(gone.listen(0, '127.0.0.1'), 'listening');
    const { port: nobody } = gone.address() as AddressInfo;
    await once(gone.close(), 'close');
    const other = await open(nobody);
    expect(await answerOf(ask(other.port))).to.match(/^502 .*ECONNREFUSED/);
  });

  it('asks as for anything else where the server takes none, and where there is no key', async () => {
    const answer = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void => {
      stream.respond();
      stream.end(`${headers[':method']}`);
    };
    const without = await open(await serve(false, answer));
    expect(await answerOf(ask(without.port))).to.equal('200 GET');
    expect(await answerOf(ask(without.port))).to.equal('200 GET');
    const { port } = await open(await serve(true, answer));
    expect(await answerOf(ask(port, {}))).to.equal('200 GET');
  });

  it('passes a refusal on', async () => {
    const back = await serve(true, (stream) => {
      stream.respond({ ':status': 403 });
      stream.end('not you');
    });
    const { port } = await open(back);
    expect(await answerOf(ask(port))).to.equal('403 not you');
  });

  it('says nothing of an answer to a key that the server was not told', async () => {
    const back = await serve(true, (stream) => {
      stream.respond({ ':status': 200, 'sec-websocket-accept': 'x' });
    });
    const { port } = await open(back);
    const [response] = (await once(ask(port), 'upgrade')) as [http.IncomingMessage];
    expect(response.headers['sec-websocket-accept']).to.equal(ACCEPT);
  });

  it('forgets a client that has gone before the settings came', async () => {
    const silent = net.createServer();
    const { proxy, port } = await open(await listen(silent));
    const request = ask(port);
    await once(silent, 'connection');
    const over = overOf(proxy);
    request.destroy();
    expect(await over).to.include({ status: null });
    expect(proxy.statistics[0]).to.include({ active: 0, failures: 0 });
  });

  it('tells the server when the client goes, and the client when the server resets it', async () => {
    const closed: Promise<unknown>[] = [];
    const back = await serve(true, (stream) => {
      closed.push(new Promise((resolve) => stream.once('close', resolve)));
      stream.respond();
      stream.once('data', () => stream.destroy(new Error('cut')));
    });
    const { port } = await open(back);
    const [, leaving] = (await once(ask(port), 'upgrade')) as [unknown, Socket];
    leaving.resetAndDestroy();
    await closed[0];
    const [, cut] = (await once(ask(port), 'upgrade')) as [unknown, Socket];
    cut.resume().write('now');
    const [error] = (await once(cut, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNRESET');
  });
});
