// http-proxy: behind it a server, in front of it clients; either may speak SPDY.
import { once } from 'node:events';
import { expect } from 'chai';
import httpProxy from 'http-proxy';
import { Client, drain } from './support/client.mjs';
import { LARGE } from './support/files.mjs';
import { originOf, shut, TRUTHS } from './support/ways.mjs';

const [{ truth, others }] = TRUTHS;

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

for (const way of [truth, ...others]) {
  describe(`http-proxy in front of HTTP/1.1, ${way.title}`, () => {
    const proxy = httpProxy.createProxyServer({ xfwd: true });
    let target;
    let server;
    let client;

    before(async () => {
      target = await listening(
        truth.createServer((request, response) => {
          if (request.url === '/large') response.end(LARGE);
          else if (request.url === '/echo') request.pipe(response);
          else if (request.url === '/headers') {
            const {
              host,
              'x-forwarded-proto': proto,
              'x-forwarded-for': address,
            } = request.headers;
            response.setHeader('set-cookie', ['a=1', 'b=2']);
            response.end(
              JSON.stringify({ method: request.method, proto, address, host: host !== '' }),
            );
          } else request.socket.destroy();
        }),
      );
      proxy.on('error', (error, _request, response) => {
        response.writeHead(502).end(error.code);
      });
      server = await listening(
        way.createServer((request, response) =>
          proxy.web(request, response, { target: originOf(truth, target) }),
        ),
      );
      client = new Client(way, originOf(way, server));
    });

    after(async () => {
      client.end();
      await shut(server);
      await shut(target);
    });

    it('fields, cookies and what the proxy adds', async () => {
      const { status, body, headers } = await client.get('/headers');
      expect(status).to.equal(200);
      expect(headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
      expect(JSON.parse(body)).to.deep.equal({
        method: 'GET',
        proto: 'http',
        address: '127.0.0.1',
        host: true,
      });
    });

    it('a large body down', async () => {
      expect((await client.get('/large')).length).to.equal(LARGE.length);
    });

    it('a large body up and down', async () => {
      const answer = await client.ask('POST', '/echo', {
        body: LARGE,
        headers: { 'content-type': 'application/octet-stream' },
      });
      expect(answer.length).to.equal(LARGE.length);
    });

    it('a body whose length is not told', async () => {
      const request = client.request('/echo', { method: 'POST' });
      const answered = once(request, 'response');
      request.write('one ');
      request.end('two');
      const [response] = await answered;
      expect((await drain(response)).body).to.equal('one two');
    });

    it('a target that breaks off is a bad gateway', async () => {
      const { status, body } = await client.get('/broken');
      expect([status, body]).to.deep.equal([502, 'ECONNRESET']);
    });
  });
}
