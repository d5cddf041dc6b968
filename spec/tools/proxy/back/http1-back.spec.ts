import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createProxy, type SpdyProxy } from '../../../../lib/tools/proxy/proxy.ts';
import { sharedCertificate } from '../../../support/session-pair.ts';
import { clientOf, FRONTS } from '../support/clients.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n';

/** A server whose answers are ended by the end of the connection. */
async function serve(answer: (socket: net.Socket) => void): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function proxyTo(server: net.Server): Promise<{ proxy: SpdyProxy; port: number }> {
  const { port: behind } = server.address() as AddressInfo;
  const proxy = createProxy({ backs: [`http://127.0.0.1:${behind}`] });
  const { key, cert } = sharedCertificate();
  const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', key, cert });
  return { proxy, port };
}

describe('tools/proxy/back/http1-back: a body that the end of the connection ends', () => {
  for (const front of FRONTS) {
    it(`is whole when the connection was closed (${front})`, async () => {
      const server = await serve((socket) => socket.end(`${HEAD}all of it`));
      const { proxy, port } = await proxyTo(server);
      const client = clientOf(front, port);
      const { body, whole } = await client.ask({ path: '/' });
      expect(body.toString()).to.equal('all of it');
      expect(whole).to.equal(true);
      await client.close();
      proxy.destroy();
      server.close();
    });

    it(`is cut off when it was reset, also behind data (${front})`, async () => {
      const server = await serve((socket) => {
        socket.write(`${HEAD}a part of it`, () => socket.resetAndDestroy());
      });
      const { proxy, port } = await proxyTo(server);
      const client = clientOf(front, port);
      const answered = await client.ask({ path: '/' });
      // The reset may have come before the head could be read.
      if (answered.status === 200) expect(answered.whole).to.equal(false);
      else expect(answered.status).to.equal(502);
      await client.close();
      proxy.destroy();
      server.close();
    });
  }
});
