import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { expect } from 'chai';
import {
  createProxy,
  type ProxyOutcome,
  type SpdyProxy,
} from '../../../../lib/tools/proxy/proxy.ts';
import { startApplication } from '../support/application.ts';

describe('tools/proxy/front/websocket-reply', () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** A server that changes to what it is told, and sends back what comes behind that. */
  async function serve(
    lines: (accept: string, request: http.IncomingMessage) => string[],
  ): Promise<string> {
    const server = http.createServer((_request, response) => response.end('ordinary'));
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => sockets.add(socket));
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => {});
      const key = String(request.headers['sec-websocket-key']);
      expect(Buffer.from(key, 'base64').length).to.equal(16);
      const text = `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash('sha1').update(text).digest('base64');
      socket.write(`${lines(accept, request).join('\r\n')}\r\n\r\n`);
      if (head.length > 0) socket.unshift(head);
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const SWITCH = ['HTTP/1.1 101 Switching Protocols', 'connection: Upgrade', 'upgrade: websocket'];

  async function open(
    back: string,
  ): Promise<{ readonly proxy: SpdyProxy; readonly session: http2.ClientHttp2Session }> {
    const proxy = createProxy({ backs: [back] });
    ends.push(() => proxy.destroy());
    const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true });
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on('error', () => {});
    ends.push(() => session.destroy());
    const [settings] = (await once(session, 'remoteSettings')) as [http2.Settings];
    expect(settings.enableConnectProtocol).to.equal(true);
    return { proxy, session };
  }

  function ask(session: http2.ClientHttp2Session, fields = {}): http2.ClientHttp2Stream {
    const stream = session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':path': '/chat?room=1',
      ...fields,
    });
    stream.on('error', () => {});
    return stream;
  }

  async function statusOf(stream: http2.ClientHttp2Stream): Promise<number | undefined> {
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    return Number(headers[':status']);
  }

  it('begins a WebSocket with a server that speaks HTTP/1.1', async () => {
    let seen: http.IncomingMessage | undefined;
    const back = await serve((accept, request) => {
      seen = request;
      return [...SWITCH, `sec-websocket-accept: ${accept}`, 'sec-websocket-protocol: chat'];
    });
    const { proxy, session } = await open(back);
    const over = new Promise<ProxyOutcome>((resolve) => proxy.once('exchange', resolve));
    const stream = ask(session, { 'sec-websocket-protocol': 'chat', origin: 'http://a' });
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers).to.include({ ':status': 200, 'sec-websocket-protocol': 'chat' });
    for (const name of ['sec-websocket-accept', 'upgrade', 'connection', 'content-length']) {
      expect(headers).not.to.have.property(name);
    }
    expect(seen?.method).to.equal('GET');
    expect(seen?.url).to.equal('/chat?room=1');
    expect(seen?.headers).to.include({
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'chat',
      origin: 'http://a',
    });
    for (const text of ['hello', 'again']) {
      stream.write(text);
      expect(String((await once(stream, 'data'))[0])).to.equal(text);
    }
    stream.end();
    await once(stream, 'end');
    expect(await over).to.include({ status: 101, error: null, received: 10, sent: 10 });
  });

  it('is a reset where the server accepts another one than was asked for', async () => {
    const { session } = await open(await serve(() => [...SWITCH, 'sec-websocket-accept: x']));
    const stream = ask(session);
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.rstCode).to.be.above(0);
  });

  it('passes a refusal on', async () => {
    const refusal = ['HTTP/1.1 403 Forbidden', 'content-length: 0', 'connection: close'];
    const { session } = await open(await serve(() => refusal));
    expect(await statusOf(ask(session))).to.equal(403);
  });

  for (const protocol of ['h2', 'spdy/3.1'] as const) {
    it(`is 502 where the server answers as if nothing special was asked for (${protocol})`, async () => {
      const application = await startApplication(protocol, (_request, response) => {
        response.end('ordinary');
      });
      ends.push(() => application.close());
      const { session } = await open(application.back);
      expect(await statusOf(ask(session))).to.equal(502);
    });
  }

  it('tells the server when the client resets it', async () => {
    let connection: Socket | undefined;
    const back = await serve((accept, request) => {
      connection = request.socket;
      return [...SWITCH, `sec-websocket-accept: ${accept}`];
    });
    const { session } = await open(back);
    const stream = ask(session);
    expect(await statusOf(stream)).to.equal(200);
    const closed = new Promise((resolve) => connection?.once('close', resolve));
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await closed;
  });

  it('is for WebSockets alone', async () => {
    const { session } = await open(await serve(() => []));
    expect(await statusOf(ask(session, { ':protocol': 'connect-udp' }))).to.equal(400);
  });
});
