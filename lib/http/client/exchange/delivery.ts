import type http from 'node:http';
import { nextTick } from 'node:process';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers';
import type { Session, SpdyStream } from '../../../session/public.ts';
import type { Link } from '../connection/link.ts';
import type { Recorded } from '../har/har-recording.ts';
import type { RequestPlan } from '../request/options.ts';
import type { PushedRequest } from '../request/push.ts';
import type { RequestAgent } from '../request/request-agent.ts';
import type { RequestBody } from '../request/request-body.ts';
import { ClientResponse } from '../request/response.ts';
import { type ChannelObserver, observerOf, type RequestObserver } from './channels.ts';
import { type Exchange, type ExchangeHost, type Fate, fateOf, type ReadyHead } from './exchange.ts';
import { HttpExchange } from './http-exchange.ts';
import { SpdyExchange } from './spdy-exchange.ts';

/** The request that is delivered, as far as that matters here. */
export interface Delivered extends Recorded {
  readonly destroyed: boolean;
  reusedSocket: boolean;
  socket: Duplex | null;
  res: http.IncomingMessage | null;
  listenerCount(event: string): number;
  emit(event: string, ...args: unknown[]): boolean;
  setTimeout(milliseconds: number): unknown;
  destroy(error?: Error): unknown;
}

/** Milliseconds before the second retry; each further one waits longer. */
const RETRY_DELAY = 20;

/**
 * Carries a request out: finds a way to the server, sends the head as soon as there are both, and tries again what the server surely did
 * not process.
 */
export class Delivery implements ExchangeHost {
  readonly #request: Delivered;
  readonly #agent: RequestAgent;
  readonly #plan: RequestPlan;
  readonly #body: RequestBody;
  readonly #takeHead: () => ReadyHead;
  #link: Link | null = null;
  #exchange: Exchange | null = null;
  /** The exchange has its connection. */
  #connected = false;
  /** The head may leave. */
  #ready = false;
  /** The head of earlier attempts. */
  #head: ReadyHead | null = null;
  /** The exchange has sent the head. */
  #opened = false;
  #retries = 0;
  #timeoutMs = 0;
  /** It has looked for a way. */
  #begun = false;
  #observer: ChannelObserver | null = null;
  #recording: RequestObserver | null = null;

  /** `takeHead` is called once, when the head leaves: its fields are final then. */
  constructor(
    request: Delivered,
    agent: RequestAgent,
    plan: RequestPlan,
    body: RequestBody,
    takeHead: () => ReadyHead,
  ) {
    this.#request = request;
    this.#agent = agent;
    this.#plan = plan;
    this.#body = body;
    this.#takeHead = takeHead;
  }

  /** The session that carries the request, null before there is one and with HTTP/1.1. */
  get session(): Session | null {
    const link = this.#link;
    return link?.protocol === 'spdy' ? link.way.session : null;
  }

  /** The stream that carries the request, null before there is one and with HTTP/1.1. */
  get stream(): SpdyStream | null {
    return this.#exchange?.stream ?? null;
  }

  /** The request was made: looks for a way to the server, behind what is done with it now. */
  begin(): void {
    const { har } = this.#agent;
    this.#observer = observerOf(this.#request);
    if (har !== null)
      this.#recording = har.record(this.#request, this.#plan.target.origin, this.#body);
    nextTick(() => {
      this.#start();
      this.#begun = true;
      if (!this.#opened && this.#timeoutMs > 0) this.#request.setTimeout(this.#timeoutMs);
    });
  }

  #start(): void {
    if (this.#request.destroyed) return;
    // As browsers do it: who wants another protocol than HTTP gets a connection that can become one.
    const link = this.#agent.link(this.#plan, this.#request.hasHeader('upgrade'));
    if (!(link instanceof Promise)) {
      this.#begin(link);
      return;
    }
    link.then(
      // Outside of the promise, so that what a listener throws is not taken for its rejection.
      (found) => nextTick(() => this.#begin(found)),
      (error: Error) => this.#request.destroy(error),
    );
  }

  /** The head may leave: the body has begun or ended, or `flushHeaders()` was called. */
  headReady(): void {
    this.#ready = true;
    this.#open();
  }

  /** Whether a timeout is no matter of the request: one of the exchange, or to be asked for again when the request has to wait. */
  setTimeout(milliseconds: number): boolean {
    this.#timeoutMs = milliseconds;
    if (!this.#opened) return !this.#begun;
    this.#exchange?.setTimeout(milliseconds);
    return true;
  }

  /** Whether an attempt is under way. */
  get active(): boolean {
    return this.#exchange !== null;
  }

  /** The request is over: gives up what is under way still. */
  destroy(error: Error | null): void {
    this.#agent.ended();
    if (!this.#opened) this.#link?.release();
    this.#exchange?.destroy(error);
  }

  connected(socket: Duplex | null): void {
    const request = this.#request;
    if (request.destroyed || this.#exchange === null) return;
    const first = request.socket === null;
    request.socket = socket;
    this.#connected = true;
    // In a turn of its own, so that a listener that throws takes only the process down.
    nextTick(() => this.#open());
    if (first && socket !== null) request.emit('socket', socket);
  }

  continued(): void {
    this.#request.emit('continue');
  }

  information(info: http.InformationEvent): void {
    this.#request.emit('information', info);
  }

  timedOut(): void {
    this.#request.emit('timeout');
  }

  answered(response: http.IncomingMessage): void {
    this.#body.release();
    const request = this.#request;
    this.#keep(response);
    if (request.destroyed) response.destroy();
    else {
      this.#observer?.answered(response);
      this.#recording?.answered(response);
      if (!request.emit('response', response)) response.resume();
    }
  }

  switched(
    event: 'connect' | 'upgrade',
    response: http.IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void {
    this.#exchange = null;
    this.#keep(response);
    this.#observer?.switched(response);
    this.#recording?.switched(response);
    if (!this.#request.emit(event, response, socket, head)) socket.destroy();
    this.#body.settle();
    this.#request.destroy();
  }

  wantsPush(): boolean {
    return this.#request.listenerCount('push') > 0 || this.#agent.wantsPush;
  }

  wantsUpgrade(): boolean {
    return this.#request.listenerCount('upgrade') > 0;
  }

  pushed(request: PushedRequest, response: ClientResponse): void {
    const taken = this.#request.emit('push', request, response);
    this.#agent.pushed(this.#plan, request, response, taken);
  }

  broken(error: Error): void {
    const request = this.#request;
    if (!request.destroyed && request.listenerCount('error') > 0) request.emit('error', error);
  }

  closed(error: Error | null, fate: Fate): void {
    this.#link?.release();
    this.#link = null;
    this.#exchange = null;
    this.#body.detach();
    if (error !== null) {
      this.#failed(error, fate);
      return;
    }
    this.#body.settle();
    this.#request.destroy();
  }

  #begin(link: Link): void {
    const request = this.#request;
    if (request.destroyed) {
      link.release();
      return;
    }
    this.#link = link;
    this.#connected = false;
    this.#opened = false;
    request.reusedSocket = link.reused;
    const { target, method } = this.#plan;
    if (link.protocol === 'http/1.1') {
      const tellsAll = this.#observer?.tellsHttp1 === true;
      this.#exchange = new HttpExchange(this, link, target, method, tellsAll);
    } else {
      this.#exchange = new SpdyExchange(this, link, this.#plan, this.#agent);
      this.#joined(link.way.session.socket);
    }
  }

  /** The request has its place in a session. */
  #joined(socket: Duplex | null): void {
    const request = this.#request;
    if (request.listenerCount('socket') > 0) {
      this.connected(socket);
      return;
    }
    request.socket = socket;
    this.#connected = true;
    this.#open();
  }

  /** Begins as soon as there are a connection and a head. */
  #open(): void {
    const exchange = this.#exchange;
    if (exchange === null || !this.#connected || !this.#ready || this.#opened) return;
    if (this.#request.destroyed) return;
    this.#head ??= this.#takeHead();
    this.#opened = true;
    try {
      exchange.open(this.#head);
    } catch (error) {
      exchange.destroy(null);
      this.#opened = false;
      this.closed(error as Error, fateOf(error));
      return;
    }
    if (this.#timeoutMs > 0) exchange.setTimeout(this.#timeoutMs);
    const { socket } = this.#request;
    const version = this.session?.version.name ?? null;
    this.#observer?.sent(this.#head, socket, version);
    this.#recording?.sent(this.#head, socket, version);
    this.#body.sendTo(this.#observer === null ? exchange : this.#observer.carrying(exchange));
    if (exchange.stream !== null) this.#request.emit('stream', exchange.stream);
    if (this.#link?.protocol === 'spdy') this.#link.begun();
  }

  #keep(response: http.IncomingMessage): void {
    this.#request.res = response;
    // With HTTP/1.1 it is the request below, which `http` needs there.
    if (response instanceof ClientResponse) (response as { req?: unknown }).req = this.#request;
  }

  #failed(error: Error, fate: Fate): void {
    if (this.#request.destroyed) return;
    const again =
      this.#body.repeatable &&
      (fate === 'unsent' || (fate === 'unprocessed' && this.#retries < this.#agent.maxRetries));
    if (!again) {
      this.#request.destroy(error);
      return;
    }
    this.#agent.retried(this.#plan);
    const delay = RETRY_DELAY * this.#retries;
    if (fate !== 'unsent') this.#retries++;
    if (delay === 0) nextTick(() => this.#start());
    else setTimeout(() => this.#start(), delay);
  }
}
