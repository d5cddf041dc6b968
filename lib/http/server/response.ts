import {
  type OutgoingHttpHeaders,
  type ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import type { HeaderList } from '../../protocol/frames.ts';
import type { SpdyStream } from '../../session/public.ts';
import { endToEndFields, toHeaderPairs } from '../headers.ts';
import { httpError } from '../http-error.ts';
import { hasBody, responseToSpdy } from '../message-head.ts';
import {
  type HeadInput,
  headersSent,
  OwnResponse,
  type ResponseCalls,
  type WriteCallback,
} from './own-response.ts';
import type { ServerPushOptions, ServerPushTarget } from './push.ts';
import type { RequestBody } from './request.ts';
import type { ServerSocket } from './socket.ts';

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

/** The reply to a request: the stream gets what is written to the `http.ServerResponse`. */
export class ResponseBody implements ResponseCalls {
  /** What the reply is sent on. */
  readonly stream: SpdyStream;
  /** What `request.socket` is. */
  readonly socket: ServerSocket;
  readonly #response: OwnResponse;
  /** The headers of the SYN_REPLY, once they are settled. */
  #head: HeaderList | null = null;
  #trailers: HeaderList | null = null;
  /** Whether the reply has a body; settled with the head. */
  #hasBody = true;

  constructor(request: RequestBody, stream: SpdyStream, socket: ServerSocket) {
    this.stream = stream;
    this.socket = socket;
    const response = new OwnResponse(request.request, this);
    this.#response = response;
    stream.on('drain', () => {
      response.writableNeedDrain = false;
      response.emit('drain');
    });
    stream.once('finish', () => this.#finish());
    stream.once('close', () => this.close());
  }

  /** What the handler gets. */
  get response(): SpdyResponse {
    return this.#response;
  }

  /** Whether anything can still be answered. */
  get answered(): boolean {
    return this.#head !== null || this.stream.replyHeaders !== null;
  }

  /** Nothing more can be sent. */
  close(): void {
    const response = this.#response;
    if (response.closed) return;
    response.closed = true;
    response.writable = false;
    response.writableNeedDrain = false;
    response.destroyed = true;
    response.emit('close');
  }

  /** Settles the head. It leaves with the first byte of the body. */
  writeHead(statusCode: number, reason: unknown, headers: HeadInput | undefined): void {
    const response = this.#response;
    if (this.#head !== null) throw headersSent('write');
    const code = Number(statusCode) | 0;
    // SYN_REPLY can be sent only once: interim replies have no place.
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
    this.#head = responseToSpdy(
      code,
      statusMessage,
      toHeaderPairs(response.getHeaders() as OutgoingHttpHeaders),
    );
    response.headersSent = true;
  }

  /** Sends the head if it has not left. */
  flush(end = false): void {
    this.settle();
    if (this.stream.replyHeaders !== null || this.#response.closed) return;
    const empty = !this.#hasBody || (end && this.#trailers === null);
    this.stream.respond(this.#head as HeaderList, { endStream: empty });
  }

  /** Settles the head with what was set, through `writeHead()`, which middleware wraps. */
  settle(): void {
    if (this.#head === null) this.#response.writeHead(this.#response.statusCode);
  }

  /** Writes to the body, with the head before its first byte; false: wait for 'drain'. */
  write(
    chunk: unknown,
    encoding: BufferEncoding | undefined,
    callback: WriteCallback | undefined,
  ): boolean {
    const bytes = toBytes(chunk, encoding);
    if (this.#response.writableEnded)
      return this.#refuse('ERR_STREAM_WRITE_AFTER_END', 'write after end', callback);
    if (this.#response.closed || this.stream.destroyed) {
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
    if (bytes.length === 0 && callback !== undefined) process.nextTick(callback);
    const room = bytes.length === 0 || this.stream.write(bytes, callback);
    if (!room) this.#response.writableNeedDrain = true;
    return room;
  }

  /** Ends the reply, perhaps with a last chunk. A head that is settled only now tells the length of the body. */
  end(
    chunk: unknown,
    encoding: BufferEncoding | undefined,
    callback: WriteCallback | undefined,
  ): void {
    const { stream } = this;
    const response = this.#response;
    const bytes = chunk === null || chunk === undefined ? null : toBytes(chunk, encoding);
    if (this.#response.writableEnded) {
      if (bytes !== null) this.#refuse('ERR_STREAM_WRITE_AFTER_END', 'write after end', callback);
      else if (callback !== undefined) this.#whenFinished(callback);
      return;
    }
    if (callback !== undefined) response.once('finish', callback);
    if (this.#head === null) {
      const length = bytes === null ? 0 : bytes.length;
      const { method } = response.req;
      if (hasBody(method ?? 'GET', response.statusCode) && !response.hasHeader('content-length')) {
        response.setHeader('content-length', length);
      }
      this.settle();
    }
    response.writableEnded = true;
    response.finished = true;
    response.writable = false;
    if (this.#response.closed || stream.destroyed) return;
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

  #refuse(code: string, message: string, callback: WriteCallback | undefined): false {
    const error = httpError(Error, code, message);
    process.nextTick(() => {
      callback?.(error);
      // As with `http`, but a response that has ended for whatever reason must not crash a server.
      if (code === 'ERR_STREAM_WRITE_AFTER_END' && this.#response.listenerCount('error') > 0) {
        this.#response.emit('error', error);
      }
    });
    return false;
  }

  #whenFinished(callback: WriteCallback): void {
    if (!this.#response.writableFinished) this.#response.once('finish', callback);
    else
      process.nextTick(
        callback,
        httpError(Error, 'ERR_STREAM_ALREADY_FINISHED', 'end() was called before'),
      );
  }

  #finish(): void {
    if (!this.#response.writableEnded || this.#response.closed) return;
    this.#response.writableFinished = true;
    this.#response.emit('prefinish');
    this.#response.emit('finish');
    process.nextTick(() => this.close());
  }
}

function addHeaders(response: ServerResponse, given: HeadInput): void {
  if (!Array.isArray(given)) {
    const headers = given as OutgoingHttpHeaders;
    for (const name of Object.keys(headers)) {
      const value = headers[name];
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
