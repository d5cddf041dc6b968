import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import type net from 'node:net';
import { finished, pipeline, Readable } from 'node:stream';
import type { SpdyRequestListener } from '../../../lib/http/server/events.ts';
import type { SpdyRequest } from '../../../lib/http/server/exchange/request.ts';
import type { SpdyResponse } from '../../../lib/http/server/exchange/response.ts';
import type { Session } from '../../../lib/session/session.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import { head, serve, WAYS, type Way } from './http-support.ts';

/** How a client ends an exchange: gives it up, resets the connection, destroys or ends its own side of it. */
export type Cut = 'abort' | 'reset' | 'drop' | 'fin';

/** One request of a client, whatever the protocol. */
export interface Call {
  /** Begins the request; without `more` it is complete. */
  open(method: string, more?: boolean, path?: string): void;
  write(bytes: string): void;
  end(): void;
  /** Waits for the first byte of the reply, and stops reading. */
  data(): Promise<unknown>;
  /** Reads the reply to its end. */
  all(): Promise<unknown>;
  cut(how: Cut): void;
  /** Ends the connection. */
  close(): void;
}

/** What a handler has of an exchange. */
interface Seen {
  readonly request: SpdyRequest;
  readonly response: SpdyResponse;
  /** Writes down what `source` has said. */
  log(source: string, what: string): void;
  /** Tells the client that the handler has begun. */
  begun(): void;
}

/** What was said, by its source. */
export type Log = Record<string, string[]>;

/** Watches an exchange. */
export type Observer = (seen: Seen) => void;

/** An exchange that can be made by HTTP/1.1 and by SPDY. */
export interface Exchange {
  readonly title: string;
  handle(seen: Seen): unknown;
  act(call: Call, begun: Promise<void>): Promise<unknown>;
  /** What is seen by SPDY where that is not what `node:http` shows, by observer. */
  readonly ours?: Readonly<Record<string, Log>>;
}

// `on-finished`, as Express has it.
const onFinished = createRequire(createRequire(import.meta.url).resolve('express5'))(
  'on-finished',
) as (message: unknown, listener: (error: Error | null) => void) => void;

/** The code of an error, or its message. */
function nameOf(error: unknown): string {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
  return code ?? message ?? 'fine';
}

/** A request by HTTP/1.1, with a connection of its own. */
class Http1Call implements Call {
  readonly #port: number;
  #request: http.ClientRequest | null = null;
  #response: Promise<http.IncomingMessage | null> = Promise.resolve(null);

  constructor(port: number) {
    this.#port = port;
  }

  open(method: string, more = false, path = '/'): void {
    const request = http.request({
      port: this.#port,
      host: '127.0.0.1',
      method,
      path,
      agent: false,
      headers: { 'content-type': 'application/json' },
    });
    this.#request = request;
    request.on('error', () => {});
    this.#response = once(request, 'response').then(
      ([response]) => {
        (response as http.IncomingMessage).on('error', () => {});
        return response as http.IncomingMessage;
      },
      () => null,
    );
    if (!more) request.end();
  }

  write(bytes: string): void {
    this.#request?.write(bytes);
  }

  end(): void {
    this.#request?.end();
  }

  async data(): Promise<void> {
    const response = await this.#response;
    if (response === null) return;
    await once(response, 'data');
    response.pause();
  }

  async all(): Promise<void> {
    const response = await this.#response;
    if (response !== null) await once(response.resume(), 'end').catch(() => {});
  }

  cut(how: Cut): void {
    const socket = this.#request?.socket as net.Socket;
    if (how === 'abort') this.#request?.destroy();
    else if (how === 'reset') socket.resetAndDestroy();
    else if (how === 'drop') socket.destroy();
    else socket.end();
  }

  close(): void {
    this.#request?.destroy();
  }
}

/** A request by SPDY, on a session of its own. */
class SpdyCall implements Call {
  readonly #session: Session;
  #stream: SpdyStream | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  open(method: string, more = false, path = '/'): void {
    const type = { 'content-type': 'application/json' };
    this.#stream = this.#session.request(head(path, type, method), { endStream: !more });
    this.#stream.on('error', () => {});
  }

  write(bytes: string): void {
    this.#stream?.write(bytes);
  }

  end(): void {
    this.#stream?.end();
  }

  async data(): Promise<void> {
    const stream = this.#stream as SpdyStream;
    await once(stream, 'data');
    stream.pause();
  }

  async all(): Promise<void> {
    const stream = this.#stream as SpdyStream;
    stream.resume();
    if (!stream.closed) await once(stream, stream.readableEnded ? 'close' : 'end').catch(() => {});
  }

  cut(how: Cut): void {
    const socket = this.#session.socket as net.Socket;
    if (how === 'abort') this.#stream?.close();
    else if (how === 'reset') socket.resetAndDestroy();
    else if (how === 'drop') this.#session.destroy();
    else socket.end();
  }

  close(): void {
    this.#session.destroy();
  }
}

/** A server and one call of it. */
export interface Judge {
  readonly call: Call;
  end(): Promise<void>;
}

/** A handler by HTTP/1.1. */
export async function byHttp1(handler: SpdyRequestListener): Promise<Judge> {
  const server = http.createServer(handler as http.RequestListener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const call = new Http1Call((server.address() as net.AddressInfo).port);
  const end = async (): Promise<void> => {
    call.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { call, end };
}

/** A handler by SPDY. */
export async function bySpdy(handler: SpdyRequestListener): Promise<Judge> {
  const { session, end } = await serve(WAYS[1] as Way, handler);
  return { call: new SpdyCall(session), end };
}

/** Who watches. */
export const OBSERVERS: Readonly<Record<string, Observer>> = {
  events: ({ request, response, log }) => {
    for (const event of ['aborted', 'error', 'end', 'close'])
      request.on(event, (error) => log('request', event === 'error' ? nameOf(error) : event));
    for (const event of ['error', 'finish', 'close'])
      response.on(event, (error) => log('response', event === 'error' ? nameOf(error) : event));
  },
  order: ({ request, response, log }) => {
    request.on('aborted', () => log('all', 'aborted'));
    response.on('close', () => log('all', 'response close'));
    request.on('error', () => log('all', 'request error'));
  },
  finished: ({ request, response, log }) => {
    finished(request, (error) => log('request', nameOf(error)));
    finished(response, (error) => log('response', nameOf(error)));
  },
  'on-finished': ({ request, response, log }) => {
    onFinished(request, () => log('request', 'finished'));
    onFinished(response, () => log('response', 'finished'));
  },
  state: ({ request, response, log }) => {
    let open = 2;
    const closed = (): void => {
      if (--open > 0) return;
      setImmediate(() => {
        const { aborted, complete, destroyed, readableEnded } = request;
        log('request', JSON.stringify({ aborted, complete, destroyed, readableEnded }));
        log('request', nameOf(request.errored));
        const { closed, writable, writableEnded, writableFinished, headersSent } = response;
        log('response', JSON.stringify({ closed, writable, writableEnded, writableFinished }));
        log('response', `${headersSent} ${response.destroyed} ${nameOf(response.errored)}`);
      });
    };
    request.once('close', closed);
    response.once('close', closed);
  },
};

const BOOM = 'boom';
const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

/** Bytes without end. */
async function* endless(log: Seen['log']): AsyncGenerator<Buffer> {
  try {
    for (;;) {
      yield Buffer.alloc(16384);
      await turn();
    }
  } finally {
    log('generator', 'closed');
  }
}

async function get(call: Call): Promise<void> {
  call.open('GET');
  await call.all();
}

async function post(call: Call): Promise<void> {
  call.open('POST', true);
  call.write('a');
  await turn();
  call.end();
  await call.all();
}

/** Exchanges that nobody disturbs. */
const WHOLE: readonly Exchange[] = [
  {
    title: 'answered',
    handle: ({ request, response }) => request.resume() && response.end('x'),
    act: get,
  },
  {
    title: 'answered in pieces',
    handle: ({ request, response }) => {
      request.resume();
      response.write('x');
      response.end('y');
    },
    act: get,
  },
  {
    title: 'answered, the request not read',
    handle: ({ response }) => response.end('x'),
    act: get,
  },
  {
    title: 'HEAD',
    handle: ({ request, response }) => request.resume() && response.end('x'),
    act: async (call) => {
      call.open('HEAD');
      await call.all();
    },
  },
  ...[204, 304].map((status) => ({
    title: String(status),
    handle: ({ request, response }: Seen) => request.resume() && response.writeHead(status).end(),
    act: get,
  })),
  {
    title: 'upload',
    handle: ({ request, response }) => request.resume().on('end', () => response.end('x')),
    act: post,
  },
  {
    title: 'upload that is iterated',
    handle: async ({ request, response, log }) => {
      for await (const _ of request);
      log('iteration', 'ended');
      response.end('x');
    },
    act: post,
  },
  {
    title: 'pipeline from a stream',
    handle: ({ request, response, log }) => {
      request.resume();
      pipeline(Readable.from(['a', 'b']), response, (error) => log('pipeline', nameOf(error)));
    },
    act: get,
  },
  {
    title: 'pipeline from the request',
    handle: ({ request, response, log }) => {
      pipeline(request, response, (error) => log('pipeline', nameOf(error)));
    },
    act: post,
  },
];

/** Exchanges that a client ends. */
function cutExchanges(how: Cut): Exchange[] {
  const cut = async (call: Call, begun: Promise<void>): Promise<void> => {
    call.open('GET');
    await begun;
    call.cut(how);
  };
  const cutBody = async (call: Call): Promise<void> => {
    call.open('GET');
    await call.data();
    call.cut(how);
  };
  const cutUpload = async (call: Call, begun: Promise<void>): Promise<void> => {
    call.open('POST', true);
    call.write('a');
    await begun;
    call.cut(how);
  };
  const exchanges: Exchange[] = [
    {
      title: `${how} in the body`,
      handle: ({ request, response }) => {
        request.resume();
        const write = (): void => {
          if (!response.destroyed && response.write('x')) setImmediate(write);
        };
        write();
      },
      act: cutBody,
    },
    {
      title: `${how} of an upload`,
      handle: ({ request, begun }) => request.once('data', begun).resume(),
      act: cutUpload,
    },
    {
      title: `${how} of an upload that is not read`,
      handle: ({ begun }) => begun(),
      act: cutUpload,
    },
    {
      title: `${how} of an upload that is iterated`,
      handle: async ({ request, log, begun }) => {
        try {
          for await (const _ of request) begun();
        } catch (error) {
          log('iteration', nameOf(error));
        }
      },
      act: cutUpload,
    },
    {
      title: `${how} of an upload that is answered from itself`,
      handle: ({ request, response, log }) => {
        pipeline(request, response, (error) => log('pipeline', nameOf(error)));
      },
      act: async (call) => {
        call.open('POST', true);
        call.write('a');
        await call.data();
        call.cut(how);
      },
    },
    {
      title: `${how}, pipeline from a stream`,
      handle: ({ request, response, log }) => {
        request.resume();
        const source = Readable.from(endless(log));
        source.on('close', () => log('source', 'close'));
        pipeline(source, response, (error) => log('pipeline', nameOf(error)));
      },
      act: cutBody,
    },
    {
      title: `${how}, pipeline from a generator`,
      handle: ({ request, response, log }) => {
        request.resume();
        pipeline(
          () => endless(log),
          response,
          (error) => log('pipeline', nameOf(error)),
        );
      },
      act: cutBody,
    },
  ];
  // With nothing on its way, the end of half a connection says nothing: the client may still read.
  if (how === 'fin') return exchanges;
  return [
    ...exchanges,
    {
      title: `${how} behind end()`,
      handle: ({ request, response }) => request.resume() && response.end(Buffer.alloc(8 << 20)),
      act: cutBody,
      // A reply that has not left is not finished.
      ours: {
        events: { request: ['end', 'close'], response: ['close'] },
        finished: { request: ['fine'], response: ['ERR_STREAM_PREMATURE_CLOSE'] },
        state: {
          request: [
            '{"aborted":false,"complete":true,"destroyed":true,"readableEnded":true}',
            'fine',
          ],
          response: [
            '{"closed":true,"writable":true,"writableEnded":true,"writableFinished":false}',
            'true true fine',
          ],
        },
      },
    },
    {
      title: `${how} before the head`,
      handle: ({ request, begun }) => request.resume() && begun(),
      act: cut,
    },
    {
      title: `${how} before the head, the request not read`,
      handle: ({ begun }) => begun(),
      act: cut,
    },
    {
      title: `${how}, end() and write() at close`,
      handle: ({ request, response, log }) => {
        request.resume();
        response.write('x');
        response.on('close', () => {
          response.end('y', () => log('end', 'called back'));
          log('write', String(response.write('z', (error) => log('write', nameOf(error)))));
        });
      },
      act: cutBody,
      ours: {
        state: {
          request: [
            '{"aborted":false,"complete":true,"destroyed":true,"readableEnded":true}',
            'fine',
          ],
          response: [
            '{"closed":true,"writable":true,"writableEnded":true,"writableFinished":false}',
            'true true fine',
          ],
          write: ['false', 'ERR_STREAM_WRITE_AFTER_END'],
        },
      },
    },
  ];
}

/** Exchanges that the handler ends. */
function destroyExchanges(title: string, destroy: (seen: Seen) => unknown): Exchange[] {
  return [
    {
      title: `${title} before the head`,
      handle: destroy,
      act: async (call) => call.open('GET'),
    },
    {
      title: `${title} in the body`,
      handle: (seen) => {
        seen.response.write('x');
        setImmediate(() => destroy(seen));
      },
      act: async (call) => call.open('GET'),
    },
    {
      title: `${title} in an upload`,
      handle: (seen) => seen.request.once('data', () => destroy(seen)),
      act: async (call) => {
        call.open('POST', true);
        call.write('a');
      },
    },
  ];
}

const FAILING: readonly Exchange[] = [
  {
    title: 'pipeline from a stream that fails',
    handle: ({ request, response, log }) => {
      request.resume();
      let pieces = 0;
      const source = new Readable({
        read() {
          if (pieces++ < 2) this.push('x');
          else this.destroy(new Error(BOOM));
        },
      });
      pipeline(source, response, (error) => log('pipeline', nameOf(error)));
    },
    act: async (call) => call.open('GET'),
  },
  {
    title: 'pipeline from a generator that throws',
    handle: ({ request, response, log }) => {
      request.resume();
      const source = async function* (): AsyncGenerator<string> {
        yield 'x';
        await turn();
        throw new Error(BOOM);
      };
      pipeline(source, response, (error) => log('pipeline', nameOf(error)));
    },
    act: async (call) => call.open('GET'),
  },
];

/** All exchanges that are compared. */
export const EXCHANGES: readonly Exchange[] = [
  ...WHOLE,
  ...(['abort', 'reset', 'drop', 'fin'] as const).flatMap(cutExchanges),
  ...destroyExchanges('response.destroy()', ({ response }) => response.destroy()),
  ...destroyExchanges('response.destroy(error)', ({ response }) =>
    response.destroy(new Error(BOOM)),
  ),
  ...destroyExchanges('request.destroy()', ({ request }) => request.destroy()),
  ...destroyExchanges('request.destroy(error)', ({ request }) => request.destroy(new Error(BOOM))),
  ...destroyExchanges('socket.destroy()', ({ request }) => request.socket.destroy()),
  ...destroyExchanges('socket.destroy(error)', ({ request }) =>
    request.socket.destroy(new Error(BOOM)),
  ),
  ...FAILING,
];
