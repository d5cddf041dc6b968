import { AsyncResource } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import http from 'node:http';
import { nextTick } from 'node:process';
import { clearTimeout, setTimeout } from 'node:timers';
import { onAbort } from '../../../common/abort.ts';
import { checkDelay } from '../../../common/check.ts';
import type { Session, SpdyStream } from '../../../session/public.ts';
import { type HeaderInput, toHeaderPairs } from '../../headers.ts';
import { givenUp } from '../../http-error.ts';
import { Delivery } from '../exchange/delivery.ts';
import type { ReadyHead } from '../exchange/exchange.ts';
import type { RequestPlan } from './options.ts';
import type { RequestAgent } from './request-agent.ts';
import { type BodyCallback, type BodyOwner, RequestBody } from './request-body.ts';
import { RequestFields } from './request-fields.ts';
import { headText, setFields } from './request-head.ts';
import { tellsEmptyBody } from './request-length.ts';

/**
 * A request in the shape of `http.ClientRequest`: write the body, `end()` it, and listen for 'response'. It goes over SPDY, or over
 * HTTP/1.1 where the server speaks nothing else. Made by `request()` and `agent.request()`. Header fields can be set until they leave,
 * which is behind the listeners of 'socket' at the earliest.
 */
export class ClientRequest extends RequestFields {
  /** In upper case; may be changed until the head leaves. */
  method: string;
  /** Path and query, `host:port` with CONNECT; may be changed until the head leaves. */
  path: string;
  /** Name or address of the server, without port. */
  readonly host: string;
  /** `'https:'` or `'http:'`. */
  readonly protocol: string;
  /** The agent that carries it out: a SpdyAgent. */
  readonly agent: EventEmitter;
  /** Whether `abort()` was called. */
  aborted = false;
  /** Whether the connection had carried other requests before. */
  reusedSocket = false;
  /** Always false: by it Node's streams know that the response is one of a client. */
  readonly upgradeOrConnect = false;
  /** The response once there is one; by SPDY its `req` is this request. */
  res: http.IncomingMessage | null = null;
  /** Milliseconds given to `setTimeout()`, undefined before. */
  timeout: number | undefined;

  /** The context in which it was made: all that it emits comes there. */
  readonly #scope = new AsyncResource('SPDYCLIENTREQUEST');
  readonly #body: RequestBody;
  readonly #delivery: Delivery;
  #head: ReadyHead | null = null;
  #errored: Error | null = null;
  #closed = false;
  #timer: NodeJS.Timeout | null = null;

  /** `request()` and agents make it. @internal */
  constructor(
    agent: RequestAgent,
    plan: RequestPlan,
    callback?: (response: http.IncomingMessage) => void,
  ) {
    super();
    const { target, signal, timeout } = plan;
    setFields(this, plan, target.host);
    this.agent = agent.emitter;
    this.method = plan.method;
    this.path = plan.path;
    this.host = target.hostname;
    this.protocol = `${target.scheme}:`;
    const body = new RequestBody(this as BodyOwner, agent.maxReplayBytes);
    this.#body = body;
    this.#delivery = new Delivery(this, agent, plan, body, () => this.#takeHead());
    if (callback !== undefined) this.on('response', callback);
    if (timeout !== undefined) this.setTimeout(timeout);
    if (signal) this.#heed(signal);
    if (this.hasHeader('expect')) this.flushHeaders();
    this.#delivery.begin();
  }

  /** The response once there is one: the same as `res`. */
  get response(): http.IncomingMessage | null {
    return this.res;
  }

  /** The head as text once it has left, null before: for programs that ask whether it has. */
  get _header(): string | null {
    const head = this.#head;
    return head === null ? null : headText(head.method, head.path, head.fields);
  }

  /** Ignored: `http.OutgoingMessage` sets null when it is made. */
  set _header(_text: string | null) {}

  /** Whether the head has left, so that the header fields can no longer be changed. */
  get headersSent(): boolean {
    return this.#head !== null;
  }

  /** Sends the head now, or as soon as there is a connection, without waiting for the body. */
  flushHeaders(): void {
    this.#delivery.headReady();
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

  /** The session that carries the request: there at 'socket', null before and with HTTP/1.1. */
  get session(): Session | null {
    return this.#delivery.session;
  }

  /** The stream that carries the request, null before there is one and with HTTP/1.1. */
  get stream(): SpdyStream | null {
    return this.#delivery.stream;
  }

  /** Emits 'timeout' when nothing happens for so many milliseconds; 0 switches it off. The request goes on nevertheless. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    if (listener !== undefined) this.once('timeout', listener);
    const delay = checkDelay('timeout', milliseconds);
    this.timeout = delay;
    this.#stopTimer();
    if (!this.#delivery.setTimeout(delay) && delay > 0 && !this.destroyed) {
      this.#timer = setTimeout(() => this.emit('timeout'), delay);
      this.#timer.unref();
    }
    return this;
  }

  /** Writes a piece of the body. False: wait for 'drain'. */
  write(
    chunk: unknown,
    encoding?: BufferEncoding | BodyCallback,
    callback?: BodyCallback,
  ): boolean {
    return this.#body.write(chunk, encoding, callback);
  }

  /** Ends the body, with a last piece if one is given. */
  end(chunk?: unknown, encoding?: BufferEncoding | (() => void), callback?: () => void): this {
    this.finished = true;
    this.#body.end(chunk, encoding, callback);
    // The body waits for the connection to be finished.
    this.#delivery.headReady();
    return this;
  }

  /** The encoding of text that is written without one, before `'utf8'`. */
  setDefaultEncoding(encoding: BufferEncoding): this {
    this.#body.setDefaultEncoding(encoding);
    return this;
  }

  /** Holds pieces of the body back until `uncork()`. */
  cork(): void {
    this.#body.cork();
  }

  /** Lets pieces of the body go that `cork()` held back. */
  uncork(): void {
    this.#body.uncork();
  }

  /** Whether `end()` was called. */
  get writableEnded(): boolean {
    return this.#body.writableEnded;
  }

  /** Whether the whole body was sent. */
  get writableFinished(): boolean {
    return this.#body.writableFinished;
  }

  /** Bytes of the body that wait to be sent. */
  get writableLength(): number {
    return this.#body.writableLength;
  }

  /** Bytes that may wait before `write()` returns false: 16384. */
  get writableHighWaterMark(): number {
    return this.#body.writableHighWaterMark;
  }

  /** How often `uncork()` has to be called until pieces of the body leave. */
  get writableCorked(): number {
    return this.#body.writableCorked;
  }

  /** Whether `write()` has returned false and 'drain' will come. */
  get writableNeedDrain(): boolean {
    return this.#body.writableNeedDrain;
  }

  /** The error that the request was destroyed with, null if there is none. */
  get errored(): Error | null {
    return this.#errored;
  }

  /** Whether 'close' was emitted. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The old name of `destroy()`. */
  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    nextTick(() => this.emit('abort'));
    this.destroy();
  }

  /**
   * Gives the request up: resets its stream with CANCEL, or with the status of a StreamError. An incomplete response fails with the error,
   * of which those are told first who listen for 'error' of the request.
   */
  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#scope.runInAsyncScope(this.#end, this, error);
    return this;
  }

  #heed(signal: AbortSignal): void {
    const stopAbort = onAbort(signal, (cause) => {
      const error = new Error('The operation was aborted', { cause });
      this.destroy(Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' }));
    });
    this.on('close', stopAbort);
  }

  #end(error: Error | undefined): void {
    this.#stopTimer();
    const { res } = this;
    const { active, stream } = this.#delivery;
    const id = stream?.id ?? 0;
    this.#body.release();
    this.#delivery.destroy(error ?? null);
    this.#body.settle();
    this.#body.destroy();
    if (res === null) {
      this.#fail(error ?? givenUp(id, 'a response came', 'socket hang up'), error !== undefined);
    } else if (active) this.#cutOff(res, error, id);
    nextTick(() => {
      this.#closed = true;
      this.emit('close');
    });
  }

  /** As with `http`, the request is told first, and the response behind whatever the caller still does. */
  #cutOff(res: http.IncomingMessage, error: Error | undefined, id: number): void {
    if (error !== undefined) this.#fail(error, false);
    if (res.complete) return;
    res.pause();
    const reason = error ?? givenUp(id, 'its response was complete', 'aborted');
    nextTick(() => res.destroy(reason));
  }

  /** `loud`: not only to those who listen. */
  #fail(error: Error, loud: boolean): void {
    this.#errored = error;
    nextTick(() => {
      if (loud || this.listenerCount('error') > 0) this.emit('error', error);
    });
  }

  #takeHead(): ReadyHead {
    const endStream = this.#measure();
    this.#head = { method: this.method, path: this.path, fields: this.fields, endStream };
    this.#stopTimer();
    return this.#head;
  }

  /** Tells the length of a body that is complete already. Returns whether there is none. */
  #measure(): boolean {
    const { length, trailers } = this.#body;
    // HTTP/1.1 has trailers only behind a body of unknown length.
    if (length === null || trailers.length > 0) return false;
    const told = this.hasHeader('content-length') || this.hasHeader('transfer-encoding');
    if (!told && (length > 0 || tellsEmptyBody(this.method))) {
      this.setHeader('content-length', length);
    }
    return length === 0;
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
