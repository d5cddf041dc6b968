import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { SocketReply } from '../../../../lib/tools/proxy/front/socket-front.ts';

describe('tools/proxy/front/socket-front', () => {
  it('closes the connection behind an answer that is no tunnel, although the client does not end it', async () => {
    const server = http.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
    const [request, socket] = (await once(server, 'connect')) as [IncomingMessage, Socket];
    const reply = new SocketReply(request, socket, 20);
    reply.respond({ status: 405, message: 'No', fields: [['content-length', '2']] }, false);
    reply.write(Buffer.from('no'));
    reply.end([]);
    let answer = '';
    client.on('data', (chunk) => {
      answer += chunk;
    });
    await once(socket, 'close');
    const hasEnded = client.writableEnded;
    client.destroy();
    server.close();
    expect(answer).to.match(/^HTTP\/1\.1 405 No\r\n.*\r\n\r\nno$/s);
    expect(hasEnded).to.equal(false);
  });

  it('takes a client for gone that ends its side before it is answered', async () => {
    const server = http.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [request, socket] = (await once(server, 'upgrade')) as [IncomingMessage, Socket];
    const gone = new Promise<Error>((resolve) => new SocketReply(request, socket).onGone(resolve));
    client.end();
    expect((await gone).message).to.equal('the body ended before its end');
    expect(socket.destroyed).to.equal(true);
    client.destroy();
    server.close();
  });

  async function upgrade(early: string) {
    const server = http.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const head = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    client.write(`${head}${early}`);
    const [request, socket, first] = (await once(server, 'upgrade')) as [
      IncomingMessage,
      Socket,
      Buffer,
    ];
    if (first.length > 0) socket.unshift(first);
    const end = (): void => {
      client.destroy();
      socket.destroy();
      server.close();
    };
    return { client, reply: new SocketReply(request, socket), socket, end };
  }

  it('takes a client for gone that ends its side behind bytes that nobody has read', async () => {
    const { client, reply, end } = await upgrade('early');
    const gone = new Promise<Error>((resolve) => reply.onGone(resolve));
    client.end('more');
    expect((await gone).message).to.equal('the body ended before its end');
    end();
  });

  for (const size of [5, 65_536, 300_000]) {
    it(`gives a tunnel what the client has sent before it was answered (${size} bytes)`, async () => {
      const { client, reply, socket, end } = await upgrade('x');
      const text = Array.from({ length: size }, (_, index) => index % 10).join('');
      const early = once(socket, 'readable');
      client.write(text);
      await early;
      reply.respond({ status: 101, message: 'Go', fields: [] }, false);
      let seen = '';
      socket.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
      });
      socket.resume();
      client.end(' and the end');
      await once(socket, 'end');
      expect(seen).to.equal(`x${text} and the end`);
      end();
    });
  }
});
