import { once } from 'node:events';
import http from 'node:http';
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

describe('tools/proxy/back/http1-back: a head of an answer', () => {
  async function answerOf(front: (typeof FRONTS)[number], text: string) {
    const server = await serve((socket) => socket.end(text));
    const { proxy, port } = await proxyTo(server);
    const client = clientOf(front, port);
    const answer = await client.ask({ path: '/' });
    await client.close();
    proxy.destroy();
    server.close();
    return answer;
  }

  for (const front of FRONTS) {
    it(`is 502 with a status or a coding that no client can be told (${front})`, async () => {
      const heads = [
        'HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n',
        'HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
        'HTTP/1.1 101 OK\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n',
      ];
      for (const head of heads) expect((await answerOf(front, head)).status).to.equal(502);
    });

    it(`goes on without a text that has control characters (${front})`, async () => {
      const head = 'HTTP/1.1 200 a\x01b\r\nContent-Length: 2\r\n\r\nhi';
      const { status, body } = await answerOf(front, head);
      expect([status, body.toString()]).to.deep.equal([200, 'hi']);
    });

    it(`announces no fields behind a body of known length (${front})`, async () => {
      const head = 'HTTP/1.1 200 OK\r\nTrailer: x\r\nContent-Length: 2\r\n\r\nhi';
      const { status, headers, whole } = await answerOf(front, head);
      expect([status, whole]).to.deep.equal([200, true]);
      expect(headers).to.not.have.property('trailer');
    });

    it(`is followed by no fields that are for a head (${front})`, async () => {
      const trailers =
        'Connection: close\r\nTransfer-Encoding: chunked\r\nHost: b\r\nX-Sum: 42\r\n';
      const head = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${trailers}\r\n`;
      const answer = await answerOf(front, head);
      expect([answer.body.toString(), answer.whole]).to.deep.equal(['hi', true]);
      const names = Object.keys(answer.trailers);
      expect(names).to.include('x-sum').and.not.include.members(['connection']);
      expect(names).to.not.include.members(['host']);
    });
  }
});

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

describe('tools/proxy/back/http1-back: maxConnections', () => {
  it('is a limit for requests of all kinds together', async () => {
    let [connections, most] = [0, 0];
    const server = http.createServer((request, response) => {
      request.resume().on('end', () => setImmediate(() => response.end(request.method)));
    });
    server.on('connection', (socket) => {
      connections += 1;
      most = Math.max(most, connections);
      socket.on('close', () => {
        connections -= 1;
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port: behind } = server.address() as AddressInfo;
    const proxy = createProxy({
      backs: [{ url: `http://127.0.0.1:${behind}`, maxConnections: 1 }],
    });
    const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true });
    const ask = async (method: string): Promise<string> => {
      const url = `http://127.0.0.1:${port}/`;
      const response = await fetch(url, { method, body: method === 'POST' ? 'x' : null });
      return response.text();
    };
    const bodies = await Promise.all(['GET', 'POST', 'GET', 'POST'].map(ask));
    expect(bodies).to.deep.equal(['GET', 'POST', 'GET', 'POST']);
    expect(most).to.equal(1);
    proxy.destroy();
    server.close();
  });
});
