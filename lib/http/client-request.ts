import http from 'node:http';
import { type Duplex, Writable, type WritableOptions } from 'node:stream';
import { InvalidStateError, StreamError } from '../errors.ts';
import { CANCEL } from '../protocol/constants.ts';
import type { Header, HeaderList } from '../protocol/frames.ts';
import type { SpdyStream } from '../session/stream.ts';
import {
  type Exchange,
  type ExchangeHost,
  HttpExchange,
  type Link,
  type ResponseRules,
  SpdyExchange,
} from './client-exchange.ts';
import type { RequestPlan } from './client-options.ts';
import type { PushedRequest } from './client-push.ts';
import type { ClientResponse } from './client-response.ts';
import { toHeaderPairs } from './headers.ts';

/** What a request needs of its agent. */
export interface RequestAgent extends ResponseRules {
  /** How often a request is tried again that the server surely did not process. */
  readonly maxRetries: number;
  /** Bytes of a request body that are kept for that. */
  readonly maxReplayBytes: number;
  /** Opens or finds a way to the server. */
  link(plan: RequestPlan): Promise<Link>;
  /** Whether pushes are taken that the request itself does not listen for. */
  readonly wantsPush: boolean;
  /** A push came; `taken` if the request listened for it. */
  pushed(plan: RequestPlan, request: PushedRequest, response: ClientResponse, taken: boolean): void;
  retried(plan: RequestPlan): void;
}

/** Events of a ClientRequest with their arguments: those of `http.ClientRequest`, and 'push'. */
export interface ClientRequestEvents {
  abort: [];
  close: [];
  /** Answer to CONNECT; `socket` is the tunnel. */
  connect: [response: http.IncomingMessage, socket: Duplex, head: Buffer];
  continue: [];
  drain: [];
  error: [error: Error];
  finish: [];
  /** An interim response (HTTP/1.1 only: SPDY has none). */
  information: [info: http.InformationEvent];
  /** The server pushes a resource that belongs to this request. Without a listener here or at the agent it is refused. */
  push: [request: PushedRequest, response: ClientResponse];
  response: [response: http.IncomingMessage];
  /** The connection, shared by all requests of a session. */
  socket: [socket: Duplex];
  timeout: [];
  /** Answer to an `upgrade` field (HTTP/1.1 only). */
  upgrade: [response: http.IncomingMessage, socket: Duplex, head: Buffer];
}

/** A Writable with the events of a ClientRequest. */
interface EventedWritable extends Writable {
  addListener<K extends keyof ClientRequestEvents>(
    event: K,
    listener: (...args: ClientRequestEvents[K]) => void,
  ): this;
  on<K extends keyof ClientRequestEvents>(
    event: K,
    listener: (...args: ClientRequestEvents[K]) => void,
  ): this;
  once<K extends keyof ClientRequestEvents>(
    event: K,
    listener: (...args: ClientRequestEvents[K]) => void,
  ): this;
  off<K extends keyof ClientRequestEvents>(
    event: K,
    listener: (...args: ClientRequestEvents[K]) => void,
  ): this;
  removeListener<K extends keyof ClientRequestEvents>(
    event: K,
    listener: (...args: ClientRequestEvents[K]) => void,
  ): this;
}

const RequestWritable: new (options?: WritableOptions) => EventedWritable = Writable as new (
  options?: WritableOptions,
) => EventedWritable;

type Done = (error?: Error | null) => void;

/** Methods whose requests have a body as a rule, so that an empty one is told. */
const BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Milliseconds before the second retry; each further one waits longer. */
const RETRY_DELAY = 20;

/**
 * A request in the shape of `http.ClientRequest`: write the body, `end()` it, and listen for 'response'. It goes over SPDY, or over
 * HTTP/1.1 where the server speaks nothing else. Made by `request()` and `agent.request()`.
 */
export class ClientRequest extends RequestWritable {
  readonly method: string;
  readonly path: string;
  /** Name of the server with its port, unless that is the default one. */
  readonly host: string;
  readonly protocol: string;
  /** Whether the request was destroyed before its response was complete. */
  aborted = false;
  /** Whether the connection had carried other requests before. */
  reusedSocket = false;
  /** The connection once there is one: shared by all requests of a session. */
  socket: Duplex | null = null;
  /** The response once there is one. */
  response: http.IncomingMessage | null = null;

  readonly #agent: RequestAgent;
  readonly #plan: RequestPlan;
  /** Keeps and checks header fields as every request of `http` does. */
  readonly #head = new http.OutgoingMessage();
  #headFlushed = false;
  #link: Link | null = null;
  #exchange: Exchange | null = null;
  /** Body bytes that would be needed again, null when they are not kept. */
  #kept: Buffer[] | null = [];
  #keptBytes = 0;
  #writing: { chunks: readonly Buffer[]; done: Done } | null = null;
  #ending: Done | null = null;
  /** The whole body was handed over. */
  #bodyEnded = false;
  #retries = 0;
  #timeoutMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    agent: RequestAgent,
    plan: RequestPlan,
    callback?: (response: http.IncomingMessage) => void,
  ) {
    super({ autoDestroy: false, highWaterMark: 16384 });
    const { target, options } = plan;
    this.#agent = agent;
    this.#plan = plan;
    this.method = plan.method;
    this.path = plan.path;
    this.host = target.host;
    this.protocol = `${target.scheme}:`;
    if (options.headers !== undefined) {
      for (const [name, value] of toHeaderPairs(options.headers)) {
        this.#head.appendHeader(name, value);
      }
    }
    if (options.auth && !this.#head.hasHeader('authorization')) {
      const credentials = Buffer.from(options.auth).toString('base64');
      this.#head.setHeader('authorization', `Basic ${credentials}`);
    }
    if (callback !== undefined) this.once('response', callback);
    if (options.timeout !== undefined) this.setTimeout(options.timeout);
    if (options.signal !== undefined) this.#abortOn(options.signal);
    if (this.#head.hasHeader('expect')) this.flushHeaders();
    process.nextTick(() => this.#connect());
  }

  // The head

  /** Whether the header fields can no longer be changed. */
  get headersSent(): boolean {
    return this.#headFlushed;
  }

  /** @throws Error once the headers are sent, and for a name or value that no field can have */
  setHeader(name: string, value: number | string | readonly string[]): this {
    this.#assertHeadOpen();
    this.#head.setHeader(name, value);
    return this;
  }

  /** Adds a value to a field. */
  appendHeader(name: string, value: string | readonly string[]): this {
    this.#assertHeadOpen();
    this.#head.appendHeader(name, value);
    return this;
  }

  removeHeader(name: string): void {
    this.#assertHeadOpen();
    this.#head.removeHeader(name);
  }

  getHeader(name: string): number | string | string[] | undefined {
    return this.#head.getHeader(name);
  }

  getHeaders(): http.OutgoingHttpHeaders {
    return this.#head.getHeaders();
  }

  getHeaderNames(): string[] {
    return this.#head.getHeaderNames();
  }

  hasHeader(name: string): boolean {
    return this.#head.hasHeader(name);
  }

  /** Sends the headers now, without waiting for the body. */
  flushHeaders(): void {
    if (this.#headFlushed) return;
    this.#headFlushed = true;
    this.#open();
  }

  // The connection

  /** The stream that carries the request, null before there is one and with HTTP/1.1. */
  get stream(): SpdyStream | null {
    return this.#exchange?.stream ?? null;
  }

  /** Emits 'timeout' when nothing happens for so many milliseconds; 0 switches it off. The request goes on nevertheless. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    if (listener !== undefined) this.once('timeout', listener);
    this.#timeoutMs = milliseconds;
    this.#stopTimer();
    if (this.#exchange !== null) this.#exchange.setTimeout(milliseconds);
    else if (milliseconds > 0 && !this.destroyed) {
      this.#timer = setTimeout(() => this.emit('timeout'), milliseconds);
      this.#timer.unref();
    }
    return this;
  }

  /** Does nothing: SPDY connections never wait to send. */
  setNoDelay(): void {}

  /** Does nothing: see the option `session.keepAlive` of the agent. */
  setSocketKeepAlive(): void {}

  /** The old name of `destroy()`. */
  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    process.nextTick(() => this.emit('abort'));
    this.destroy();
  }

  // The Writable

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#take([chunk], done);
  }

  override _writev(pieces: { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    this.#take(
      pieces.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: Done): void {
    this.#ending = done;
    this.#bodyEnded = true;
    if (this.#exchange === null) this.flushHeaders();
    else this.#end(this.#exchange);
  }

  override end(...args: unknown[]): this {
    super.end(...(args as []));
    // `_final` waits for the body, which may wait for the connection.
    this.flushHeaders();
    return this;
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#stopTimer();
    const { response } = this;
    const exchange = this.#exchange;
    const link = this.#link;
    this.#link = null;
    this.#kept = null;
    if (exchange === null) link?.release();
    if (response !== null) {
      if (exchange !== null && !response.complete) {
        this.aborted = true;
        response.destroy(error ?? undefined);
      }
      exchange?.destroy(null);
      // As with `http`: it is the response that fails now.
      done(null);
      return;
    }
    exchange?.destroy(error);
    this.#settleBody();
    if (error === null && this.listenerCount('error') > 0) {
      const { id = 0 } = exchange?.stream ?? {};
      const message = 'the request was destroyed before a response came';
      done(new StreamError('ERR_SPDY_ABORTED', message, id, CANCEL, 'local'));
      return;
    }
    done(error);
  }

  // Carrying it out

  #connect(): void {
    if (this.destroyed) return;
    this.#agent.link(this.#plan).then(
      (link) => {
        if (this.destroyed) {
          link.release();
          return;
        }
        this.#link = link;
        this.reusedSocket = link.reused;
        this.#open();
      },
      (error: Error) => this.destroy(error),
    );
  }

  /** Begins as soon as there are a connection and headers. */
  #open(): void {
    const link = this.#link;
    if (link === null || !this.#headFlushed || this.#exchange !== null || this.destroyed) return;
    const endStream = this.#announceLength();
    try {
      this.#exchange = this.#begin(link, endStream);
    } catch (error) {
      this.#link = null;
      link.release();
      // The session has begun to close since it was found.
      this.#failed(error as Error, (error as { code?: string }).code === 'ERR_SPDY_SESSION_CLOSED');
      return;
    }
    this.#stopTimer();
    if (this.#timeoutMs > 0) this.#exchange.setTimeout(this.#timeoutMs);
    this.#sendBody(this.#exchange);
  }

  #begin(link: Link, endStream: boolean): Exchange {
    const host = this.#hostOf(link);
    if (link.protocol === 'http/1.1') {
      return new HttpExchange(host, link, this.#plan, this.#head.getHeaders(), endStream);
    }
    return new SpdyExchange(host, link, this.#plan, this.#fields(), endStream, this.#agent);
  }

  /** Tells the length of a body that is complete already. Returns whether there is none. */
  #announceLength(): boolean {
    if (!this.writableEnded || this.#kept === null) return false;
    const inWork = this.#writing?.chunks.reduce((sum, { length }) => sum + length, 0) ?? 0;
    const length = this.#keptBytes + this.writableLength - inWork;
    if (this.#head.hasHeader('content-length') || this.#head.hasHeader('transfer-encoding')) {
      return length === 0;
    }
    if (length > 0 || BODY_METHODS.has(this.method)) {
      this.#head.setHeader('content-length', length);
    }
    return length === 0;
  }

  #fields(): HeaderList {
    const fields: Header[] = [];
    for (const [name, value] of Object.entries(this.#head.getHeaders())) {
      for (const item of Array.isArray(value) ? value : [value]) fields.push([name, String(item)]);
    }
    return fields;
  }

  /** Sends what an earlier attempt has sent, and what waits. */
  #sendBody(exchange: Exchange): void {
    const waiting = this.#writing?.chunks.length ?? 0;
    const kept = this.#kept ?? [];
    for (const chunk of kept.slice(0, kept.length - waiting)) exchange.write(chunk, () => {});
    if (this.#writing !== null) this.#write(exchange, this.#writing.chunks);
    if (this.#bodyEnded) this.#end(exchange);
  }

  #take(chunks: readonly Buffer[], done: Done): void {
    this.#writing = { chunks, done };
    if (this.#kept !== null) {
      for (const chunk of chunks) this.#keptBytes += chunk.length;
      this.#kept.push(...chunks);
    }
    const exchange = this.#exchange;
    if (exchange === null) {
      // What follows in the same tick still counts for `content-length`.
      process.nextTick(() => this.flushHeaders());
      return;
    }
    this.#limitKept();
    this.#write(exchange, chunks);
  }

  #write(exchange: Exchange, chunks: readonly Buffer[]): void {
    chunks.forEach((chunk, i) => {
      exchange.write(chunk, (error) => {
        // An error is told when the stream closes, unless another attempt follows.
        if (i + 1 < chunks.length || error || exchange !== this.#exchange) return;
        this.#limitKept();
        const done = this.#writing?.done;
        this.#writing = null;
        done?.();
      });
    });
  }

  #end(exchange: Exchange): void {
    exchange.end(() => {
      if (exchange !== this.#exchange) return;
      const done = this.#ending;
      this.#ending = null;
      done?.();
    });
  }

  #limitKept(): void {
    if (this.#keptBytes > this.#agent.maxReplayBytes) this.#kept = null;
  }

  #hostOf(link: Link): ExchangeHost {
    const agent = this.#agent;
    return {
      connected: (socket) => {
        this.socket = socket;
        if (socket !== null) process.nextTick(() => this.emit('socket', socket));
      },
      continued: () => this.emit('continue'),
      information: (info) => this.emit('information', info),
      timedOut: () => this.emit('timeout'),
      answered: (response) => this.#answered(response),
      switched: (event, response, socket, head) => {
        this.response = response;
        this.#exchange = null;
        this.#link = null;
        if (!this.emit(event, response, socket, head)) socket.destroy();
        this.#settleBody();
        this.destroy();
      },
      wantsPush: () => this.listenerCount('push') > 0 || agent.wantsPush,
      wantsUpgrade: () => this.listenerCount('upgrade') > 0,
      pushed: (request, response) => {
        const taken = this.emit('push', request, response);
        agent.pushed(this.#plan, request, response, taken);
      },
      closed: (error, unprocessed) => {
        link.release();
        this.#closed(error, unprocessed);
      },
    };
  }

  #answered(response: http.IncomingMessage): void {
    this.#kept = null;
    this.response = response;
    if (this.destroyed) response.destroy();
    else if (!this.emit('response', response)) response.resume();
  }

  #closed(error: Error | null, unprocessed: boolean): void {
    this.#link = null;
    this.#exchange = null;
    if (error !== null) {
      this.#failed(error, unprocessed);
      return;
    }
    this.#settleBody();
    if (!this.destroyed) this.destroy();
  }

  #failed(error: Error, unprocessed: boolean): void {
    if (this.destroyed) return;
    const again = unprocessed && this.#kept !== null && this.#retries < this.#agent.maxRetries;
    if (!again) {
      this.destroy(error);
      return;
    }
    this.#agent.retried(this.#plan);
    const delay = RETRY_DELAY * this.#retries;
    this.#retries++;
    if (delay === 0) this.#connect();
    else setTimeout(() => this.#connect(), delay);
  }

  /** Whoever still writes is not left waiting. */
  #settleBody(): void {
    const writing = this.#writing;
    const ending = this.#ending;
    this.#writing = null;
    this.#ending = null;
    writing?.done();
    ending?.();
  }

  /** `addAbortSignal()` would look away as soon as the body is written. */
  #abortOn(signal: AbortSignal): void {
    const abort = (): void => {
      const { reason } = signal;
      const error = new Error('The operation was aborted', { cause: reason });
      this.destroy(Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' }));
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    this.once('close', () => signal.removeEventListener('abort', abort));
  }

  #assertHeadOpen(): void {
    if (this.#headFlushed) throw new InvalidStateError('the headers were sent already');
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
