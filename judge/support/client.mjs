// A client for the cases: superagent over the transport of a way, and what superagent cannot do by requests of node's kind.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import superagent from 'superagent';
import supertest from 'supertest';

/** Who asks at a port. */
const clients = new Map();

// superagent takes from this table what makes requests; its agent() refuses agents that are none of Node's.
for (const protocol of ['http:', 'https:']) {
  superagent.protocols[protocol] = {
    request: (options) => {
      const { way, agent } = clients.get(Number(options.port));
      return way.request({ ...options, protocol, agent });
    },
  };
}

/** Of the connection, of the moment, and names of the way itself. */
const NOT_COMPARED = ['connection', 'keep-alive', 'transfer-encoding', 'date'];

export class Client {
  constructor(way, origin) {
    this.way = way;
    this.origin = origin;
    this.agent = way.createAgent();
    this.port = Number(new URL(origin).port);
    clients.set(this.port, this);
  }

  /** Asks as supertest does; the result is what can be compared. */
  async ask(method, path, { headers = {}, body, prepare = (test) => test } = {}) {
    const test = supertest(this.origin)[method.toLowerCase()](path);
    return this.#result(test, headers, body, prepare);
  }

  get(path, headers) {
    return this.ask('GET', path, { headers });
  }

  /** One that keeps cookies: a function as `get()`. */
  visitor() {
    const jar = supertest.agent(this.origin);
    return (path, headers = {}) => this.#result(jar.get(path), headers, undefined, (test) => test);
  }

  /** A request in the shape of `http.request()`. */
  request(path, options = {}) {
    return this.way.request(new URL(path, this.origin), { agent: this.agent, ...options });
  }

  /** The response to a request that is ended with `body`. */
  async respond(path, options, body) {
    const request = this.request(path, options).end(body);
    const [response] = await once(request, 'response');
    return { request, response };
  }

  end() {
    clients.delete(this.port);
    this.agent.destroy();
  }

  async #result(test, fields, body, prepare) {
    test.redirects(0).ok(() => true);
    // superagent asks for gzip by itself.
    for (const [name, value] of Object.entries({ 'accept-encoding': 'identity', ...fields })) {
      test.set(name, value);
    }
    prepare(test);
    if (body !== undefined) test.send(body);
    test.buffer(true).parse(bytesOf);
    const response = await test;
    const headers = Object.entries(response.headers).filter(
      ([name]) => !NOT_COMPARED.includes(name),
    );
    const result = {
      status: response.status,
      headers: Object.fromEntries(headers),
      dated: 'date' in response.headers,
      ...textOrHash(response.body),
    };
    return this.#settled(result);
  }

  /** What is another one each time, the port and times, has a name. */
  #settled(result) {
    const text = JSON.stringify(result)
      .replaceAll(`:${this.port}`, ':PORT')
      .replaceAll(/Expires=(?!Thu, 01 Jan 1970)[^;"]*/gi, 'Expires=TIME');
    return JSON.parse(text);
  }
}

/** The pieces of a body as they come. `next()` gives one, null at the end. */
export function reader(response) {
  const pieces = response[Symbol.asyncIterator]();
  return async () => {
    const { done, value } = await pieces.next();
    return done ? null : value.toString();
  };
}

/** Reads a whole body; `ended` tells how it has ended. */
export async function drain(response) {
  const chunks = [];
  response.on('data', (chunk) => chunks.push(chunk));
  const ended = await new Promise((resolve) => {
    response.once('end', () => resolve('whole'));
    response.once('error', (error) => resolve(codeOf(error)));
    response.once('close', () => resolve('closed'));
  });
  const { aborted, complete } = response;
  // How much comes before a body breaks off is a matter of luck.
  return { ended, aborted, complete, ...(complete && { body: Buffer.concat(chunks).toString() }) };
}

/** The code that Node's own `http` gives: ours stands behind it in `cause`. */
export function codeOf(error) {
  return String(error.code).startsWith('ERR_SPDY_') ? codeOf(error.cause ?? {}) : error.code;
}

function bytesOf(response, done) {
  const chunks = [];
  response.on('data', (chunk) => chunks.push(chunk));
  response.on('end', () => done(null, Buffer.concat(chunks)));
}

function textOrHash(body) {
  if (!Buffer.isBuffer(body)) return { body };
  if (body.length < 4096) return { body: body.toString() };
  return { length: body.length, hash: createHash('sha256').update(body).digest('hex') };
}
