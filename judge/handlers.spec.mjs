// polka and sirv as a handler: what the servers that adapter-node of SvelteKit builds are made of.
import { once } from 'node:events';
import { expect } from 'chai';
import polka from 'polka';
import sirv from 'sirv';
import { Client } from './support/client.mjs';
import { FOLDER, MODIFIED } from './support/files.mjs';
import { originOf, shut, TRUTHS } from './support/ways.mjs';

const CASES = {
  'a page': [200, (client) => client.get('/page/one?a=b')],
  'a form': [200, (client) => client.ask('POST', '/form', { body: { name: 'x' } })],
  'a file': [200, (client) => client.get('/text.txt')],
  'a large file': [200, (client) => client.get('/large.bin')],
  'a part of a file': [206, (client) => client.get('/large.bin', { range: 'bytes=100000-299999' })],
  'what is no part of it': [416, (client) => client.get('/text.txt', { range: 'bytes=5000-' })],
  'HEAD of a file': [200, (client) => client.ask('HEAD', '/text.txt')],
  'a file that has not changed': [
    304,
    async (client) => {
      const { headers } = await client.get('/text.txt');
      return client.get('/text.txt', { 'if-none-match': headers.etag });
    },
  ],
  'the time of a file': [200, (client) => client.get('/page.html'), MODIFIED],
  'what is not there': [404, (client) => client.get('/nothing')],
};

/** A server as adapter-node makes it: files first, then pages. */
async function start(way) {
  const app = polka()
    .use(sirv(FOLDER, { etag: true }))
    .get('/page/:name', (request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<p>${request.params.name} ${request.query.a}</p>`);
    })
    .post('/form', async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      response.end(body);
    });
  const server = way.createServer(app.handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

for (const { truth, others } of TRUTHS) {
  const truths = new Map();
  for (const way of [truth, ...others]) {
    describe(`polka and sirv, ${way.title}`, () => {
      let server;
      let client;

      before(async () => {
        server = await start(way);
        client = new Client(way, originOf(way, server));
      });

      after(async () => {
        client.end();
        await shut(server);
      });

      for (const [title, [status, run, modified]] of Object.entries(CASES)) {
        it(title, async () => {
          const result = await run(client);
          expect(result.status).to.equal(status);
          if (modified !== undefined) expect(result.headers['last-modified']).to.equal(modified);
          if (way === truth) truths.set(title, result);
          else expect(result).to.deep.equal(truths.get(title));
        });
      }
    });
  }
}
