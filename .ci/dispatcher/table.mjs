// What undici's own calls and interceptors do over SpdyDispatcher, beside the same over undici's Agent with HTTP/1.1: a table of undici's
// versions, on the Node that runs this. node .ci/dispatcher/table.mjs, after npm ci --prefix .ci/dispatcher and npm run build.
// Each cell is 'same', 'only here' (undici's Agent fails, as its versions do not fit together), '-' (this undici has none, or does not
// run on this Node), or what differs; with a difference the exit code is 1.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { Readable, Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { createServer, SpdyDispatcher } from '../../build/lib/index.js';

const VERSIONS = [5, 6, 7, 8];

/** Requests that were seen, by path. */
const seen = new Map();

function handler(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  const times = (seen.get(pathname) ?? 0) + 1;
  seen.set(pathname, times);
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    switch (pathname) {
      case '/redirect':
        response.writeHead(302, { location: '/echo?moved' }).end('moved');
        return;
      case '/retry':
        response.writeHead(times % 3 === 0 ? 200 : 503).end('x'.repeat(times));
        return;
      case '/error':
        response.writeHead(404, { 'content-type': 'application/json' }).end('{"a":1}');
        return;
      case '/cached':
        response.writeHead(200, { 'cache-control': 'max-age=60', date: new Date().toUTCString() });
        response.end(`answer ${times}`);
        return;
      case '/gzip':
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked'));
        return;
      case '/slow':
        setTimeout(() => response.end(`slow ${times}`), 50);
        return;
      case '/large':
        response.end('0123456789'.repeat(100_000));
        return;
      case '/trailers':
        response.setHeader('trailer', 'x-end');
        response.write('body');
        response.addTrailers({ 'x-end': 'yes' });
        response.end();
        return;
      case '/cut':
        response.write('part');
        setTimeout(() => response.destroy(), 10);
        return;
      default: {
        const { host, 'content-length': length, 'x-a': own } = request.headers;
        const name = host.replace(/:\d+$/, '');
        response.setHeader('x-b', ['1', '2']);
        response.end(JSON.stringify([request.method, request.url, body, length, own, name]));
      }
    }
  });
}

/** Goes over to WebSocket, and says hello. */
function upgrade(request, socket) {
  const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  socket.on('error', () => {});
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.end(Buffer.from('\x81\x05hello', 'latin1'));
}

async function text(body) {
  let all = '';
  for await (const chunk of body) all += chunk;
  return all;
}

/** What a failure says: the code alone, or that of its cause. */
async function outcome(action) {
  try {
    return await action();
  } catch (error) {
    const { statusCode, code, name } = error.name === 'TypeError' ? (error.cause ?? error) : error;
    return `fails: ${statusCode ?? code ?? name}`;
  }
}

/** Each gets undici, a dispatcher and the origin, and yields what can be compared; null: this undici has no such thing. */
const CELLS = {
  fetch: async (u, dispatcher, origin) => {
    if (u.fetch === undefined) return null;
    const init = { dispatcher, method: 'POST', body: 'text', headers: { 'x-a': '1' } };
    const response = await u.fetch(`${origin}/echo?q`, init);
    return [response.status, response.headers.get('x-b'), await response.text()];
  },
  'fetch, cut off': async (u, dispatcher, origin) => {
    const response = await u.fetch(`${origin}/cut`, { dispatcher });
    return [response.status, await response.text()];
  },
  'fetch, aborted': async (u, dispatcher, origin) => {
    const signal = AbortSignal.timeout(10);
    return (await u.fetch(`${origin}/slow`, { dispatcher, signal })).status;
  },
  'fetch, redirect': async (u, dispatcher, origin) => {
    const response = await u.fetch(`${origin}/redirect`, { dispatcher });
    return [response.status, response.redirected, await response.text()];
  },
  request: async (u, dispatcher, origin) => {
    const options = {
      dispatcher,
      method: 'PUT',
      body: Readable.from(['a', 'b']),
      query: { q: '1' },
    };
    const { statusCode, headers, body } = await u.request(`${origin}/echo`, options);
    // SPDY tells the length of a body that is complete before the head leaves.
    const echoed = (await body.json()).filter((_item, i) => i !== 3);
    return [statusCode, headers['x-b'], echoed];
  },
  'request, trailers': async (u, dispatcher, origin) => {
    const { body, trailers } = await u.request(`${origin}/trailers`, { dispatcher });
    return [await body.text(), trailers];
  },
  'request, slow reader': async (u, dispatcher, origin) => {
    const { body } = await u.request(`${origin}/large`, { dispatcher });
    let length = 0;
    for await (const chunk of body) {
      length += chunk.length;
      await new Promise(setImmediate);
    }
    return length;
  },
  'request, cut off': async (u, dispatcher, origin) => {
    const { body } = await u.request(`${origin}/cut`, { dispatcher });
    return await body.text();
  },
  stream: async (u, dispatcher, origin) => {
    const chunks = [];
    await u.stream(`${origin}/large`, { dispatcher, opaque: chunks }, ({ opaque }) => {
      return new Writable({
        write(chunk, _encoding, done) {
          opaque.push(chunk);
          setImmediate(done);
        },
      });
    });
    return Buffer.concat(chunks).length;
  },
  pipeline: async (u, dispatcher, origin) => {
    const duplex = u.pipeline(`${origin}/echo`, { dispatcher, method: 'POST' }, ({ body }) => body);
    duplex.end('sent');
    return text(duplex);
  },
  upgrade: async (_u, dispatcher, origin) => {
    const { headers, socket, opaque } = await dispatcher.upgrade({ origin, path: '/', opaque: 1 });
    return [headers.upgrade, await text(socket), opaque];
  },
  WebSocket: async (u, dispatcher, origin) => {
    if (u.WebSocket === undefined) return null;
    const socket = new u.WebSocket(origin.replace('http', 'ws'), { dispatcher });
    const [{ data }] = await Promise.race([
      once(socket, 'message'),
      once(socket, 'error').then(([event]) => {
        throw event.error ?? new Error('no WebSocket');
      }),
    ]);
    return data;
  },
  redirect: async (u, dispatcher, origin) => {
    if (u.interceptors?.redirect === undefined) return null;
    const composed = dispatcher.compose(u.interceptors.redirect({ maxRedirections: 2 }));
    const { statusCode, body } = await u.request(`${origin}/redirect`, { dispatcher: composed });
    return [statusCode, await body.text()];
  },
  retry: async (u, dispatcher, origin) => {
    if (u.interceptors?.retry === undefined) return null;
    seen.delete('/retry');
    const composed = dispatcher.compose(u.interceptors.retry({ minTimeout: 1, maxTimeout: 5 }));
    const { statusCode, body } = await u.request(`${origin}/retry`, { dispatcher: composed });
    return [statusCode, await body.text(), seen.get('/retry')];
  },
  RetryAgent: async (u, dispatcher, origin) => {
    if (u.RetryAgent === undefined) return null;
    seen.delete('/retry');
    const agent = new u.RetryAgent(dispatcher, { minTimeout: 1, maxTimeout: 5 });
    const { statusCode, body } = await u.request(`${origin}/retry`, { dispatcher: agent });
    return [statusCode, await body.text(), seen.get('/retry')];
  },
  cache: async (u, dispatcher, origin) => {
    if (u.interceptors?.cache === undefined) return null;
    seen.delete('/cached');
    const composed = dispatcher.compose(u.interceptors.cache());
    const answers = [];
    for (let i = 0; i < 3; i++) {
      const { body } = await u.request(`${origin}/cached`, { dispatcher: composed });
      answers.push(await body.text());
      await new Promise((next) => setTimeout(next, 5));
    }
    return answers;
  },
  dns: async (u, dispatcher, origin) => {
    if (u.interceptors?.dns === undefined) return null;
    const composed = dispatcher.compose(u.interceptors.dns({ affinity: 4 }));
    const { statusCode, body } = await u.request(`${origin}/echo`, { dispatcher: composed });
    return [statusCode, await body.text()];
  },
  dump: async (u, dispatcher, origin) => {
    if (u.interceptors?.dump === undefined) return null;
    const composed = dispatcher.compose(u.interceptors.dump({ maxSize: 10_000_000 }));
    const { statusCode, body } = await u.request(`${origin}/large`, { dispatcher: composed });
    return [statusCode, await body.text()];
  },
  decompress: async (u, dispatcher, origin) => {
    if (u.interceptors?.decompress === undefined) return null;
    const composed = dispatcher.compose(u.interceptors.decompress());
    const { headers, body } = await u.request(`${origin}/gzip`, { dispatcher: composed });
    return [headers['content-encoding'], await body.text()];
  },
  deduplicate: async (u, dispatcher, origin) => {
    if (u.interceptors?.deduplicate === undefined) return null;
    seen.delete('/slow');
    const composed = dispatcher.compose(u.interceptors.deduplicate());
    const one = async () =>
      (await u.request(`${origin}/slow`, { dispatcher: composed })).body.text();
    return [await Promise.all([one(), one(), one()]), seen.get('/slow')];
  },
  responseError: async (u, dispatcher, origin) => {
    if (u.interceptors?.responseError === undefined) return null;
    const composed = dispatcher.compose(u.interceptors.responseError());
    const { statusCode } = await u.request(`${origin}/error`, { dispatcher: composed });
    return statusCode;
  },
  MockAgent: async (u, dispatcher) => {
    if (u.MockAgent === undefined) return null;
    // What a MockAgent lets through goes over connections of its own, whatever its agent.
    const agent = new u.Agent({ factory: () => dispatcher });
    const mock = new u.MockAgent({ agent });
    mock.get('http://mocked.example').intercept({ path: '/' }).reply(200, 'mocked');
    const { statusCode, body } = await u.request('http://mocked.example/', { dispatcher: mock });
    return [statusCode, await body.text()];
  },
  'global dispatcher': async (u, dispatcher, origin) => {
    const former = u.getGlobalDispatcher();
    u.setGlobalDispatcher(dispatcher);
    try {
      const { body } = await u.request(`${origin}/echo`);
      return await body.text();
    } finally {
      u.setGlobalDispatcher(former);
    }
  },
  "Node's fetch": async (_u, dispatcher, origin) => {
    const response = await globalThis.fetch(`${origin}/echo`, {
      dispatcher,
      method: 'POST',
      body: 'x',
    });
    return [response.status, await response.text()];
  },
  "Node's fetch, composed": async (u, dispatcher, origin) => {
    if (u.interceptors?.retry === undefined) return null;
    seen.delete('/retry');
    const composed = dispatcher.compose(u.interceptors.retry({ minTimeout: 1, maxTimeout: 5 }));
    const response = await globalThis.fetch(`${origin}/retry`, { dispatcher: composed });
    return [response.status, await response.text(), seen.get('/retry')];
  },
};

const plain = http.createServer(handler).listen(0, '127.0.0.1');
const spdy = createServer({ tls: false, version: 'spdy/3.1', sniff: true }, handler).listen(
  0,
  '127.0.0.1',
);
for (const server of [plain, spdy]) server.on('upgrade', upgrade);
await Promise.all([once(plain, 'listening'), once(spdy, 'listening')]);
const [http1, spdy1] = [plain, spdy].map((server) => `http://localhost:${server.address().port}`);

const limit = (promise) => {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, 5000, 'hangs');
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

const rows = [];
let differences = 0;
const modules = [];
for (const version of VERSIONS) {
  modules.push([version, await import(`undici${version}`).catch(() => null)]);
}
for (const [name, cell] of Object.entries(CELLS)) {
  const row = [name];
  for (const [version, undici] of modules) {
    if (undici === null || undici.Agent === undefined) {
      row.push('-');
      continue;
    }
    const agent = new undici.Agent();
    const mine = new SpdyDispatcher({ version: 'spdy/3.1' });
    const expected = await limit(outcome(() => cell(undici, agent, http1)));
    const got = await limit(outcome(() => cell(undici, mine, spdy1)));
    const [a, b] = [expected, got].map((value) => JSON.stringify(value));
    if (expected === null) row.push('-');
    else if (a === b) row.push('same');
    else if (/hangs|UND_ERR_INVALID_ARG|TypeError/.test(a) && !/hangs|fails/.test(b)) {
      row.push('only here');
    } else {
      differences++;
      row.push(`differs`);
      console.error(`undici ${version}, ${name}: ${b}, with undici's Agent: ${a}`);
    }
    agent.destroy().catch(() => {});
    mine.destroy();
  }
  rows.push(row);
}
console.log(
  `| Node ${process.versions.node.split('.')[0]} | ${VERSIONS.map((v) => `undici ${v}`).join(' | ')} |`,
);
console.log(`|---|${VERSIONS.map(() => '---').join('|')}|`);
for (const row of rows) console.log(`| ${row.join(' | ')} |`);
process.exit(differences === 0 ? 0 : 1);
