import http from 'node:http';
import type { Duplex } from 'node:stream';
import { onAbort } from '../../common/abort.ts';
import { StreamError } from '../../errors.ts';
import { CANCEL } from '../../protocol/constants.ts';
import type { SpdyStream } from '../../session/public.ts';
import { type HeaderInput, toHeaderPairs } from '../headers.ts';
import {
  type Exchange,
  type ExchangeHost,
  HttpExchange,
  type Link,
  type ResponseRules,
  SpdyExchange,
} from './exchange.ts';
import { HeadedRequest } from './head.ts';
import type { RequestPlan } from './options.ts';
import type { PushedRequest } from './push.ts';
import { RequestBody } from './request-body.ts';
import type { ClientResponse } from './response.ts';

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

type Done = (error?: Error | null) => void;

/** Methods whose requests have a body as a rule, so that an empty one is told. */
const BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Milliseconds before the second retry; each further one waits longer. */
const RETRY_DELAY = 20;

/**
 * A request in the shape of `http.ClientRequest`: write the body, `end()` it, and listen for 'response'. It goes over SPDY, or over
 * HTTP/1.1 where the server speaks nothing else. Made by `request()` and `agent.request()`.
 */
export class ClientRequest extends HeadedRequest {
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
  readonly #body: RequestBody;
  #link: Link | null = null;
  #exchange: Exchange | null = null;
  #retries = 0;
  #timeoutMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    agent: RequestAgent,
    plan: RequestPlan,
    callback?: (response: http.IncomingMessage) => void,
  ) {
    const { target, options } = plan;
    super(options);
    this.#agent = agent;
    this.#plan = plan;
    this.#body = new RequestBody(agent.maxReplayBytes);
    this.method = plan.method;
    this.path = plan.path;
    this.host = target.host;
    this.protocol = `${target.scheme}:`;
    if (callback !== undefined) this.once('response', callback);
    if (options.timeout !== undefined) this.setTimeout(options.timeout);
    const stopAbort = onAbort(options.signal, (cause) => {
      const error = new Error('The operation was aborted', { cause });
      this.destroy(Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' }));
    });
    this.once('close', stopAbort);
    if (this.hasHeader('expect')) this.flushHeaders();
    process.nextTick(() => this.#connect());
  }

  /**
   * Sends fields behind the body. Call it before `end()`.
   *
   * @throws TypeError for a name or value that no field can have
   */
  addTrailers(trailers: HeaderInput): void {
    const pairs = toHeaderPairs(trailers);
    for (const [name, value] of pairs) {
      http.validateHeaderName(name);
      http.validateHeaderValue(name, value);
    }
    this.#body.trailers = [...this.#body.trailers, ...pairs];
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
    this.#body.finish(done);
    this.flushHeaders();
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
    this.#body.release();
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
    this.#body.settle();
    if (error === null && this.listenerCount('error') > 0) {
      const { id = 0 } = exchange?.stream ?? {};
      const message = 'the request was destroyed before a response came';
      done(new StreamError('ERR_SPDY_ABORTED', message, id, CANCEL, 'local'));
      return;
    }
    done(error);
  }

  // Carrying it out

  protected headReady(): void {
    this.#open();
  }

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
    if (link === null || !this.headersSent || this.#exchange !== null || this.destroyed) return;
    const endStream = this.#measure();
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
    this.#body.sendTo(this.#exchange);
  }

  #begin(link: Link, endStream: boolean): Exchange {
    const host = this.#hostOf(link);
    if (link.protocol === 'http/1.1') {
      return new HttpExchange(host, link, this.#plan, this.getHeaders(), endStream);
    }
    return new SpdyExchange(host, link, this.#plan, this.fields(), endStream, this.#agent);
  }

  /** Tells the length of a body that is complete already. Returns whether there is none. */
  #measure(): boolean {
    const length = this.writableEnded ? this.#body.lengthWith(this.writableLength) : null;
    // HTTP/1.1 has trailers only behind a body of unknown length.
    if (length === null || this.#body.trailers.length > 0) return false;
    if (length > 0 || BODY_METHODS.has(this.method)) this.announceLength(length);
    return length === 0;
  }

  #take(chunks: readonly Buffer[], done: Done): void {
    this.#body.take(chunks, done);
    // What follows in the same tick still counts for `content-length`.
    if (!this.headersSent) process.nextTick(() => this.flushHeaders());
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
        this.#body.settle();
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
    this.#body.release();
    this.response = response;
    if (this.destroyed) response.destroy();
    else if (!this.emit('response', response)) response.resume();
  }

  #closed(error: Error | null, unprocessed: boolean): void {
    this.#link = null;
    this.#exchange = null;
    this.#body.detach();
    if (error !== null) {
      this.#failed(error, unprocessed);
      return;
    }
    this.#body.settle();
    if (!this.destroyed) this.destroy();
  }

  #failed(error: Error, unprocessed: boolean): void {
    if (this.destroyed) return;
    const again = unprocessed && this.#body.repeatable && this.#retries < this.#agent.maxRetries;
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

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
