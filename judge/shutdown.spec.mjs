// http-terminator, stoppable and terminus around the server: requests that are under way are answered, then all has ended.
import { fork } from 'node:child_process';
import { on, once } from 'node:events';
import { createTerminus } from '@godaddy/terminus';
import { expect } from 'chai';
import terminator from 'http-terminator';
import stoppable from 'stoppable';
import { Client, drain } from './support/client.mjs';
import { Log } from './support/log.mjs';
import { originOf, WAYS } from './support/ways.mjs';

/** What each of them is put around a server with, and what ends it then. */
const ENDERS = {
  'close()': (server) => () => new Promise((done) => server.close(done)),
  // Over SPDY it waits all of its time, for it takes only connections of Node's own servers for idle.
  'http-terminator': (server, idle) =>
    terminator.createHttpTerminator({ server, gracefulTerminationTimeout: idle ? 100 : 2000 })
      .terminate,
  stoppable: (server) => {
    stoppable(server, 5000);
    return () => new Promise((done) => server.stop(done));
  },
};

for (const way of WAYS) {
  describe(`the end of a server, ${way.title}`, () => {
    const log = new Log();
    let server;
    let client;

    beforeEach(async () => {
      log.clear();
      server = way.createServer(async (request, response) => {
        if (request.url === '/slow') {
          log.add('asked');
          await log.seen('go');
        }
        response.end(`answer to ${request.url}`);
      });
    });

    afterEach(async () => {
      client.end();
      server.closeAllConnections();
      if (server.listening) await new Promise((done) => server.close(done));
    });

    async function listen() {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      client = new Client(way, originOf(way, server));
    }

    for (const [name, around] of Object.entries(ENDERS)) {
      it(`${name}: an idle connection does not hold it up`, async () => {
        const end = around(server, true);
        await listen();
        await client.get('/');
        await end();
        expect(server.listening).to.equal(false);
      });

      it(`${name}: a request under way is answered`, async () => {
        const end = around(server, false);
        await listen();
        const request = client.request('/slow').end();
        const answered = once(request, 'response').then(([response]) => drain(response));
        await log.seen('asked');
        const ended = end();
        // `stoppable` looks a turn later at what is idle.
        await new Promise((done) => setImmediate(() => setImmediate(done)));
        log.add('go');
        const { ended: how, body } = await answered;
        expect([how, body]).to.deep.equal(['whole', 'answer to /slow']);
        await ended;
      });
    }

    // Another process has another certificate.
    if (!way.secure) {
      it('terminus: on SIGTERM a request under way is answered, and the process ends', async () => {
        const child = fork(new URL('apps/terminus.mjs', import.meta.url), [WAYS.indexOf(way)]);
        const messages = on(child, 'message', { close: ['exit'] });
        const next = async () => (await messages.next()).value?.[0];
        const exited = once(child, 'exit');
        client = new Client(way, `http://127.0.0.1:${await next()}`);
        expect((await client.get('/')).body).to.equal('quick');
        const request = client.request('/slow').end();
        const answered = once(request, 'response').then(([response]) => drain(response));
        expect(await next()).to.equal('asked');
        child.kill('SIGTERM');
        expect(await next()).to.equal('stopping');
        child.send('go');
        const { ended, body } = await answered;
        expect([ended, body]).to.deep.equal(['whole', 'slow, but whole']);
        expect([await next(), await next()]).to.deep.equal(['ended', 'done']);
        expect(await exited).to.deep.equal([0, null]);
      });
    }

    it('terminus: health checks beside the pages', async () => {
      createTerminus(server, {
        healthChecks: {
          '/health': async () => ({ up: true }),
          '/ill': async () => {
            throw Object.assign(new Error('ill'), { statusCode: 503 });
          },
        },
        logger: () => {},
      });
      await listen();
      const answers = [];
      for (const path of ['/health', '/ill', '/page']) {
        const { status, body } = await client.get(path);
        answers.push([status, body]);
      }
      expect(answers).to.deep.equal([
        [200, '{"status":"ok","info":{"up":true},"details":{"up":true}}'],
        [503, '{"status":"error"}'],
        [200, 'answer to /page'],
      ]);
    });
  });
}
