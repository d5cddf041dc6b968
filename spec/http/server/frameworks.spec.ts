import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import type { SpdyRequestListener } from '../../../lib/http/server/events.ts';
import { createServer } from '../../../lib/http/server/server.ts';
import { ask, head, type Served, serve, WAYS } from '../support/http-support.ts';

// biome-ignore lint/suspicious/noExplicitAny: the frameworks come without types
type Untyped = any;

const require = createRequire(import.meta.url);
const FILE = Buffer.alloc(200_000, 'static file ');

/** An application with the same routes in each framework. */
type Application = (folder: string) => Promise<SpdyRequestListener>;

function express(name: string): Application {
  return async (folder) => {
    const create = require(name) as Untyped;
    const app = create();
    app.use(create.json());
    app.use('/static', create.static(folder));
    app.get('/hello', (request: Untyped, response: Untyped) => {
      response.cookie('a', '1').cookie('b', '2');
      response.set('x-seen', `${request.protocol} ${request.hostname} ${request.ip}`);
      response.send('hello');
    });
    app.post('/json', (request: Untyped, response: Untyped) => response.json(request.body));
    app.get('/stream', (_request: Untyped, response: Untyped) => {
      Readable.from(pieces()).pipe(response);
    });
    app.get('/fail', () => {
      throw Object.assign(new Error('no'), { status: 418 });
    });
    app.use((error: Untyped, _request: Untyped, response: Untyped, _next: Untyped) => {
      response.status(error.status).send(error.message);
    });
    return app;
  };
}

const koa: Application = async (folder) => {
  const Koa = require('koa') as Untyped;
  const { createReadStream } = await import('node:fs');
  const app = new Koa();
  app.silent = true;
  app.use(async (context: Untyped) => {
    switch (context.path) {
      case '/hello':
        context.append('set-cookie', 'a=1');
        context.append('set-cookie', 'b=2');
        context.set('x-seen', `${context.protocol} ${context.hostname} ${context.ip}`);
        context.body = 'hello';
        break;
      case '/json': {
        const chunks: Buffer[] = [];
        for await (const chunk of context.req) chunks.push(chunk as Buffer);
        context.body = JSON.parse(Buffer.concat(chunks).toString()) as unknown;
        break;
      }
      case '/stream':
        context.body = Readable.from(pieces());
        break;
      case '/static/file.txt':
      case '/static/large.bin':
        context.body = createReadStream(join(folder, context.path.slice('/static/'.length)));
        break;
      case '/fail':
        context.throw(418, 'no');
    }
  });
  return app.callback() as SpdyRequestListener;
};

const fastify: Application = async (folder) => {
  const { default: create } = (await import('fastify' as string)) as Untyped;
  const { createReadStream } = await import('node:fs');
  let handler: SpdyRequestListener | null = null;
  const app = create({
    serverFactory: (given: SpdyRequestListener) => {
      handler = given;
      return createServer({ tls: false }, given);
    },
  });
  app.get('/hello', async (request: Untyped, reply: Untyped) => {
    reply.header('set-cookie', ['a=1', 'b=2']);
    reply.header('x-seen', `${request.protocol} ${request.hostname} ${request.ip}`);
    return 'hello';
  });
  app.post('/json', async (request: Untyped) => request.body as unknown);
  app.get('/stream', (_request: Untyped, reply: Untyped) => reply.send(Readable.from(pieces())));
  app.get('/static/:name', (request: Untyped, reply: Untyped) =>
    reply.send(createReadStream(join(folder, request.params.name))),
  );
  app.get('/fail', async () => {
    throw Object.assign(new Error('no'), { statusCode: 418 });
  });
  await app.ready();
  return handler as unknown as SpdyRequestListener;
};

function* pieces(): Generator<string> {
  for (let i = 0; i < 100; i++) yield `piece ${i};`.repeat(100);
}

const APPLICATIONS: readonly (readonly [string, Application])[] = [
  ['Express 4', express('express4')],
  ['Express 5', express('express5')],
  ['Koa', koa],
  ['Fastify', fastify],
];

/** Files that this process has open, where the system tells. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

describe('web frameworks on a SPDY server, unmodified', () => {
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'spdy-frameworks-'));
    writeFileSync(join(folder, 'file.txt'), FILE);
    writeFileSync(join(folder, 'large.bin'), Buffer.alloc(8_000_000));
  });

  after(() => rmSync(folder, { recursive: true }));

  for (const [name, application] of APPLICATIONS) {
    describe(name, () => {
      let listener: SpdyRequestListener;

      before(async () => {
        listener = await application(folder);
      });

      for (const way of WAYS) {
        describe(way.title, () => {
          let served: Served;

          before(async () => {
            served = await serve(way, listener);
          });

          after(() => served.end());

          it('answers with headers and cookies', async () => {
            const { status, body, headers, pairs } = await ask(served.session, '/hello');
            expect(status).to.equal('200 OK');
            expect(body.toString()).to.equal('hello');
            expect(headers['content-length']).to.equal('5');
            expect(headers['x-seen']).to.match(/^https? example\.com(:8443)? 127\.0\.0\.1$/);
            const cookies = pairs.filter(([field]) => field === 'set-cookie');
            expect(cookies.map(([, value]) => value.slice(0, 3))).to.deep.equal(['a=1', 'b=2']);
          });

          it('reads a JSON body, with content-length or without', async () => {
            const sent = { list: Array.from({ length: 5000 }, (_, i) => i) };
            const body = JSON.stringify(sent);
            const type = { 'content-type': 'application/json' };
            for (const headers of [type, { ...type, 'content-length': String(body.length) }]) {
              const reply = await ask(served.session, '/json', { body, headers });
              expect(JSON.parse(reply.body.toString())).to.deep.equal(sent);
            }
          });

          it('streams', async () => {
            const { body } = await ask(served.session, '/stream');
            expect(body.toString()).to.equal([...pieces()].join(''));
          });

          it('sends static files', async () => {
            const { status, body } = await ask(served.session, '/static/file.txt');
            expect(status).to.equal('200 OK');
            expect(body.equals(FILE)).to.equal(true);
          });

          // Linux tells which files a process has open.
          if (process.platform === 'linux')
            it('closes a file whose client has gone', async () => {
              const path = join(folder, 'large.bin');
              const stream = served.session.request(head('/static/large.bin'), { endStream: true });
              await once(stream, 'data');
              expect(openFiles()).to.include(path);
              stream.close();
              while (openFiles().includes(path)) await setTimeout(5);
            });

          it('answers for errors', async () => {
            const { status, body } = await ask(served.session, '/fail');
            expect(status).to.match(/^418/);
            expect(body.toString()).to.include('no');
          });
        });
      }
    });
  }
});
