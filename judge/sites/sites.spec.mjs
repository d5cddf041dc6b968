// Next's and SvelteKit's servers for Node, as handlers: what the sites that they build answer over SPDY is what they answer over HTTP/1.1.
// npm run judge:sites installs and builds them first.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import next from 'next';
import { Client } from '../support/client.mjs';
import { originOf, shut, TRUTHS } from '../support/ways.mjs';

const HANDLERS = {
  Next: async () => {
    const dir = fileURLToPath(new URL('next', import.meta.url));
    const app = next({ dev: false, quiet: true, dir });
    await app.prepare();
    return app.getRequestHandler();
  },
  SvelteKit: async () => (await import('./sveltekit/build/handler.js')).handler,
};

const CASES = {
  'a page': [200, (client) => client.get('/')],
  'a page, compressed': [200, (client) => client.get('/', { 'accept-encoding': 'gzip' })],
  'HEAD of a page': [200, (client) => client.ask('HEAD', '/')],
  'a page that has not changed': [
    304,
    async (client) => {
      const { headers } = await client.get('/');
      return client.get('/', { 'if-none-match': headers.etag });
    },
  ],
  'a body that is echoed': [
    200,
    (client) =>
      client.ask('POST', '/echo', {
        headers: { 'content-type': 'application/json', 'x-own': 'mine' },
        body: { text: 'x'.repeat(200_000) },
      }),
  ],
  'a body in pieces, with a cookie': [200, (client) => client.get('/pieces')],
  'a redirection': [307, (client) => client.get('/moved')],
  'a file': [200, (client) => client.get('/text.txt')],
  'what is not there': [404, (client) => client.get('/nothing')],
  'a method that is not': [405, (client) => client.ask('PUT', '/echo')],
};

for (const [name, handlerOf] of Object.entries(HANDLERS)) {
  describe(name, () => {
    let handler;
    const truths = new Map();

    before(async () => {
      handler = await handlerOf();
    });

    async function answerTo(way, ask) {
      const server = way.createServer(handler);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = new Client(way, originOf(way, server));
      try {
        return await ask(client);
      } finally {
        client.end();
        await shut(server);
      }
    }

    for (const { truth, others } of TRUTHS) {
      for (const [title, [status, ask]] of Object.entries(CASES)) {
        it(`${title}, ${truth.title}`, async () => {
          const answer = await answerTo(truth, ask);
          expect(answer.status).to.equal(status);
          truths.set(`${truth.title} ${title}`, answer);
        });
        for (const way of others) {
          it(`${title}, ${way.title}`, async () => {
            expect(await answerTo(way, ask)).to.deep.equal(truths.get(`${truth.title} ${title}`));
          });
        }
      }
    }
  });
}
