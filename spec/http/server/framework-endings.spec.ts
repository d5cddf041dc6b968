import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { expect } from 'chai';
import type { SpdyRequestListener } from '../../../lib/http/server/events.ts';
import { createServer } from '../../../lib/http/server/server.ts';
import { settle } from '../../support/session-pair.ts';
import { byHttp1, bySpdy, type Call, type Cut, type Judge } from '../support/exchange-table.ts';

// biome-ignore lint/suspicious/noExplicitAny: the frameworks come without types
type Untyped = any;

/** Writes down what an application hears. */
type Hear = (what: string) => void;

/** An application with the same routes in each framework. */
type Application = (file: string, hear: Hear) => Promise<SpdyRequestListener>;

const require = createRequire(import.meta.url);

/** Bytes without end. */
async function* endless(hear: Hear): AsyncGenerator<Buffer> {
  hear('source opened');
  try {
    for (;;) {
      yield Buffer.alloc(16384);
      await new Promise((next) => setImmediate(next));
    }
  } finally {
    hear('source closed');
  }
}

function express(name: string): Application {
  return async (file, hear) => {
    const create = require(name) as Untyped;
    const app = create();
    app.use(create.json());
    app.get('/wait', () => hear('begun'));
    app.get('/stream', (_request: Untyped, response: Untyped) => {
      pipeline(Readable.from(endless(hear)), response, (error: NodeJS.ErrnoException | null) =>
        hear(`pipeline ${error?.code}`),
      );
      response.on('close', () => hear(`closed, ended ${response.writableEnded}`));
    });
    app.get('/file', (_request: Untyped, response: Untyped) => {
      hear('source opened');
      response.sendFile(file, (error: NodeJS.ErrnoException) => {
        hear(`file ${error?.code}`);
        hear('source closed');
      });
    });
    app.post('/upload', (_request: Untyped, response: Untyped) => response.json({}));
    app.use((error: Untyped, _request: Untyped, _response: Untyped, _next: Untyped) => {
      hear(`error ${error.type ?? error.code}`);
    });
    return app;
  };
}

const koa: Application = async (file, hear) => {
  const Koa = require('koa') as Untyped;
  const { createReadStream } = await import('node:fs');
  const app = new Koa();
  app.on('error', (error: NodeJS.ErrnoException) => hear(`error ${error.code}`));
  app.use(async (context: Untyped) => {
    if (context.path === '/wait') {
      hear('begun');
      context.respond = false;
    } else if (context.path === '/stream') {
      context.body = Readable.from(endless(hear));
    } else if (context.path === '/file') {
      hear('source opened');
      context.body = createReadStream(file).on('close', () => hear('source closed'));
    } else {
      for await (const _ of context.req) hear('begun');
    }
  });
  return app.callback() as SpdyRequestListener;
};

const fastify: Application = async (file, hear) => {
  const { default: create } = (await import('fastify' as string)) as Untyped;
  const { createReadStream } = await import('node:fs');
  let handler: SpdyRequestListener | null = null;
  const app = create({
    serverFactory: (given: SpdyRequestListener) => {
      handler = given;
      return createServer({ tls: false }, given);
    },
  });
  app.addHook('onRequestAbort', async (_request: Untyped) => hear('onRequestAbort'));
  app.addHook('onError', (_request: Untyped, _reply: Untyped, error: Untyped, done: Untyped) => {
    hear(`onError ${error.code}`);
    done();
  });
  app.get('/wait', () => {
    hear('begun');
    return new Promise(() => {});
  });
  app.get('/stream', (_request: Untyped, reply: Untyped) =>
    reply.send(Readable.from(endless(hear))),
  );
  app.get('/file', (_request: Untyped, reply: Untyped) => {
    hear('source opened');
    return reply.send(createReadStream(file).on('close', () => hear('source closed')));
  });
  app.post('/upload', async () => ({}));
  await app.ready();
  return handler as unknown as SpdyRequestListener;
};

const APPLICATIONS: Readonly<Record<string, Application>> = {
  'Express 4': express('express4'),
  'Express 5': express('express5'),
  Koa: koa,
  Fastify: fastify,
};

/**
 * What is compared of that: how TCP tells of a client that has gone depends on who was sending (HTTP/1.1 knows no other word for it), and
 * what its parser says of a request that breaks off is its own.
 */
function comparable(what: string, how: Cut): string[] {
  if (/HPE_/.test(what)) return [];
  const connection = /^error (?:ECONNRESET|EPIPE)$/.test(what);
  return connection && how === 'abort' ? [] : [connection ? 'error ECONNRESET' : what];
}

/** What a client asks for, and when it gives up. */
const ENDINGS: Readonly<Record<string, (call: Call, begun: Promise<void>, how: Cut) => unknown>> = {
  'before the head': async (call, begun, how) => {
    call.open('GET', false, '/wait');
    await begun;
    call.cut(how);
  },
  'in a stream': async (call, _begun, how) => {
    call.open('GET', false, '/stream');
    await call.data();
    call.cut(how);
  },
  'in a file': async (call, _begun, how) => {
    call.open('GET', false, '/file');
    await call.data();
    call.cut(how);
  },
  'in an upload': async (call, begun, how) => {
    call.open('POST', true, '/upload');
    call.write('{"a":');
    await begun;
    call.cut(how);
  },
};

describe('web frameworks hear of the end of a client what they hear by HTTP/1.1', () => {
  let folder = '';
  let file = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'spdy-endings-'));
    file = join(folder, 'large.bin');
    writeFileSync(file, Buffer.alloc(20_000_000));
  });

  after(() => rmSync(folder, { recursive: true }));

  /** What an application hears, in any order, until its response and its source are closed. */
  async function listenTo(
    begin: (handler: SpdyRequestListener) => Promise<Judge>,
    application: Application,
    act: (call: Call, begun: Promise<void>, how: Cut) => unknown,
    how: Cut,
  ): Promise<string[]> {
    const heard = new Set<string>();
    let begun = (): void => {};
    const hasBegun = new Promise<void>((next) => {
      begun = next;
    });
    let over = (): void => {};
    const closed = new Promise<void>((next) => {
      over = next;
    });
    // The response, and what it is made of.
    let open = 1;
    const close = (): void => {
      if (--open === 0) over();
    };
    const listener = await application(file, (what) => {
      if (what === 'begun') {
        begun();
        return;
      }
      heard.add(what);
      if (what === 'source opened') open++;
      else if (what === 'source closed') close();
    });
    const { call, end } = await begin((request, response) => {
      response.once('close', () => {
        heard.add('response closed');
        close();
      });
      listener(request, response);
      // What reads a body has no word for its beginning.
      if (request.method === 'POST') request.once('data', () => setImmediate(begun));
    });
    await act(call, hasBegun, how);
    await closed;
    await settle(50);
    await end();
    return [...heard].flatMap((what) => comparable(what, how)).sort();
  }

  for (const [name, application] of Object.entries(APPLICATIONS)) {
    for (const [title, act] of Object.entries(ENDINGS)) {
      for (const how of ['abort', 'reset'] as const) {
        it(`${name}: ${how} ${title}`, async () => {
          const expected = await listenTo(byHttp1, application, act, how);
          expect(await listenTo(bySpdy, application, act, how)).to.deep.equal(expected);
        });
      }
    }
  }
});
