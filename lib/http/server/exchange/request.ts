import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { nextTick } from 'node:process';
import type { Readable } from 'node:stream';
import { SpdyError } from '../../../errors.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { SpdyStream } from '../../../session/public.ts';
import {
  endToEndFields,
  toDistinctHeaders,
  toIncomingHeaders,
  toRawHeaders,
} from '../../headers.ts';
import { httpError } from '../../http-error.ts';
import type { ParsedRequest } from '../../message-head.ts';
import type { ServerSocket } from './socket.ts';
import { readBody } from './stream-owner.ts';

/** A request as handlers get it: an `http.IncomingMessage`. `stream` and `scheme` are there when it came by SPDY. */
export interface SpdyRequest extends IncomingMessage {
  /** The SPDY stream; undefined for a request by HTTP/1.1. */
  readonly stream?: SpdyStream | undefined;
  /** `https` or `http`, as the client says. */
  readonly scheme?: string | undefined;
}

/** What a request tells the exchange that it is half of. */
export interface RequestOwner {
  /** The body is not as long as announced. */
  lengthMismatch(): void;
}

const NO_HEADERS: HeaderList = [];

/** Where the state of a request is kept. */
const STATE = Symbol('request');

interface StatefulRequest extends IncomingMessage {
  [STATE]: RequestBody;
  stream: SpdyStream;
  scheme: string;
}

/** The body of a request: bytes of the stream go into the `IncomingMessage` as fast as they are read from it. */
export class RequestBody {
  /** What the handler gets. */
  readonly request: SpdyRequest;
  /** `headersDistinct` of the request, once somebody has asked for it. */
  distinctHeaders: NodeJS.Dict<string[]> | null = null;
  readonly #stream: SpdyStream;
  readonly #owner: RequestOwner;
  readonly #socket: ServerSocket;
  readonly #contentLength: number | null;
  /** Headers that came behind the first ones. */
  #trailers: HeaderList = NO_HEADERS;
  #received = 0;
  #started = false;
  /** The end of the request is no matter of the stream any more. */
  #detached = false;
  /** Bytes go nowhere. */
  #discarding = false;

  constructor(
    stream: SpdyStream,
    head: ParsedRequest,
    socket: ServerSocket,
    ended: boolean,
    owner: RequestOwner,
  ) {
    this.#stream = stream;
    this.#owner = owner;
    this.#socket = socket;
    this.#contentLength = head.contentLength;
    const request = new IncomingMessage(socket as unknown as Socket) as StatefulRequest;
    this.request = request;
    fillHead(request, head, ended);
    request.stream = stream;
    request.scheme = head.scheme;
    request[STATE] = this;
    request._read = read;
    request._destroy = destroy;
    if (!ended) return;
    request.complete = true;
    request.push(null);
    // Its end has to be taken for the stream to close: behind it, what a reader does that waits for bytes would be for nothing.
    nextTick(takeEnd, stream);
  }

  /** Whether the body is complete: what came is what was announced. */
  get complete(): boolean {
    return this.request.complete;
  }

  /** Whether the handler takes the body itself. */
  get consumed(): boolean {
    const { request } = this;
    return (
      this.#started && (request.listenerCount('data') > 0 || request.listenerCount('readable') > 0)
    );
  }

  /** Bytes that are still to come, if that was announced. */
  get missingBytes(): number | null {
    return this.#contentLength === null ? null : this.#contentLength - this.#received;
  }

  /** The request ends before its end: 'aborted', 'error' for those who listen, 'close'. */
  abort(cause: Error | null): void {
    const { request } = this;
    if (request.destroyed || (request.complete && request.readableEnded)) return;
    // It may be here although nobody has read it.
    request.complete ||= this.#stream.inputEnded && this.#isWhole(this.#stream.bytesRead);
    this.#detached = true;
    request.destroy(httpError(Error, 'ECONNRESET', 'aborted', cause === null ? {} : { cause }));
  }

  /** Takes the rest of the body away: `taken` hears of each piece. */
  discard(taken: (bytes: number) => void): void {
    this.#discarding = true;
    this.#start();
    this.#stream.on('data', (chunk: Buffer) => taken(chunk.length));
    this.#stream.resume();
    this.request.removeAllListeners('data');
    this.request.resume();
  }

  /** Nobody reads the body, which is complete: it ends nevertheless. */
  drop(): void {
    const { request } = this;
    if (request.readableLength > 0) request.resume();
    else takeEnd(request);
  }

  /** `_read()` of the message. */
  read(): void {
    this.#start();
    this.#stream.resume();
  }

  /** `_destroy()` of the message. */
  destroyed(error: Error | null, done: (error?: Error | null) => void): void {
    const { request } = this;
    this.#discarding = true;
    if (!request.complete || !request.readableEnded) {
      request.aborted = true;
      request.emit('aborted');
    }
    // As with `http`: who does not listen is not hurt.
    nextTick(() => done(request.listenerCount('error') > 0 ? error : null));
    // Node's streams take the socket away from a request that they destroy (`break` in `for await`, pipeline()): it is answered still.
    if (request.aborted && !this.#detached && request.socket !== null) this.#socket.destroy(error);
  }

  /** Whether a body with so many bytes is as long as announced. */
  #isWhole(bytes: number): boolean {
    return this.#contentLength === null || this.#contentLength === bytes;
  }

  #start(): void {
    if (this.#started || this.complete) return;
    this.#started = true;
    readBody(this.#stream);
  }

  /** Headers came behind the first ones. */
  addTrailers(headers: HeaderList): void {
    this.#trailers = [...this.#trailers, ...headers];
  }

  /** A piece came. */
  take(chunk: Buffer): void {
    if (this.request.destroyed) return;
    this.#received += chunk.length;
    if (this.#contentLength !== null && this.#received > this.#contentLength) {
      this.#fail();
      return;
    }
    if (!this.#discarding && !this.request.push(chunk)) this.#stream.pause();
  }

  /** All of it came. */
  finish(): void {
    const { request } = this;
    if (request.destroyed) return;
    if (!this.#isWhole(this.#received)) {
      this.#fail();
      return;
    }
    if (this.#trailers.length > 0) fillTrailers(request, this.#trailers);
    request.complete = true;
    request.push(null);
  }

  #fail(): void {
    this.#discarding = true;
    this.#owner.lengthMismatch();
    const message = 'the body of the request is not as long as its content-length';
    this.abort(new SpdyError('ERR_SPDY_PROTOCOL', message, 'peer'));
  }
}

/** Reads a Readable that has nothing but its end. */
function takeEnd(input: Readable): void {
  input.read(0);
}

/** Gives the message its head. Everything is an own property, or set by an accessor that is there for it. */
function fillHead(request: IncomingMessage, head: ParsedRequest, ended: boolean): void {
  const { httpVersion } = head;
  const rawHeaders = toRawHeaders(head.headers, head.host === '' ? null : head.host);
  // Body parsers and proxies look for one of two fields to know that there is a body.
  if (!ended && head.contentLength === null) rawHeaders.push('transfer-encoding', 'chunked');
  request.method = head.method;
  request.url = head.path;
  request.httpVersion = httpVersion;
  request.httpVersionMajor = Number(httpVersion[0]);
  request.httpVersionMinor = Number(httpVersion[2]);
  request.rawHeaders = rawHeaders;
  request.headers = toIncomingHeaders(rawHeaders);
  Object.defineProperty(request, 'headersDistinct', DISTINCT_HEADERS);
}

function fillTrailers(request: IncomingMessage, trailers: HeaderList): void {
  const rawTrailers = toRawHeaders(endToEndFields(trailers));
  request.rawTrailers = rawTrailers;
  request.trailers = toIncomingHeaders(rawTrailers) as NodeJS.Dict<string>;
  request.trailersDistinct = toDistinctHeaders(rawTrailers);
}

// Own properties of each message: they stay when a framework changes its prototype.

/** Few ask for it, so it is made when they do. */
const DISTINCT_HEADERS: PropertyDescriptor & ThisType<StatefulRequest> = {
  configurable: true,
  get(): NodeJS.Dict<string[]> {
    this[STATE].distinctHeaders ??= toDistinctHeaders(this.rawHeaders);
    return this[STATE].distinctHeaders;
  },
  set(headers: NodeJS.Dict<string[]>): void {
    this[STATE].distinctHeaders = headers;
  },
};

function read(this: IncomingMessage): void {
  (this as StatefulRequest)[STATE].read();
}

function destroy(
  this: IncomingMessage,
  error: Error | null,
  done: (error?: Error | null) => void,
): void {
  (this as StatefulRequest)[STATE].destroyed(error, done);
}
