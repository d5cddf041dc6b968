import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import session from '@fastify/session';
import statics from '@fastify/static';
import fastify from 'fastify';
import { FOLDER } from '../support/files.mjs';
import { watch } from '../support/log.mjs';
import { broken, endless, LONG, pieces, sha256, slowly } from './bodies.mjs';

/** Fastify 5, with the plugins that most people put around it. */
export async function start(createServer, { log, trustProxy }) {
  let server = null;
  const app = fastify({
    trustProxy,
    bodyLimit: 64 * 1024,
    forceCloseConnections: true,
    serverFactory: (handler) => {
      server = createServer(handler);
      return server;
    },
  });
  const text = (reply) => reply.type('text/plain; charset=utf-8');

  await app.register(cookie, { secret: 'secret' });
  await app.register(formbody);
  await app.register(multipart, { limits: { fileSize: 4 << 20 } });
  await app.register(statics, { root: FOLDER, prefix: '/static/', acceptRanges: true });
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) =>
    done(null, payload),
  );
  app.setErrorHandler((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    return reply.code(status).send({ error: status < 500 ? error.message : 'failed' });
  });
  app.register(
    (compressed, _options, done) => {
      compressed.register(compress, { threshold: 100 }).after(() => {
        compressed.get('/long', (_request, reply) => text(reply).send(LONG));
        compressed.get('/short', (_request, reply) => text(reply).send('short'));
        compressed.get('/stream', (_request, reply) => text(reply).send(pieces()));
      });
      done();
    },
    { prefix: '/compressed' },
  );

  app.get('/', async () => 'home');
  app.get('/users/:name', async (request) => `user ${request.params.name}`);
  app.get('/search', async (request) => request.query);
  app.get('/files/*', async (request) => request.params['*'].split('/').join('|'));
  app.route({
    method: ['PUT', 'PATCH', 'DELETE', 'POST'],
    url: '/items/:id',
    handler: async (request) => `${request.method} ${request.params.id}`,
  });
  app.get('/none', (_request, reply) => reply.code(204).send());
  app.get('/echo-headers', async (request, reply) => {
    reply.header('vary', 'x-a');
    return { a: request.headers['x-a'], agent: request.headers['user-agent'] };
  });
  app.get('/negotiate', async (request, reply) => {
    const { accept } = request.headers;
    if (accept === 'image/png') return reply.code(406).send({ error: 'nothing of that kind' });
    return accept === 'application/json' ? { json: true } : 'plain';
  });

  app.get('/redirect/found', (_request, reply) => reply.redirect('/users/new'));
  app.get('/redirect/moved', (_request, reply) => reply.redirect('/search?q=1', 301));
  app.get('/redirect/relative', (_request, reply) => reply.redirect('../users/up'));
  app.get('/redirect/loop', (_request, reply) => reply.redirect('/redirect/loop'));
  app.get('/redirect/kept', (_request, reply) => reply.redirect('/json', 307));
  app.post('/redirect/kept', (_request, reply) => reply.redirect('/json', 307));
  app.post('/redirect/other', (_request, reply) => reply.redirect('/users/seen', 303));
  app.get('/redirect/absolute', (request, reply) =>
    reply.redirect(`${request.protocol}://${request.host}/users/absolute`),
  );

  app.get('/cookies/set', (_request, reply) =>
    reply
      .setCookie('plain', 'a b;c', { path: '/' })
      .setCookie('strict', '1', { httpOnly: true, sameSite: 'strict', maxAge: 0 })
      .setCookie('signed', 'x', { signed: true, path: '/' })
      .send('set'),
  );
  app.get('/cookies/read', async (request) => {
    const { signed, plain } = request.cookies;
    return { plain, signed: signed === undefined ? undefined : request.unsignCookie(signed).value };
  });
  app.get('/cookies/clear', (_request, reply) => reply.clearCookie('plain').send('cleared'));
  app.register((visits, _options, done) => {
    visits.register(session, {
      secret: 'a secret that is longer than thirty-two characters',
      idGenerator: () => 'the-session',
      saveUninitialized: false,
      cookie: { secure: 'auto' },
    });
    visits.get('/session/count', async (request) => {
      request.session.count = (request.session.count ?? 0) + 1;
      return { count: request.session.count, secure: request.protocol === 'https' };
    });
    done();
  });

  app.get('/page', async (request, reply) => {
    reply.header('etag', '"page-1"');
    if (request.headers['if-none-match'] === '"page-1"') return reply.code(304).send();
    return 'a page with an etag';
  });
  app.get('/send/:name', (request, reply) => {
    reply.raw.on('close', () =>
      log.add(reply.raw.writableFinished ? 'file sent' : 'file not sent'),
    );
    return reply.sendFile(request.params.name);
  });
  app.get('/download', (_request, reply) =>
    reply.download('text.txt', 'größe 5 €.txt', { root: FOLDER }),
  );
  app.get('/attachment', (_request, reply) =>
    reply.header('content-disposition', 'attachment; filename="a \\"b\\".txt"').send('attached'),
  );

  app.get('/stream', (_request, reply) => text(reply).send(pieces()));
  app.get('/slowly', (request, reply) => {
    watch(log, request.raw, reply.raw);
    return text(reply).send(slowly(log));
  });
  app.get('/file-stream', (_request, reply) => reply.send(createReadStream(`${FOLDER}/large.bin`)));
  app.get('/endless', (request, reply) => {
    watch(log, request.raw, reply.raw);
    return reply.send(endless().once('close', () => log.add('body closed')));
  });
  app.get('/never', (request, reply) => {
    watch(log, request.raw, reply.raw);
    log.add('asked');
  });
  app.get('/sse', (request, reply) => {
    watch(log, request.raw, reply.raw);
    const events = new PassThrough();
    reply
      .headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      .send(events);
    reply.raw.flushHeaders();
    const stay = request.query.stay !== undefined;
    void (async () => {
      for (let i = 1; i <= 3; i++) {
        await log.seen(`event ${i}`);
        events.write(`id: ${i}\ndata: event ${i}\n\n`);
      }
      if (!stay) events.end();
    })();
  });
  app.get('/trailers', (_request, reply) => {
    reply.trailer('x-sum', async () => '42');
    return text(reply).send('body');
  });

  app.get('/error/thrown', () => {
    throw Object.assign(new Error('short and stout'), { statusCode: 418 });
  });
  app.get('/error/rejected', async () => {
    throw new Error('a secret');
  });
  app.get('/error/late', (_request, reply) => text(reply).send(broken()));
  app.get('/error/destroy', (request, reply) => {
    watch(log, request.raw, reply.raw);
    request.raw.socket.destroy();
  });

  app.post('/json', async (request) => request.body);
  app.post('/form', async (request) => request.body);
  app.post('/raw', async (request) => {
    const chunks = [];
    for await (const chunk of request.raw) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    return { length: body.length, hash: sha256(body) };
  });
  app.post('/upload', { bodyLimit: 4 << 20 }, async (request) => {
    const fields = {};
    const files = [];
    for await (const part of request.parts()) {
      if (part.type === 'field') fields[part.fieldname] = part.value;
      else files.push([part.fieldname, part.filename, sha256(await part.toBuffer())]);
    }
    return { fields, files };
  });
  app.post('/swallow', (request, reply) => {
    const { raw } = request;
    watch(log, raw, reply.raw);
    raw.once('data', () => log.add('data'));
    raw.once('end', () => reply.send('swallowed'));
    raw.once('error', (error) => log.add(`request ${error.code}`));
    raw.resume();
  });
  app.post('/unread', (_request, reply) => reply.code(403).send('not read'));
  app.post('/echo', (request, reply) => reply.send(request.raw));

  app.get('/client', async ({ ip, ips, protocol, hostname }) => ({
    ip,
    ips: ips ?? null,
    protocol,
    secure: protocol === 'https',
    hostname,
  }));

  await app.listen({ port: 0, host: '127.0.0.1' });
  return server;
}
