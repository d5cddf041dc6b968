import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { MessageReply } from '../../../../lib/tools/proxy/front/message-front.ts';
import { createProxy } from '../../../../lib/tools/proxy/proxy.ts';

describe('tools/proxy/front/message-front', () => {
  let server: http.Server;

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  it('answers what follows on a connection of HTTP/1.1 a request that was answered before its body had come', async () => {
    server = http.createServer((request, response) => response.end(request.url));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: behind } = server.address() as AddressInfo;
    const proxy = createProxy({ backs: [`http://127.0.0.1:${behind}`] });
    const { port } = await proxy.listen({
      port: 0,
      host: '127.0.0.1',
      tls: false,
      sniff: true,
    });
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    const answered = (path: string): Promise<void> =>
      new Promise((resolve) => {
        socket.on('data', (chunk) => {
          text += chunk;
          if (text.endsWith(path)) resolve();
        });
      });
    const first = answered('/early');
    socket.write('POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc');
    await first;
    const second = answered('/next');
    socket.write(`${'x'.repeat(99_997)}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`);
    await second;
    socket.destroy();
    proxy.destroy();
  });

  it('sends what there is of an answer before it resets a connection of HTTP/1.1', async () => {
    server = http.createServer((request, response) => {
      const reply = new MessageReply(request as never, response as never);
      reply.respond({ status: 200, message: 'OK', fields: [['content-length', '9']] }, false);
      reply.write(Buffer.from('part'));
      reply.reset(new Error('cut'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const request = http.get({ host: '127.0.0.1', port });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    // From Node 24 on, the reset may reach the request as well.
    request.on('error', () => {});
    let body = '';
    response.on('data', (chunk) => {
      body += chunk;
    });
    const [error] = await once(response, 'error');
    expect(error).to.include({ code: 'ECONNRESET' });
    expect([response.statusCode, body]).to.deep.equal([200, 'part']);
  });
});
