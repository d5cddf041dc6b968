import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import type { Readable, Writable } from 'node:stream';
import { SpdyAgent } from '../../../../lib/http/client/agent.ts';
import type { ClientResponse } from '../../../../lib/http/client/request/response.ts';
import { sharedCertificate } from '../../../support/session-pair.ts';

/** What clients speak in these specs. */
export const FRONTS = ['http/1.1', 'h2', 'spdy/3.1', 'spdy/3', 'spdy/2'] as const;

/** One of them. */
export type FrontProtocol = (typeof FRONTS)[number];

/** What is asked for. */
export interface Question {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Pieces of the body; a promise delays what follows it. */
  readonly body?: AsyncIterable<Buffer> | readonly Buffer[];
  readonly trailers?: Readonly<Record<string, string>>;
}

/** What came. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, unknown>>;
  /** False if it was cut off. */
  readonly whole: boolean;
}

/** A request under way: what takes its body, and the body of the answer. */
export interface Begun {
  readonly request: Writable;
  readonly answer: Promise<Readable>;
}

/** A client of the proxy. */
export interface Client {
  ask(question: Question): Promise<Answer>;
  /** Begins to ask: the body is the caller's, and so is what comes. */
  begin(question: Question): Begun;
  /** Asks, and gives up when the answer has begun. */
  askAndLeave(question: Question): Promise<void>;
  close(): Promise<void>;
}

/** A client of a front with TLS. */
export function clientOf(protocol: FrontProtocol, port: number): Client {
  const tls = { ca: sharedCertificate().cert, servername: 'localhost' };
  if (protocol === 'h2') return new H2Client(port, tls);
  return protocol === 'http/1.1' ? http1Client(port, tls) : spdyClient(protocol, port, tls);
}

type Tls = { readonly ca: string; readonly servername: string };

function http1Client(port: number, tls: Tls): Client {
  const agent = new https.Agent({ keepAlive: true, ...tls });
  const request = (question: Question) => {
    const { path, method = 'GET', headers = {} } = question;
    return https.request({ agent, host: '127.0.0.1', port, path, method, headers });
  };
  return {
    ask: (question) => exchange(request(question) as never, question),
    begin: (question) => begun(request(question) as never),
    askAndLeave: (question) => leave(request(question) as never),
    close: async () => agent.destroy(),
  };
}

function spdyClient(protocol: string, port: number, tls: Tls): Client {
  const agent = new SpdyAgent({ tls, protocols: [protocol] });
  const request = (question: Question) => {
    const { path, method = 'GET', headers = {} } = question;
    return agent.request(`https://127.0.0.1:${port}${path}`, { method, headers });
  };
  return {
    ask: (question) => exchange(request(question) as never, question),
    begin: (question) => begun(request(question) as never),
    askAndLeave: (question) => leave(request(question) as never),
    close: async () => agent.destroy(),
  };
}

async function exchange(request: RequestLike, question: Question): Promise<Answer> {
  const answered = new Promise<ClientResponse>((resolve, reject) => {
    request.once('response', resolve as never);
    request.once('error', reject);
  });
  request.on('error', () => {});
  const sent = send(request, question);
  const response = await answered;
  const { body, whole } = await collect(response);
  await sent;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body,
    trailers: response.trailers,
    whole: whole && response.complete,
  };
}

/** As much of a request as is used here. */
interface RequestLike extends NodeJS.WritableStream {
  addTrailers(trailers: object): void;
  destroy(): void;
}

function begun(request: Writable): Begun {
  request.on('error', () => {});
  const answer = once(request, 'response').then(([response]) =>
    (response as Readable).on('error', () => {}),
  );
  answer.catch(() => {});
  return { request, answer };
}

async function leave(request: RequestLike): Promise<void> {
  request.on('error', () => {});
  request.end();
  const [response] = (await once(request, 'response')) as [Readable];
  response.on('error', () => {});
  await once(response, 'data');
  request.destroy();
}

async function send(request: NodeJS.WritableStream, { body, trailers }: Question): Promise<void> {
  for await (const chunk of body ?? []) request.write(chunk);
  if (trailers !== undefined) (request as RequestLike).addTrailers(trailers);
  request.end();
}

async function collect(
  stream: Readable,
): Promise<{ readonly body: Buffer; readonly whole: boolean }> {
  const chunks: Buffer[] = [];
  let whole = true;
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch {
    whole = false;
  }
  return { body: Buffer.concat(chunks), whole };
}

class H2Client implements Client {
  readonly #session: http2.ClientHttp2Session;

  constructor(port: number, tls: Tls) {
    this.#session = http2.connect(`https://localhost:${port}`, tls);
    this.#session.on('error', () => {});
  }

  async ask(question: Question): Promise<Answer> {
    const stream = this.#open(question);
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on('trailers', (fields) => {
      trailers = fields;
    });
    const { trailers: _behind, ...own } = question;
    const sent = send(stream, own);
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    const { body, whole } = await collect(stream);
    await sent;
    if (!stream.closed) await once(stream, 'close');
    return {
      status: Number(headers[':status']),
      headers,
      body,
      trailers,
      whole: whole && stream.rstCode === 0,
    };
  }

  begin(question: Question): Begun {
    const stream = this.#open({ ...question, body: [] });
    return { request: stream, answer: once(stream, 'response').then(() => stream) };
  }

  async askAndLeave(question: Question): Promise<void> {
    const stream = this.#open(question);
    stream.end();
    await once(stream, 'data');
    stream.close(http2.constants.NGHTTP2_CANCEL);
  }

  async close(): Promise<void> {
    this.#session.destroy();
  }

  #open({ path, method = 'GET', headers = {}, body, trailers }: Question): http2.ClientHttp2Stream {
    const fields = { ':path': path, ':method': method, ...headers };
    const stream = this.#session.request(fields, {
      endStream: body === undefined && trailers === undefined,
      waitForTrailers: trailers !== undefined,
    });
    stream.on('error', () => {});
    stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}));
    return stream;
  }
}
