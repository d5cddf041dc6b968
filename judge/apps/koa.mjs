import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { bodyParser } from '@koa/bodyparser';
import multer from '@koa/multer';
import Router from '@koa/router';
import Koa from 'koa';
import compress from 'koa-compress';
import send from 'koa-send';
import session from 'koa-session';
import { FOLDER } from '../support/files.mjs';
import { watch } from '../support/log.mjs';
import { broken, endless, LONG, pieces, sha256, slowly } from './bodies.mjs';

/** Koa 3, with the middleware that most people put around it. */
export async function start(createServer, { log, trustProxy }) {
  const app = new Koa({ proxy: trustProxy, keys: ['secret'] });
  // Also told of connections that break: by HTTP/1.1 with the codes of sockets, by SPDY a stream that is reset is none.
  app.on('error', () => {});
  const router = new Router();

  app.use(async (context, next) => {
    try {
      await next();
      if (context.fresh) context.status = 304;
    } catch (error) {
      context.status = error.status ?? 500;
      context.body = { error: context.status < 500 ? error.message : 'failed' };
    }
  });
  const compressing = compress({ threshold: 100, br: {} });
  app.use((context, next) =>
    context.path.startsWith('/compressed') ? compressing(context, next) : next(),
  );
  router.get('/compressed/long', (context) => {
    context.body = LONG;
  });
  router.get('/compressed/short', (context) => {
    context.body = 'short';
  });
  router.get('/compressed/stream', (context) => {
    context.type = 'text';
    context.body = pieces();
  });

  router.get('/', (context) => {
    context.body = 'home';
  });
  router.get('/users/:name', (context) => {
    context.body = `user ${context.params.name}`;
  });
  router.get('/search', (context) => {
    context.body = context.query;
  });
  router.get('/files/*rest', (context) => {
    context.body = context.params.rest.split('/').join('|');
  });
  router.register('/items/:id', ['put', 'patch', 'delete', 'post'], (context) => {
    context.body = `${context.method} ${context.params.id}`;
  });
  router.get('/none', (context) => {
    context.status = 204;
  });
  router.get('/echo-headers', (context) => {
    context.vary('x-a');
    context.body = { a: context.headers['x-a'], agent: context.get('user-agent') };
  });
  router.get('/negotiate', (context) => {
    const type = context.accepts('text', 'json');
    if (type === false) context.throw(406, 'nothing of that kind');
    context.body = type === 'json' ? { json: true } : 'plain';
  });

  router.get('/redirect/found', (context) => context.redirect('/users/new'));
  router.get('/redirect/moved', (context) => {
    context.status = 301;
    context.redirect('/search?q=1');
  });
  router.get('/redirect/relative', (context) => context.redirect('../users/up'));
  router.get('/redirect/loop', (context) => context.redirect('/redirect/loop'));
  router.register('/redirect/kept', ['get', 'post'], (context) => {
    context.status = 307;
    context.redirect('/json');
  });
  router.post('/redirect/other', (context) => {
    context.status = 303;
    context.redirect('/users/seen');
  });
  router.get('/redirect/absolute', (context) =>
    context.redirect(`${context.protocol}://${context.host}/users/absolute`),
  );

  router.get('/cookies/set', (context) => {
    context.cookies.set('plain', 'a%20b%3Bc', { path: '/', httpOnly: false });
    context.cookies.set('strict', '1', { sameSite: 'strict' });
    context.cookies.set('signed', 'x', { signed: true });
    context.body = 'set';
  });
  router.get('/cookies/read', (context) => {
    const of = (name, options) => context.cookies.get(name, options);
    context.body = {
      plain: of('plain', { signed: false }),
      signed: of('signed', { signed: true }),
    };
  });
  router.get('/cookies/clear', (context) => {
    context.cookies.set('plain', null);
    context.body = 'cleared';
  });
  const sessions = session({ key: 'koa.sess', maxAge: 'session', secure: false }, app);
  app.use((context, next) =>
    context.path.startsWith('/session') ? sessions(context, next) : next(),
  );
  router.get('/session/count', (context) => {
    context.session.count = (context.session.count ?? 0) + 1;
    context.body = { count: context.session.count, secure: context.secure };
  });

  router.get('/page', (context) => {
    context.body = 'a page with an etag';
    context.etag = 'page-1';
  });
  const sendFile = (context, name) => send(context, name, { root: FOLDER });
  router.get('/static/*name', (context) => sendFile(context, context.params.name));
  router.get('/send/:name', async (context) => {
    context.res.on('close', () =>
      log.add(context.res.writableFinished ? 'file sent' : 'file not sent'),
    );
    await sendFile(context, context.params.name);
  });
  router.get('/download', (context) => {
    context.attachment('größe 5 €.txt');
    context.body = createReadStream(`${FOLDER}/text.txt`);
  });
  router.get('/attachment', (context) => {
    context.attachment('a "b".txt');
    context.body = 'attached';
  });

  router.get('/stream', (context) => {
    context.type = 'text';
    context.body = pieces();
  });
  router.get('/slowly', (context) => {
    watch(log, context.req, context.res);
    context.type = 'text';
    context.body = slowly(log);
  });
  router.get('/file-stream', (context) => {
    context.body = createReadStream(`${FOLDER}/large.bin`);
  });
  router.get('/endless', (context) => {
    watch(log, context.req, context.res);
    context.body = endless().once('close', () => log.add('body closed'));
  });
  router.get('/never', async (context) => {
    watch(log, context.req, context.res);
    log.add('asked');
    await once(context.res, 'close');
  });
  router.get('/sse', (context) => {
    watch(log, context.req, context.res);
    context.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const events = new PassThrough();
    context.body = events;
    context.flushHeaders();
    const stay = context.query.stay !== undefined;
    void (async () => {
      for (let i = 1; i <= 3; i++) {
        await log.seen(`event ${i}`);
        events.write(`id: ${i}\ndata: event ${i}\n\n`);
      }
      if (!stay) events.end();
    })();
  });
  router.get('/trailers', (context) => {
    context.respond = false;
    context.res.writeHead(200, { trailer: 'x-sum' });
    context.res.write('body');
    context.res.addTrailers({ 'x-sum': '42' });
    context.res.end();
  });

  router.get('/error/thrown', (context) => context.throw(418, 'short and stout'));
  router.get('/error/rejected', async () => {
    throw new Error('a secret');
  });
  router.get('/error/late', (context) => {
    context.type = 'text';
    context.body = broken();
  });
  router.get('/error/destroy', async (context) => {
    watch(log, context.req, context.res);
    context.req.socket.destroy();
    await once(context.res, 'close');
  });

  const parse = bodyParser({ enableTypes: ['json', 'form'], jsonLimit: '64kb' });
  router.post('/json', parse, (context) => {
    context.body = context.request.body ?? {};
  });
  router.post('/form', parse, (context) => {
    context.body = context.request.body;
  });
  router.post('/raw', async (context) => {
    const chunks = [];
    for await (const chunk of context.req) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    context.body = { length: body.length, hash: sha256(body) };
  });
  router.post('/upload', multer().any(), (context) => {
    context.body = {
      fields: { ...context.request.body },
      files: context.files.map((file) => [file.fieldname, file.originalname, sha256(file.buffer)]),
    };
  });
  router.post('/swallow', async (context) => {
    const { req, res } = context;
    watch(log, req, res);
    req.once('data', () => log.add('data'));
    req.once('error', (error) => log.add(`request ${error.code}`));
    req.resume();
    await Promise.race([once(req, 'end'), once(req, 'close')]);
    context.body = 'swallowed';
  });
  router.post('/unread', (context) => {
    context.status = 403;
    context.body = 'not read';
  });
  router.post('/echo', (context) => {
    context.body = context.req;
    if (context.get('content-type') !== '') context.type = context.get('content-type');
  });

  router.get('/client', (context) => {
    const { ip, ips, protocol, secure, hostname } = context;
    context.body = { ip, ips, protocol, secure, hostname };
  });
  app.use(router.routes()).use(router.allowedMethods());

  const server = createServer(app.callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
