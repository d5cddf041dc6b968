import { AsyncResource } from 'node:async_hooks';
import {
  type OutgoingHttpHeaders,
  type ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import { nextTick } from 'node:process';
import { hearsErrors } from '../../../common/hears-errors.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { SpdyStream } from '../../../session/public.ts';
import { endToEndFields, toHeaderPairs } from '../../headers.ts';
import { httpError } from '../../http-error.ts';
import { hasBody, responseToSpdy } from '../../message-head.ts';
import { addHeaders, fieldsOf, type HeadInput } from './head-input.ts';
import { httpDate } from './http-date.ts';
import {
  headersSent,
  OwnResponse,
  type ResponseCalls,
  type WriteCallback,
} from './own-response.ts';
import {
  type PushRoom,
  pushFor,
  RequestPushes,
  type ServerPushOptions,
  type ServerPushTarget,
} from './push.ts';
import type { RequestBody } from './request.ts';
import type { ServerSocket } from './socket.ts';
import { checkLength } from './strict-length.ts';

/** A response as handlers get it: an `http.ServerResponse`. `stream` and `push` are there when the request came by SPDY. */
export interface SpdyResponse extends ServerResponse {
  /** The SPDY stream; undefined for a request by HTTP/1.1. */
  readonly stream?: SpdyStream | undefined;
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

/** What contexts of responses are called. */
const SCOPE = 'SPDYSERVERRESPONSE';

/** The reply to a request: the stream gets what is written to the `http.ServerResponse`. */
export class Reply implements ResponseCalls {
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
  /** Whether the handler wants no `content-length` that it did not set. */
  #withoutLength = false;
  /** Bytes of the body, when it is complete before the head is settled. */
  #length: number | null = null;
  /** The context of whoever ended the response, or waits for 'drain': as with `http`, what follows of it comes there. */
  #scope: AsyncResource | null = null;
  readonly #pushRoom: PushRoom;
  #pushes: RequestPushes | null = null;

  constructor(request: RequestBody, stream: SpdyStream, socket: ServerSocket, pushRoom: PushRoom) {
    this.#pushRoom = pushRoom;
    this.stream = stream;
    this.socket = socket;
    this.#response = new OwnResponse(request.request, this);
  }

  /** What the handler gets. */
  get response(): SpdyResponse {
    return this.#response;
  }

  /** Whether anything can still be answered. */
  get answered(): boolean {
    return this.#head !== null || this.stream.hasReply;
  }

  /** The body may be written on. */
  drained(): void {
    this.#response.writableNeedDrain = false;
    this.#emit('drain');
  }

  /** All that was written has left. */
  sent(): void {
    if (!this.#response.writableEnded || this.#response.closed) return;
    this.#response.writableFinished = true;
    this.#emit('prefinish');
    this.#emit('finish');
    nextTick(() => this.close());
  }

  /** Nothing more can be sent. */
  close(): void {
    const response = this.#response;
    if (response.closed) return;
    response.closed = true;
    response.writableNeedDrain = false;
    response.destroyed = true;
    this.#emit('close');
  }

  /** Settles the head. It leaves with the first byte of the body. */
  writeHead(statusCode: number, reason: unknown, headers: HeadInput | undefined): void {
    const response = this.#response;
    if (this.#head !== null) throw headersSent('write');
    const code = Number(statusCode) | 0;
    if (code < 100 || code > 999) {
      throw httpError(
        RangeError,
        'ERR_HTTP_INVALID_STATUS_CODE',
        `Invalid status code: ${statusCode}`,
      );
    }
    if (typeof reason === 'string') response.statusMessage = reason;
    else response.statusMessage ||= STATUS_CODES[code] ?? 'unknown';
    response.statusCode = code;
    const { statusMessage } = response;
    if (/[^\t\x20-\x7e\x80-\xff]/.test(statusMessage)) {
      throw httpError(TypeError, 'ERR_INVALID_CHAR', 'Invalid character in statusMessage');
    }
    const given =
      typeof reason === 'string' ? headers : (headers ?? (reason as HeadInput | undefined));
    if (given !== undefined && given !== null) addHeaders(response, given);
    this.#hasBody = hasBody(response.req.method ?? 'GET', code);
    const fields = fieldsOf(response);
    const length = this.#length;
    const lengthIsKnown = length !== null && this.#hasBody && !this.#withoutLength;
    if (lengthIsKnown && !response.hasHeader('content-length'))
      fields.push(['content-length', String(length)]);
    if (response.sendDate && !response.hasHeader('date')) fields.push(['date', httpDate()]);
    this.#head = responseToSpdy(code, statusMessage, fields, this.socket.session.version);
    response.headersSent = true;
    response._header = `HTTP/1.1 ${code} ${statusMessage}\r\n\r\n`;
  }

  /** Sends the head if it has not left. */
  flush(end = false): void {
    this.settle();
    if (this.stream.hasReply || this.#isEnded()) return;
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
    if (this.#isEnded()) {
      return this.#refuse(
        'ERR_STREAM_DESTROYED',
        'Cannot call write after a stream was destroyed',
        callback,
      );
    }
    this.settle();
    if (!this.#hasBody) {
      if (callback !== undefined) nextTick(callback);
      return true;
    }
    checkLength(this.#response, this.socket.bytesWritten + bytes.length, false);
    this.flush();
    if (bytes.length === 0 && callback !== undefined) nextTick(callback);
    const done = callback === undefined ? undefined : AsyncResource.bind(callback);
    const room = bytes.length === 0 || this.stream.write(bytes, done);
    this.socket.bytesWritten += bytes.length;
    if (!room) {
      this.#response.writableNeedDrain = true;
      this.#scope = new AsyncResource(SCOPE);
    }
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
      this.#length = bytes === null ? 0 : bytes.length;
      this.settle();
    }
    if (this.#hasBody) checkLength(response, this.socket.bytesWritten + (bytes?.length ?? 0), true);
    response.writableEnded = true;
    response.finished = true;
    this.#scope = new AsyncResource(SCOPE);
    if (this.#isEnded()) return;
    const body = this.#hasBody && bytes !== null && bytes.length > 0 ? bytes : null;
    this.flush(body === null);
    if (stream.writableEnded) return;
    if (body !== null) {
      this.socket.bytesWritten += body.length;
      stream.write(body);
    }
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

  /** Pushes a resource. */
  push(
    target: ServerPushTarget,
    headers: OutgoingHttpHeaders,
    options: ServerPushOptions,
  ): SpdyStream {
    const push = pushFor(this.#response, this.socket, target, headers, options);
    this.#pushes ??= new RequestPushes(this.stream, this.#pushRoom);
    this.#pushes.add(push);
    return push;
  }

  /** The handler has taken a field away. */
  removed(name: string): void {
    if (name.toLowerCase() === 'content-length') this.#withoutLength = true;
  }

  /** Whether nothing that is written now would leave. */
  #isEnded(): boolean {
    return this.#response.destroyed || this.socket.destroyed;
  }

  #refuse(code: string, message: string, callback: WriteCallback | undefined): false {
    const error = httpError(Error, code, message);
    nextTick(() => {
      callback?.(error);
      // As with `http`, but a response that has ended for whatever reason must not crash a server.
      const late = code === 'ERR_STREAM_WRITE_AFTER_END' && !this.response.destroyed;
      if (late && hearsErrors(this.response)) this.response.emit('error', error);
    });
    return false;
  }

  #whenFinished(callback: WriteCallback): void {
    if (!this.#response.writableFinished) this.#response.once('finish', callback);
    else {
      const error = httpError(Error, 'ERR_STREAM_ALREADY_FINISHED', 'end() was called before');
      nextTick(callback, error);
    }
  }

  #emit(event: string): void {
    if (this.#scope === null) this.#response.emit(event);
    else this.#scope.runInAsyncScope(this.#response.emit, this.#response, event);
  }
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
