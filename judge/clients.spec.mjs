// HTTP clients that take a module with `request()`: what they make of answers over SPDY is what they make of them over HTTP/1.1.
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import axios from 'axios';
import { expect } from 'chai';
import followRedirects from 'follow-redirects';
import got from 'got';
import superagent from 'superagent';
import { codeOf } from './support/client.mjs';
import { originOf, shut, TRUTHS } from './support/ways.mjs';

const PIECES = Array.from({ length: 20 }, (_, i) => Buffer.alloc(50_000, i));

/** A server whose first answers to a path may be other ones than those behind. */
async function start(way) {
  let asked = 0;
  const answers = {
    '/text': (_request, response) => response.end('text'),
    '/echo': (request, response) => request.pipe(response),
    '/see': (request, response) => {
      request.resume();
      response.writeHead(307, { location: '/echo' }).end();
    },
    '/busy': (_request, response) => {
      asked++;
      response.writeHead(asked % 2 === 1 ? 503 : 200).end(`answer ${asked % 2}`);
    },
    '/large': (_request, response) => Readable.from(PIECES).pipe(response),
    '/stalls': (_request, response) => response.write('some'),
    '/breaks': (_request, response) => response.write('some', () => response.destroy()),
    '/length': async (request, response) => {
      response.end(`${(await text(request)).length} ${request.headers['content-length']}`);
    },
  };
  const server = way.createServer((request, response) => answers[request.url](request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** What clients take in place of node:http or node:https. */
function moduleOf(way, agent) {
  const protocol = way.secure ? 'https:' : 'http:';
  return {
    request: (target, options, callback) =>
      typeof target === 'string' || target instanceof URL
        ? way.request(target, { ...options, agent }, callback)
        : way.request({ protocol, ...target, agent }, options),
  };
}

/** Clients in one form: `ask(url, { method, body, timeout, signal, limit })` gives status and body. */
const CLIENTS = {
  got:
    (module) =>
    async (url, { method = 'GET', body, timeout, signal, retry = 0 } = {}) => {
      const response = await got(url, {
        method,
        body,
        signal,
        request: module.request,
        timeout: { request: timeout },
        throwHttpErrors: false,
        retry: { limit: retry, statusCodes: [503], backoffLimit: 1 },
      });
      return [response.statusCode, response.body.length, response.body.slice(0, 20)];
    },
  axios: (module, way) => {
    const { http, https } = followRedirects.wrap({ [way.secure ? 'https' : 'http']: module });
    return async (url, { method = 'GET', body, timeout, signal, limit = -1 } = {}) => {
      const { status, data } = await axios({
        url,
        method,
        data: body,
        signal,
        timeout,
        transport: http ?? https,
        maxContentLength: limit,
        responseType: 'text',
      });
      return [status, data.length, data.slice(0, 20)];
    };
  },
  superagent: (module, way) => {
    const protocol = way.secure ? 'https:' : 'http:';
    return async (url, { method = 'GET', body, timeout, limit } = {}) => {
      const before = superagent.protocols[protocol];
      const asking = superagent(method, url).buffer(true).redirects(3);
      if (timeout !== undefined) asking.timeout(timeout);
      if (limit !== undefined) asking.maxResponseSize(limit);
      superagent.protocols[protocol] = module;
      try {
        const { status, text: all = '' } = await asking
          .parse(readAll)
          .type('text/plain')
          .send(body);
        return [status, all.length, all.slice(0, 20)];
      } finally {
        superagent.protocols[protocol] = before;
      }
    };
  },
};

function readAll(response, done) {
  response.text = '';
  response.on('data', (chunk) => {
    response.text += chunk;
  });
  response.on('end', () => done(null));
}

const streamed = () => Readable.from(PIECES);

const CASES = {
  'an answer': [CLIENTS, (ask, at) => ask(at('/text'))],
  'a large answer': [CLIENTS, (ask, at) => ask(at('/large'))],
  'a body': [CLIENTS, (ask, at) => ask(at('/echo'), { method: 'POST', body: 'body' })],
  'a body that is sent again behind a redirect': [
    ['got', 'axios'],
    (ask, at) => ask(at('/see'), { method: 'POST', body: 'again' }),
  ],
  'the length of a body': [
    CLIENTS,
    (ask, at) => ask(at('/length'), { method: 'PUT', body: 'four' }),
  ],
  'a stream as body': [
    ['got', 'axios'],
    (ask, at) => ask(at('/echo'), { method: 'POST', body: streamed() }),
  ],
  'a retry': [['got'], (ask, at) => ask(at('/busy'), { retry: 2 })],
  'an answer that breaks off': [CLIENTS, (ask, at) => ask(at('/breaks'))],
  'a timeout amid an answer': [CLIENTS, (ask, at) => ask(at('/stalls'), { timeout: 100 })],
  'an abort amid an answer': [
    ['got', 'axios'],
    (ask, at) => ask(at('/stalls'), { signal: AbortSignal.timeout(100) }),
  ],
  'an answer that is too large': [
    ['axios', 'superagent'],
    (ask, at) => ask(at('/large'), { limit: 1000 }),
  ],
};

for (const { truth, others } of TRUTHS) {
  const truths = new Map();
  for (const way of [truth, ...others]) {
    describe(`HTTP clients, ${way.title}`, () => {
      let server;
      let agent;

      before(async () => {
        server = await start(way);
        agent = way.createAgent();
      });

      after(async () => {
        agent.destroy();
        await shut(server);
      });

      for (const [name, client] of Object.entries(CLIENTS)) {
        for (const [title, [clients, run]] of Object.entries(CASES)) {
          if (clients !== CLIENTS && !clients.includes(name)) continue;
          it(`${name}: ${title}`, async () => {
            const ask = client(moduleOf(way, agent), way);
            const at = (path) => `${originOf(way, server)}${path}`;
            const told = await run(ask, at).catch(codeOf);
            const key = `${name} ${title}`;
            if (way === truth) truths.set(key, told);
            else expect(told).to.deep.equal(truths.get(key));
          });
        }
      }
    });
  }
}
