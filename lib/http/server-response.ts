import {
  type OutgoingHttpHeaders,
  ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import type { HeaderList } from '../protocol/frames.ts';
import type { SpdyStream } from '../session/stream.ts';
import { endToEndFields, hasBody, responseToSpdy, toHeaderPairs } from './headers.ts';
import { httpError } from './http-error.ts';
import { pushFor, type ServerPushOptions, type ServerPushTarget } from './server-push.ts';
import type { RequestBody } from './server-request.ts';
import type { ServerSocket } from './server-socket.ts';

/** A response as handlers get it: an `http.ServerResponse`. `stream` and `push` are there when the request came by SPDY. */
export interface SpdyResponse extends ServerResponse {
  /** The SPDY stream; undefined for a request by HTTP/1.1. */
  readonly stream?: SpdyStream;
  /**
   * Pushes a resource of the same origin that the client will want (SPDY/3 3.3.1): returns what its body is written to. A push that the
   * client refuses ends without an 'error'. Call it before the response is ended, and before what mentions the resource is written.
   */
  push?(
    target: ServerPushTarget,
    headers?: OutgoingHttpHeaders,
    options?: ServerPushOptions,
  ): SpdyStream;
}

/** Header values of `writeHead()`: an object, names and values in turn, or pairs. */
type HeadInput = OutgoingHttpHeaders | readonly unknown[];

type Callback = (error?: Error | null) => void;

/** Where the state of a response is kept. */
const STATE = Symbol('response');

interface StatefulResponse extends ServerResponse {
  [STATE]: ResponseBody;
}

/** The reply to a request: the stream gets what is written to the `http.ServerResponse`. */
export class ResponseBody {
  /** What the handler gets. */
  readonly response: SpdyResponse;
  readonly stream: SpdyStream;
  readonly socket: ServerSocket;
  /** The headers of the SYN_REPLY, once they are settled. */
  head: HeaderList | null = null;
  ended = false;
  finished = false;
  closed = false;
  #trailers: HeaderList | null = null;
  /** Whether the reply has a body; settled with the head. */
  #hasBody = true;

  constructor(request: RequestBody, stream: SpdyStream, socket: ServerSocket) {
    this.stream = stream;
    this.socket = socket;
    const response = new ServerResponse(request.request);
    this.response = response;
    Object.defineProperties(response, OWN_PROPERTIES);
    (response as StatefulResponse)[STATE] = this;
    stream.on('drain', () => response.emit('drain'));
    stream.once('finish', () => this.#finish());
    stream.once('close', () => this.close());
  }

  /** Whether anything can still be answered. */
  get answered(): boolean {
    return this.head !== null || this.stream.replyHeaders !== null;
  }

  /** Nothing more can be sent. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { response } = this;
    response.destroyed = true;
    response.emit('close');
  }

  /** Settles the head. It leaves with the first byte of the body. */
  writeHead(statusCode: number, reason: unknown, headers: HeadInput | undefined): void {
    const { response } = this;
    if (this.head !== null) throw headersSent('write');
    const code = Number(statusCode) | 0;
    // SYN_REPLY can be sent only once: interim replies have no place (semantics 13.6).
    if (code < 200 || code > 999) {
      throw httpError(
        RangeError,
        'ERR_HTTP_INVALID_STATUS_CODE',
        `Invalid status code: ${statusCode}`,
      );
    }
    if (typeof reason === 'string') response.statusMessage = reason;
    else response.statusMessage ||= STATUS_CODES[code] ?? '';
    response.statusCode = code;
    const { statusMessage } = response;
    if (/[^\t\x20-\x7e\x80-\xff]/.test(statusMessage)) {
      throw httpError(TypeError, 'ERR_INVALID_CHAR', 'Invalid character in statusMessage');
    }
    const given =
      typeof reason === 'string' ? headers : (headers ?? (reason as HeadInput | undefined));
    if (given !== undefined && given !== null) addHeaders(response, given);
    this.#hasBody = hasBody(response.req.method ?? 'GET', code);
    if (response.sendDate && !response.hasHeader('date')) response.setHeader('date', httpDate());
    this.head = responseToSpdy(
      code,
      statusMessage,
      toHeaderPairs(response.getHeaders() as OutgoingHttpHeaders),
    );
  }

  /** Sends the head if it has not left. */
  flush(end = false): void {
    this.settle();
    if (this.stream.replyHeaders !== null || this.closed) return;
    const empty = !this.#hasBody || (end && this.#trailers === null);
    this.stream.respond(this.head as HeaderList, { endStream: empty });
  }

  /** Settles the head with what was set, through `writeHead()`, which middleware wraps. */
  settle(): void {
    if (this.head === null) this.response.writeHead(this.response.statusCode);
  }

  write(
    chunk: unknown,
    encoding: BufferEncoding | undefined,
    callback: Callback | undefined,
  ): boolean {
    const bytes = toBytes(chunk, encoding);
    if (this.ended) return this.#refuse('ERR_STREAM_WRITE_AFTER_END', 'write after end', callback);
    if (this.closed || this.stream.destroyed) {
      return this.#refuse(
        'ERR_STREAM_DESTROYED',
        'Cannot call write after a stream was destroyed',
        callback,
      );
    }
    this.settle();
    if (!this.#hasBody) {
      if (callback !== undefined) process.nextTick(callback);
      return true;
    }
    this.flush();
    return bytes.length === 0 ? this.#written(callback) : this.stream.write(bytes, callback);
  }

  end(chunk: unknown, encoding: BufferEncoding | undefined, callback: Callback | undefined): void {
    const { response, stream } = this;
    const bytes = chunk === null || chunk === undefined ? null : toBytes(chunk, encoding);
    if (this.ended) {
      if (bytes !== null) this.#refuse('ERR_STREAM_WRITE_AFTER_END', 'write after end', callback);
      else if (callback !== undefined) this.#whenFinished(callback);
      return;
    }
    if (callback !== undefined) response.once('finish', callback);
    if (this.head === null) {
      const length = bytes === null ? 0 : bytes.length;
      const { method } = response.req;
      if (hasBody(method ?? 'GET', response.statusCode) && !response.hasHeader('content-length')) {
        response.setHeader('content-length', length);
      }
      this.settle();
    }
    this.ended = true;
    response.finished = true;
    if (this.closed || stream.destroyed) return;
    const body = this.#hasBody && bytes !== null && bytes.length > 0 ? bytes : null;
    this.flush(body === null);
    if (stream.writableEnded) return;
    if (body !== null) stream.write(body);
    if (this.#trailers !== null) stream.sendTrailers(this.#trailers);
    else stream.end();
  }

  /** Headers that follow the body. */
  addTrailers(headers: OutgoingHttpHeaders | readonly (readonly [string, string])[]): void {
    const pairs = endToEndFields(toHeaderPairs(headers as OutgoingHttpHeaders));
    for (const [name, value] of pairs) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    if (pairs.length > 0) this.#trailers = [...(this.#trailers ?? []), ...pairs];
  }

  #written(callback: Callback | undefined): boolean {
    if (callback !== undefined) process.nextTick(callback);
    return !this.stream.writableNeedDrain;
  }

  #refuse(code: string, message: string, callback: Callback | undefined): false {
    const error = httpError(Error, code, message);
    process.nextTick(() => {
      callback?.(error);
      // As with `http`, but a response that has ended for whatever reason must not crash a server.
      if (code === 'ERR_STREAM_WRITE_AFTER_END' && this.response.listenerCount('error') > 0) {
        this.response.emit('error', error);
      }
    });
    return false;
  }

  #whenFinished(callback: Callback): void {
    if (!this.finished) this.response.once('finish', callback);
    else
      process.nextTick(
        callback,
        httpError(Error, 'ERR_STREAM_ALREADY_FINISHED', 'end() was called before'),
      );
  }

  #finish(): void {
    if (!this.ended || this.closed) return;
    this.finished = true;
    this.response.emit('prefinish');
    this.response.emit('finish');
    process.nextTick(() => this.close());
  }
}

// Own properties of each response: they stay when a framework changes its prototype.

function stateOf(response: unknown): ResponseBody {
  return (response as StatefulResponse)[STATE];
}

const base = ServerResponse.prototype;

const METHODS = {
  writeHead(this: ServerResponse, statusCode: number, reason?: unknown, headers?: HeadInput) {
    stateOf(this).writeHead(statusCode, reason, headers);
    return this;
  },
  /** What older middleware calls. */
  _implicitHeader(this: ServerResponse) {
    stateOf(this).settle();
  },
  flushHeaders(this: ServerResponse) {
    stateOf(this).flush();
  },
  write(this: ServerResponse, chunk: unknown, encoding?: unknown, callback?: unknown) {
    const done = lastFunction(encoding, callback);
    return stateOf(this).write(chunk, encodingOf(encoding), done);
  },
  end(this: ServerResponse, chunk?: unknown, encoding?: unknown, callback?: unknown) {
    const done = lastFunction(chunk, encoding, callback);
    const data = typeof chunk === 'function' ? undefined : chunk;
    stateOf(this).end(data, encodingOf(encoding), done);
    return this;
  },
  setHeader(this: ServerResponse, name: string, value: string | number | readonly string[]) {
    if (this.headersSent) throw headersSent('set');
    return base.setHeader.call(this, name, value);
  },
  appendHeader(this: ServerResponse, name: string, value: string | readonly string[]) {
    if (this.headersSent) throw headersSent('append');
    return base.appendHeader.call(this, name, value);
  },
  removeHeader(this: ServerResponse, name: string) {
    if (this.headersSent) throw headersSent('remove');
    base.removeHeader.call(this, name);
  },
  addTrailers(this: ServerResponse, headers: OutgoingHttpHeaders) {
    stateOf(this).addTrailers(headers);
  },
  // There is no frame for an interim reply.
  writeContinue(this: ServerResponse, callback?: () => void) {
    if (callback !== undefined) process.nextTick(callback);
  },
  writeProcessing(this: ServerResponse, callback?: () => void) {
    if (callback !== undefined) process.nextTick(callback);
  },
  writeEarlyHints(this: ServerResponse, _hints: unknown, callback?: () => void) {
    if (callback !== undefined) process.nextTick(callback);
  },
  destroy(this: ServerResponse, error?: Error) {
    this.destroyed = true;
    stateOf(this).socket.destroy(error);
    return this;
  },
  setTimeout(this: ServerResponse, milliseconds: number, listener?: () => void) {
    if (listener !== undefined) this.on('timeout', listener);
    stateOf(this).socket.setTimeout(milliseconds);
    return this;
  },
  push(
    this: ServerResponse,
    target: ServerPushTarget,
    headers: OutgoingHttpHeaders = {},
    options = {},
  ) {
    return pushFor(this, stateOf(this).socket, target, headers, options);
  },
};

const GETTERS: Readonly<Record<string, (state: ResponseBody) => unknown>> = {
  headersSent: (state) => state.head !== null,
  socket: (state) => state.socket,
  connection: (state) => state.socket,
  stream: (state) => state.stream,
  closed: (state) => state.closed,
  writable: (state) => !state.ended && !state.closed,
  writableEnded: (state) => state.ended,
  writableFinished: (state) => state.finished,
  writableLength: (state) => state.stream.writableLength,
  writableHighWaterMark: (state) => state.stream.writableHighWaterMark,
  writableNeedDrain: (state) => !state.ended && !state.closed && state.stream.writableNeedDrain,
};

const OWN_PROPERTIES: PropertyDescriptorMap = {};
for (const [name, value] of Object.entries(METHODS)) {
  OWN_PROPERTIES[name] = { value, writable: true, configurable: true };
}
for (const [name, get] of Object.entries(GETTERS)) {
  OWN_PROPERTIES[name] = {
    configurable: true,
    get(this: unknown) {
      return get(stateOf(this));
    },
    // `http` lets some of them be set; nothing here depends on it.
    set() {},
  };
}

function addHeaders(response: ServerResponse, given: HeadInput): void {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given as OutgoingHttpHeaders)) {
      if (value !== undefined) response.setHeader(name, value);
    }
    return;
  }
  const pairs = Array.isArray(given[0]) ? (given as [string, string][]) : inPairs(given);
  for (const [name] of pairs) response.removeHeader(name);
  for (const [name, value] of pairs) {
    response.appendHeader(name, Array.isArray(value) ? value : String(value));
  }
}

function inPairs(flat: readonly unknown[]): [string, string][] {
  if (flat.length % 2 !== 0) {
    throw httpError(TypeError, 'ERR_INVALID_ARG_VALUE', 'headers must be names and values in turn');
  }
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return pairs;
}

function toBytes(chunk: unknown, encoding: BufferEncoding | undefined): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding ?? 'utf8');
  if (chunk instanceof Uint8Array) return chunk;
  if (chunk === null) {
    throw httpError(TypeError, 'ERR_STREAM_NULL_VALUES', 'May not write null values to stream');
  }
  throw httpError(
    TypeError,
    'ERR_INVALID_ARG_TYPE',
    `The "chunk" argument must be of type string or an instance of Buffer or Uint8Array. Received ${typeof chunk}`,
  );
}

function encodingOf(given: unknown): BufferEncoding | undefined {
  return typeof given === 'string' ? (given as BufferEncoding) : undefined;
}

function lastFunction(...given: unknown[]): Callback | undefined {
  return given.find((argument) => typeof argument === 'function') as Callback | undefined;
}

function headersSent(action: string): Error {
  const message = `Cannot ${action} headers after they are sent to the client`;
  return httpError(Error, 'ERR_HTTP_HEADERS_SENT', message);
}

let date = '';
let dateSecond = 0;

/** The Date field, made once a second. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = new Date(second * 1000).toUTCString();
  }
  return date;
}
