import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { Http1Watch } from '../../../../lib/tools/proxy/front/http1-watch.ts';
import { createProxy } from '../../../../lib/tools/proxy/proxy.ts';

/** More than the system takes for a client that reads nothing. */
const MUCH = Buffer.alloc(1 << 25);

describe('tools/proxy/front/http1-watch', () => {
  let server: http.Server;
  let client: Socket;
  let closed: Promise<unknown>;
  let watch: Http1Watch;

  /** Lets a client ask, and reads nothing at it. */
  async function ask(stallMs: number): Promise<http.ServerResponse> {
    server = http.createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => {});
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const [request, response] = (await once(server, 'request')) as [
      http.IncomingMessage,
      http.ServerResponse,
    ];
    closed = new Promise((resolve) => request.socket.once('close', resolve));
    watch = new Http1Watch(request.socket, stallMs);
    watch.follow(response);
    return response;
  }

  afterEach(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });

  /** So many turns of a timer that is as fast as the one of the watch. */
  async function turns(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  it('resets a connection whose client takes nothing of the end of an answer', async () => {
    const response = await ask(20);
    response.end(MUCH);
    await closed;
    expect(response.destroyed).to.equal(true);
  });

  it('leaves answers alone that are not complete, and connections that are something else', async () => {
    const response = await ask(1);
    response.write(MUCH);
    await turns(20);
    expect(response.destroyed).to.equal(false);
    watch.stop();
    response.end();
    await turns(20);
    expect(response.destroyed).to.equal(false);
    watch.follow(response);
    await closed;
  });

  it('lets a client take its time that takes something, and ask again', async () => {
    const response = await ask(1);
    response.end('small');
    const [text] = await once(client, 'data');
    expect(String(text)).to.match(/small/);
    await turns(20);
    expect(response.socket?.destroyed ?? false).to.equal(false);
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const [, again] = (await once(server, 'request')) as [unknown, http.ServerResponse];
    watch.follow(again);
    again.end('more');
    expect(String((await once(client, 'data'))[0])).to.match(/more/);
  });

  it('is for ever where no time is given', async () => {
    const response = await ask(0);
    response.end(MUCH);
    await turns(20);
    expect(response.destroyed).to.equal(false);
  });

  it('looks after clients of a front, until they change the protocol', async () => {
    const application = http.createServer((_request, response) => response.end('answer'));
    application.on('upgrade', (_request, socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\n');
      // The end of a tunnel that nobody reads is no end of an answer.
      socket.write(Buffer.alloc(1 << 20));
    });
    await once(application.listen(0, '127.0.0.1'), 'listening');
    const { port: back } = application.address() as AddressInfo;
    const proxy = createProxy({ backs: [`http://127.0.0.1:${back}`] });
    const session = { stallTimeoutMs: 1 };
    const front = { port: 0, host: '127.0.0.1', tls: false, sniff: true, session } as const;
    const { port } = await proxy.listen(front);
    await ask(0);
    const tunnel = net.connect(port, '127.0.0.1');
    tunnel.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(tunnel, 'data');
    tunnel.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\n');
    await once(tunnel, 'data');
    tunnel.pause();
    await turns(20);
    let bytes = 0;
    tunnel.on('data', (chunk) => {
      bytes += chunk.length;
    });
    tunnel.resume();
    while (bytes < 1 << 19) await once(tunnel, 'data');
    tunnel.destroy();
    proxy.destroy();
    application.close();
    application.closeAllConnections();
  });
});
