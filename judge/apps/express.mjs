import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import compression from 'compression';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import multer from 'multer';
import { FOLDER } from '../support/files.mjs';
import { watch } from '../support/log.mjs';
import { broken, endless, LONG, pieces, sha256, slowly } from './bodies.mjs';

/** Express 5, with the middleware that most people put around it. */
export async function start(createServer, { log, trustProxy }) {
  const app = express();
  app.set('trust proxy', trustProxy);
  app.set('env', 'test');

  const compressed = express.Router();
  compressed.use(compression({ threshold: 100 }));
  compressed.get('/long', (_request, response) => response.type('text').send(LONG));
  compressed.get('/short', (_request, response) => response.type('text').send('short'));
  compressed.get('/stream', (_request, response) => {
    response.type('text');
    pipeline(pieces(), response, () => {});
  });
  app.use('/compressed', compressed);

  app.use(cookieParser('secret'));
  app.get('/', (_request, response) => response.send('home'));
  app.get('/users/:name', (request, response) => response.send(`user ${request.params.name}`));
  app.get('/search', (request, response) => response.json(request.query));
  app.get('/files/*rest', (request, response) => response.send(request.params.rest.join('|')));
  for (const method of ['put', 'patch', 'delete', 'post']) {
    app[method]('/items/:id', (request, response) =>
      response.send(`${request.method} ${request.params.id}`),
    );
  }
  app.get('/none', (_request, response) => response.status(204).end());
  app.get('/echo-headers', (request, response) =>
    response
      .set('vary', 'x-a')
      .json({ a: request.headers['x-a'], agent: request.get('user-agent') }),
  );
  app.get('/negotiate', (_request, response) =>
    response.format({
      'text/plain': () => response.send('plain'),
      'application/json': () => response.json({ json: true }),
    }),
  );

  app.get('/redirect/found', (_request, response) => response.redirect('/users/new'));
  app.get('/redirect/moved', (_request, response) => response.redirect(301, '/search?q=1'));
  app.get('/redirect/relative', (_request, response) => response.redirect('../users/up'));
  app.get('/redirect/loop', (_request, response) => response.redirect('/redirect/loop'));
  app.get('/redirect/kept', (_request, response) => response.redirect(307, '/json'));
  app.post('/redirect/kept', (_request, response) => response.redirect(307, '/json'));
  app.post('/redirect/other', (_request, response) => response.redirect(303, '/users/seen'));
  app.get('/redirect/absolute', (request, response) =>
    response.redirect(`${request.protocol}://${request.headers.host}/users/absolute`),
  );

  app.get('/cookies/set', (_request, response) =>
    response
      .cookie('plain', 'a b;c', { path: '/' })
      .cookie('strict', '1', { httpOnly: true, sameSite: 'strict', maxAge: 0 })
      .cookie('signed', 'x', { signed: true })
      .send('set'),
  );
  app.get('/cookies/read', (request, response) =>
    response.json({ ...request.cookies, ...request.signedCookies }),
  );
  app.get('/cookies/clear', (_request, response) => response.clearCookie('plain').send('cleared'));

  app.use(
    '/session',
    session({
      secret: 'secret',
      resave: false,
      saveUninitialized: false,
      genid: () => 'the-session',
      cookie: { secure: 'auto' },
    }),
  );
  app.get('/session/count', (request, response) => {
    request.session.count = (request.session.count ?? 0) + 1;
    response.json({ count: request.session.count, secure: request.secure });
  });

  app.get('/page', (_request, response) => response.send('a page with an etag'));
  app.use('/static', express.static(FOLDER));
  app.get('/send/:name', (request, response, next) =>
    response.sendFile(request.params.name, { root: FOLDER }, (error) => {
      if (error !== undefined) log.add(`sendFile ${error.code}`);
      log.add(error === undefined ? 'file sent' : 'file not sent');
      if (error !== undefined && !response.headersSent) next(error);
    }),
  );
  app.get('/download', (_request, response) =>
    response.download(`${FOLDER}/text.txt`, 'größe 5 €.txt'),
  );
  app.get('/attachment', (_request, response) => response.attachment('a "b".txt').send('attached'));

  app.get('/stream', (_request, response) => {
    response.type('text');
    pipeline(pieces(), response, () => {});
  });
  app.get('/slowly', (request, response) => {
    watch(log, request, response);
    response.type('text');
    pipeline(slowly(log), response, () => {});
  });
  app.get('/file-stream', (_request, response) =>
    createReadStream(`${FOLDER}/large.bin`).pipe(response),
  );
  app.get('/endless', (request, response) => {
    watch(log, request, response);
    pipeline(endless(), response, (error) => log.add(`pipeline ${error.code}`));
  });
  app.get('/never', (request, response) => {
    watch(log, request, response);
    log.add('asked');
  });
  app.get('/sse', async (request, response) => {
    watch(log, request, response);
    response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    for (let i = 1; i <= 3; i++) {
      await log.seen(`event ${i}`);
      response.write(`id: ${i}\ndata: event ${i}\n\n`);
    }
    if (request.query.stay === undefined) response.end();
  });
  app.get('/trailers', (_request, response) => {
    response.writeHead(200, { trailer: 'x-sum' });
    response.write('body');
    response.addTrailers({ 'x-sum': '42' });
    response.end();
  });

  app.get('/error/thrown', () => {
    throw Object.assign(new Error('short and stout'), { status: 418 });
  });
  app.get('/error/rejected', async () => {
    throw new Error('a secret');
  });
  app.get('/error/late', (_request, response) => {
    response.type('text');
    pipeline(broken(), response, (error) => log.add(`pipeline: ${error.message}`));
  });
  app.get('/error/destroy', (request, response) => {
    watch(log, request, response);
    request.socket.destroy();
  });

  app.post('/json', express.json({ limit: '64kb' }), (request, response) =>
    response.json(request.body),
  );
  app.post('/form', express.urlencoded({ extended: false }), (request, response) =>
    response.json(request.body),
  );
  app.post('/raw', express.raw({ type: '*/*', limit: '4mb' }), (request, response) =>
    response.json({ length: request.body?.length ?? 0, hash: sha256(request.body ?? '') }),
  );
  app.post('/upload', multer().any(), (request, response) =>
    response.json({
      fields: { ...request.body },
      files: request.files.map((file) => [file.fieldname, file.originalname, sha256(file.buffer)]),
    }),
  );
  app.post('/swallow', (request, response) => {
    watch(log, request, response);
    request.once('data', () => log.add('data'));
    request.resume();
    request.once('end', () => response.send('swallowed'));
    request.once('error', (error) => log.add(`request ${error.code}`));
  });
  app.post('/unread', (_request, response) => response.status(403).send('not read'));
  app.post('/echo', (request, response) => request.pipe(response));

  app.get('/client', (request, response) =>
    response.json({
      ip: request.ip,
      ips: request.ips,
      protocol: request.protocol,
      secure: request.secure,
      hostname: request.hostname,
    }),
  );
  app.use((error, _request, response, _next) => {
    const status = error.status ?? 500;
    response.status(status).json({ error: status < 500 ? error.message : 'failed' });
  });

  const server = createServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
