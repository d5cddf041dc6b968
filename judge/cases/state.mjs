// Cookies, sessions, what caches ask, parts of files, compression.
import { LONG } from '../apps/bodies.mjs';
import { LARGE, MODIFIED, TEXT } from '../support/files.mjs';

export const cookies = {
  'several are set, each in a field of its own': [
    { status: 200, body: 'set' },
    ({ client }) => client.get('/cookies/set'),
  ],
  'several are read': [
    { status: 200, body: /"plain":"1"/ },
    ({ client }) => client.get('/cookies/read', { cookie: 'plain=1; other=2' }),
  ],
  'what was set comes back, and its signature is right': [
    { status: 200, body: /"signed":"x"/ },
    async ({ client }) => {
      const get = client.visitor();
      await get('/cookies/set');
      return get('/cookies/read');
    },
  ],
  'one is cleared': [
    { status: 200, headers: { 'set-cookie': [/^plain=;/] } },
    ({ client }) => client.get('/cookies/clear'),
  ],
};

export const sessions = {
  'a session lasts over several requests': [
    [{ body: /"count":1/ }, { body: /"count":2/ }, { body: /"count":3/ }],
    async ({ client }) => {
      const get = client.visitor();
      const answers = [];
      for (let i = 0; i < 3; i++) answers.push(await get('/session/count'));
      return answers;
    },
  ],
  'without its cookie there is another one': [
    [{ body: /"count":1/ }, { body: /"count":1/ }],
    async ({ client }) => [
      await client.visitor()('/session/count'),
      await client.visitor()('/session/count'),
    ],
  ],
};

export const caches = {
  'a page has an etag': [
    { status: 200, headers: { etag: /^(W\/)?".+"$/ } },
    ({ client }) => client.get('/page'),
  ],
  'a page that has not changed is not sent': [
    { status: 304, body: '' },
    async ({ client }) => {
      const { headers } = await client.get('/page');
      return client.get('/page', { 'if-none-match': headers.etag });
    },
  ],
  'a page that has changed is sent': [
    { status: 200, body: 'a page with an etag' },
    ({ client }) => client.get('/page', { 'if-none-match': '"another"' }),
  ],
  'a file has its time': [
    { status: 200, headers: { 'last-modified': MODIFIED } },
    ({ client }) => client.get('/static/text.txt'),
  ],
  'a file that has not changed since is not sent': [
    {},
    ({ client }) => client.get('/static/text.txt', { 'if-modified-since': MODIFIED }),
  ],
  'HEAD with a condition that holds': [
    {},
    ({ client }) =>
      client.ask('HEAD', '/static/text.txt', { headers: { 'if-modified-since': MODIFIED } }),
  ],
};

const ranged =
  (range, more) =>
  ({ client }) =>
    client.get('/static/text.txt', { range, ...more });

export const ranges = {
  'the first bytes': [{}, ranged('bytes=0-9')],
  'the last bytes': [{}, ranged('bytes=-5')],
  'from some byte to the end': [{}, ranged('bytes=990-')],
  'several parts at once': [{}, ranged('bytes=0-4,10-14')],
  'what lies behind the end': [{}, ranged('bytes=2000-')],
  'what is no range': [{ status: 200, body: TEXT.toString() }, ranged('lines=1-2')],
  'a range of what has changed meanwhile is the whole': [
    { status: 200 },
    ranged('bytes=0-9', { 'if-range': 'Mon, 01 Jan 2024 00:00:00 GMT' }),
  ],
  'a range out of a large file': [
    {},
    ({ client }) => client.get('/static/large.bin', { range: 'bytes=500000-799999' }),
  ],
};

const compressed =
  (path, encoding) =>
  ({ client }) =>
    client.get(`/compressed/${path}`, { 'accept-encoding': encoding });

export const compression = {
  'by gzip': [
    { status: 200, headers: { 'content-encoding': 'gzip', vary: /accept-encoding/i } },
    compressed('long', 'gzip'),
  ],
  'by deflate': [
    { status: 200, headers: { 'content-encoding': 'deflate' } },
    compressed('long', 'deflate'),
  ],
  'by brotli': [{ status: 200, headers: { 'content-encoding': 'br' } }, compressed('long', 'br')],
  'not without being asked': [{ status: 200, length: LONG.length }, compressed('long', 'identity')],
  'not what is short': [{ status: 200, body: 'short' }, compressed('short', 'gzip')],
  'a stream': [
    { status: 200, headers: { 'content-encoding': 'gzip' } },
    compressed('stream', 'gzip'),
  ],
  'HEAD of what would be compressed': [
    { status: 200 },
    ({ client }) =>
      client.ask('HEAD', '/compressed/long', { headers: { 'accept-encoding': 'gzip' } }),
  ],
};

export const files = {
  'a text with its type and length': [
    {
      status: 200,
      headers: { 'content-length': '1000', 'content-type': /^text\/plain/ },
      body: TEXT.toString(),
    },
    ({ client }) => client.get('/static/text.txt'),
  ],
  'a large file': [
    { status: 200, length: LARGE.length },
    ({ client }) => client.get('/static/large.bin'),
  ],
  'an empty file': [{ status: 200, body: '' }, ({ client }) => client.get('/static/empty.txt')],
  'a name with a space': [
    { status: 200, body: 'spaced' },
    ({ client }) => client.get('/static/with%20space.txt'),
  ],
  'a file that is not there': [{ status: 404 }, ({ client }) => client.get('/static/none.txt')],
  'a hidden file': [{}, ({ client }) => client.get('/static/.hidden')],
  'a way out of the folder': [{}, ({ client }) => client.get('/static/..%2f..%2fetc%2fpasswd')],
  'by sendFile': [
    { status: 200, length: LARGE.length },
    ({ client }) => client.get('/send/large.bin'),
  ],
  'by sendFile, one that is not there': [
    { status: 404 },
    ({ client }) => client.get('/send/none.bin'),
  ],
  'as a stream without a length': [
    { status: 200, length: LARGE.length },
    ({ client }) => client.get('/file-stream'),
  ],
  'a download with a name beyond ASCII': [
    {
      status: 200,
      headers: { 'content-disposition': /^attachment; filename="?gr.+\*=UTF-8''gr%C3%B6/i },
    },
    ({ client }) => client.get('/download'),
  ],
  'an attachment with quotes in its name': [
    { status: 200, headers: { 'content-disposition': 'attachment; filename="a \\"b\\".txt"' } },
    ({ client }) => client.get('/attachment'),
  ],
};

export const heads = {
  'HEAD has the fields of GET': [
    { status: 200, body: {} },
    ({ client }) => client.ask('HEAD', '/page'),
  ],
  'HEAD of a file has its length': [
    { status: 200, headers: { 'content-length': '1048576' } },
    ({ client }) => client.ask('HEAD', '/static/large.bin'),
  ],
  'HEAD of a stream': [{ status: 200 }, ({ client }) => client.ask('HEAD', '/stream')],
  'HEAD of what is not there': [{ status: 404 }, ({ client }) => client.ask('HEAD', '/nowhere')],
  'HEAD of an error': [{ status: 418 }, ({ client }) => client.ask('HEAD', '/error/thrown')],
};
