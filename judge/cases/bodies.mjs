// Streams, events, uploads, errors, and requests that are given up.
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { codeOf, drain, reader } from '../support/client.mjs';
import { LARGE, TEXT } from '../support/files.mjs';

export const streaming = {
  'a stream of many pieces': [{ status: 200 }, ({ client }) => client.get('/stream')],
  'a piece comes before the next one is written': [
    { status: 200, pieces: ['piece 1;', 'piece 2;', 'piece 3;', null] },
    async ({ client, log }) => {
      const request = client.request('/slowly').end();
      log.add('more 1');
      const [response] = await once(request, 'response');
      const next = reader(response);
      const pieces = [];
      for (let i = 1; i <= 3; i++) {
        log.add(`more ${i}`);
        pieces.push(await next());
      }
      pieces.push(await next());
      await log.seen('response closed');
      return { status: response.statusCode, pieces, log: log.entries };
    },
  ],
  'a response that nobody reads yet waits': [
    { status: 200, ended: 'whole', length: LARGE.length },
    async ({ client }) => {
      const { response } = await client.respond('/file-stream');
      // Another request goes on meanwhile.
      const other = await client.get('/');
      let length = 0;
      response.on('data', (chunk) => {
        length += chunk.length;
      });
      await once(response, 'end');
      return { status: response.statusCode, ended: 'whole', length, other };
    },
  ],
  'many requests at once': [
    {},
    ({ client }) =>
      Promise.all(
        Array.from({ length: 20 }, (_, i) => client.get(i % 2 ? '/stream' : `/users/${i}`)),
      ),
  ],
  trailers: [
    { body: 'body', trailers: { 'x-sum': '42' } },
    async ({ client }) => {
      const { response } = await client.respond('/trailers', { headers: { te: 'trailers' } });
      const { body, ended } = await drain(response);
      return {
        body,
        ended,
        trailers: { ...response.trailers },
        raw: response.rawTrailers.map((text) => text.toLowerCase()),
      };
    },
  ],
};

export const events = {
  'events come one by one': [
    {
      type: /^text\/event-stream/,
      pieces: [1, 2, 3].map((i) => `id: ${i}\ndata: event ${i}\n\n`),
      last: null,
    },
    async ({ client, log }) => {
      // The head comes before there is any event.
      const { response } = await client.respond('/sse');
      const next = reader(response);
      const pieces = [];
      for (let i = 1; i <= 3; i++) {
        log.add(`event ${i}`);
        pieces.push(await next());
      }
      return { type: response.headers['content-type'], pieces, last: await next() };
    },
  ],
  'a listener that leaves is noticed': [
    { code: 'ECONNRESET' },
    async ({ client, log }) => {
      const { request, response } = await client.respond('/sse?stay');
      log.add('event 1');
      await once(response, 'data');
      const failed = once(response, 'error');
      request.destroy();
      const [error] = await failed;
      await log.seen('response closed');
      // What waits for its turn ends as well.
      log.add('event 2');
      log.add('event 3');
      return { code: codeOf(error), log: log.entries };
    },
  ],
};

const MANY = { list: Array.from({ length: 2000 }, (_, i) => i) };
const OCTETS = { 'content-type': 'application/octet-stream' };

/** A body whose length is not told. */
async function chunked({ client }, path, pieces, headers = {}) {
  const request = client.request(path, { method: 'POST', headers });
  const answered = once(request, 'response');
  Readable.from(pieces).pipe(request);
  const [response] = await answered;
  const { body, ended } = await drain(response);
  return { status: response.statusCode, body, ended };
}

export const uploads = {
  JSON: [
    { status: 200, body: '{"a":[1,2,"ä"]}' },
    ({ client }) => client.ask('POST', '/json', { body: { a: [1, 2, 'ä'] } }),
  ],
  'JSON of several reads': [
    { status: 200, length: JSON.stringify(MANY).length },
    ({ client }) => client.ask('POST', '/json', { body: MANY }),
  ],
  'JSON in pieces, its length not told': [
    { status: 200, body: '{"a":1}' },
    (context) =>
      chunked(context, '/json', ['{"a"', ':1', '}'], { 'content-type': 'application/json' }),
  ],
  'JSON that is none': [
    { status: 400 },
    ({ client }) =>
      client.ask('POST', '/json', {
        body: '{"a":',
        headers: { 'content-type': 'application/json' },
      }),
  ],
  'a body that is too large': [
    { status: 413 },
    ({ client }) => client.ask('POST', '/json', { body: { text: 'x'.repeat(70_000) } }),
  ],
  'a type that is not taken': [
    {},
    ({ client }) =>
      client.ask('POST', '/json', { body: '<a/>', headers: { 'content-type': 'text/xml' } }),
  ],
  'a form': [
    { status: 200, body: /"name":"ä b"/ },
    ({ client }) =>
      client.ask('POST', '/form', {
        body: 'name=%C3%A4+b&n=1',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
  ],
  'POST without a body': [
    { status: 200, body: 'POST 1' },
    ({ client }) => client.ask('POST', '/items/1'),
  ],
  bytes: [
    { status: 200, body: /^\{"length":1000,/ },
    ({ client }) => client.ask('POST', '/raw', { body: TEXT, headers: OCTETS }),
  ],
  'a megabyte, its length not told': [
    { status: 200, body: /^\{"length":1048576,/ },
    (context) => {
      const pieces = Array.from({ length: 16 }, (_, i) => LARGE.subarray(i << 16, (i + 1) << 16));
      return chunked(context, '/raw', pieces, OCTETS);
    },
  ],
  'what is sent comes back while it is sent': [
    { status: 200, body: 'one two three' },
    async ({ client }) => {
      const request = client.request('/echo', { method: 'POST', headers: OCTETS });
      request.write('one ');
      const [response] = await once(request, 'response');
      request.write('two ');
      const next = reader(response);
      let body = await next();
      request.end('three');
      for (let piece = await next(); piece !== null; piece = await next()) body += piece;
      return { status: response.statusCode, body };
    },
  ],
  'fields and files of a form': [
    { status: 200, body: /"title":"a title".*"large\.bin"/ },
    ({ client }) =>
      client.ask('POST', '/upload', {
        prepare: (test) =>
          test
            .field('title', 'a title')
            .attach('file', LARGE.subarray(0, 300_000), 'large.bin')
            .attach('file', TEXT, 'text.txt'),
      }),
  ],
  'an answer without reading the body': [
    { status: 403, body: 'not read' },
    ({ client }) => client.ask('POST', '/unread', { body: TEXT, headers: OCTETS }),
  ],
  'expect: 100-continue': [
    { status: 200, body: '{"a":1}' },
    (context) =>
      chunked(context, '/json', ['{"a":1}'], {
        'content-type': 'application/json',
        expect: '100-continue',
      }),
  ],
};

export const errors = {
  'with a status of its own': [
    { status: 418, body: /short and stout/ },
    ({ client }) => client.get('/error/thrown'),
  ],
  'unexpected, and nothing of it told': [
    { status: 500, body: '{"error":"failed"}' },
    ({ client }) => client.get('/error/rejected'),
  ],
  'behind the first piece of the body: the body breaks off': [
    { status: 200, ended: 'ECONNRESET', aborted: true, complete: false },
    async ({ client }) => {
      const { response } = await client.respond('/error/late');
      return { status: response.statusCode, ...(await drain(response)) };
    },
  ],
  'a handler that destroys its socket': [
    { code: 'ECONNRESET' },
    async ({ client, log }) => {
      const [error] = await once(client.request('/error/destroy').end(), 'error');
      await log.seen('response closed');
      return { code: codeOf(error), log: log.entries };
    },
  ],
  'the next request goes on after an error': [
    { status: 200, body: 'home' },
    async ({ client }) => {
      await client.get('/error/rejected');
      return client.get('/');
    },
  ],
};

/** Waits for the head and destroys the request. */
async function giveUpReading({ client, log }, path, noted) {
  const { request, response } = await client.respond(path);
  await once(response, 'data');
  const failed = once(response, 'error');
  request.destroy();
  const [error] = await failed;
  await log.seen(noted);
  return { code: codeOf(error), log: log.entries };
}

export const aborts = {
  'a client that leaves while a body comes': [
    { code: 'ECONNRESET' },
    (context) => giveUpReading(context, '/endless', 'response closed'),
  ],
  'a client that leaves while it waits': [
    { code: 'ECONNRESET' },
    async ({ client, log }) => {
      const request = client.request('/never').end();
      await log.seen('asked');
      const failed = once(request, 'error');
      request.destroy();
      const [error] = await failed;
      await log.seen('response closed');
      return { code: codeOf(error), log: log.entries };
    },
  ],
  'a client that leaves while it uploads': [
    { code: 'ECONNRESET' },
    async ({ client, log }) => {
      const request = client.request('/swallow', { method: 'POST', headers: OCTETS });
      request.write(TEXT);
      await log.seen('data');
      const failed = once(request, 'error');
      request.destroy();
      const [error] = await failed;
      await log.seen('request closed');
      await log.seen('response closed');
      return { code: codeOf(error), log: log.entries };
    },
  ],
  'a client that leaves by its signal': [
    { name: 'AbortError' },
    async ({ client, log }) => {
      const controller = new AbortController();
      const request = client.request('/never', { signal: controller.signal }).end();
      await log.seen('asked');
      const failed = once(request, 'error');
      controller.abort();
      const [{ name, code }] = await failed;
      await log.seen('response closed');
      return { name, code, log: log.entries };
    },
  ],
  'a file that is given up is closed': [
    { code: 'ECONNRESET' },
    async ({ client, log }) => {
      const { request, response } = await client.respond('/send/large.bin');
      await once(response, 'data');
      const failed = once(response, 'error');
      request.destroy();
      const [error] = await failed;
      await log.seen('file not sent');
      return { code: codeOf(error), log: log.entries };
    },
  ],
};
