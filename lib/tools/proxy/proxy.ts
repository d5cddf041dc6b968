import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { InvalidStateError } from '../../errors.ts';
import { Backend } from './back/backend.ts';
import { clientOf } from './front/client-facts.ts';
import { type FrontOptions, ProxyFront } from './front/front.ts';
import { type ProxyOptions, type ResolvedProxyOptions, resolveProxyOptions } from './options.ts';
import { ClientTable } from './pool/client-limits.ts';
import { HealthChecks } from './pool/health.ts';
import { Pool } from './pool/pool.ts';
import type { ClientFacts, FrontRequest, Reply } from './relay/exchange.ts';
import { answerFailure, type Failure, refusal } from './relay/failure.ts';
import { Relay } from './relay/relay.ts';
import type { RelayHost, RelayOutcome } from './relay/relay-host.ts';

/** What became of a request. */
export interface ProxyOutcome extends RelayOutcome {
  /** From the head of the request to the end of the exchange. */
  readonly milliseconds: number;
}

/** Counters of a back: a snapshot. */
export interface BackStatistics {
  /** `'http/1.1+http://127.0.0.1:3000'`. */
  readonly name: string;
  /** Whether it gets requests. */
  readonly inService: boolean;
  /** Requests under way. */
  readonly active: number;
  /** Requests that it was sent. */
  readonly requests: number;
  /** Requests that it did not answer, or not to the end. */
  readonly failures: number;
}

/** Events of a SpdyProxy with their arguments. */
export interface SpdyProxyEvents {
  /** A request is over, however it ended. */
  exchange: [outcome: ProxyOutcome];
  /** A request was answered 400 (429 beyond the rate of its client) before it went anywhere, or a connection was closed before one could come: `reason` says why. */
  refused: [reason: string];
}

/**
 * Makes a proxy: requests by SPDY, HTTP/2 and HTTP/1.1 go to servers that speak HTTP/1.1, HTTP/2 or SPDY. It listens where `listen()` says.
 *
 * @throws InvalidArgumentError for an option that does not exist or is out of range
 */
export function createProxy(options: ProxyOptions): SpdyProxy {
  return new SpdyProxy(options);
}

/** A proxy between clients and servers of any protocol. Made by `createProxy()`. */
export class SpdyProxy extends EventEmitter<SpdyProxyEvents> {
  #options: ResolvedProxyOptions;
  readonly #fronts = new Set<ProxyFront>();
  #backends: readonly Backend[];
  #pool: Pool;
  #checks: HealthChecks | null = null;
  readonly #active = new Set<Relay>();
  readonly #clients: ClientTable;
  #closed = false;

  /** `createProxy()` makes it. @internal */
  constructor(options: ProxyOptions) {
    super();
    this.#options = resolveProxyOptions(options);
    this.#backends = this.#options.backs.map((back) => new Backend(back, this.#options.rules));
    this.#pool = new Pool(this.#backends, this.#options.sticky);
    this.#clients = new ClientTable(this.#options.clientLimits);
    this.#check();
  }

  /**
   * Listens at one more address, and resolves with what listens there. Rejects with the error of the listener.
   *
   * @throws InvalidArgumentError for an option that does not exist or is out of range
   * @throws InvalidStateError behind `close()` and `destroy()`
   */
  async listen(front: FrontOptions): Promise<ProxyFront> {
    this.#checkOpen();
    const opened = new ProxyFront(front, {
      accept: (socket) => this.#accept(socket),
      take: (request, reply) => this.#take(request, reply),
      refuse: (fault, reply, client) => this.#refuse(fault, reply, client),
    });
    await opened.listen();
    if (this.#closed) {
      opened.destroy();
      await opened.close();
      this.#checkOpen();
    }
    this.#fronts.add(opened);
    opened.server.once('close', () => this.#fronts.delete(opened));
    return opened;
  }

  /**
   * Takes other options for the requests that come from now on: those that are under way go on as they began. Backs that stay keep their connections and
   * what is known of them; connections to others end when they are used no more.
   *
   * @throws InvalidArgumentError for an option that does not exist or is out of range; nothing is changed then
   * @throws InvalidStateError behind `close()` and `destroy()`
   */
  update(options: ProxyOptions): void {
    this.#checkOpen();
    const settled = resolveProxyOptions(options);
    const former = new Set(this.#backends);
    this.#backends = settled.backs.map((back) => {
      for (const known of former) {
        if (!known.isFor(back, settled.rules)) continue;
        former.delete(known);
        return known;
      }
      return new Backend(back, settled.rules);
    });
    for (const backend of former) backend.close();
    this.#options = settled;
    this.#clients.limits = settled.clientLimits;
    this.#pool = new Pool(this.#backends, settled.sticky);
    this.#check();
  }

  /** Requests under way. */
  get active(): number {
    return this.#active.size;
  }

  /** Counters of each back. */
  get statistics(): BackStatistics[] {
    return this.#backends.map(({ options: { name }, inService, active, requests, failures }) => ({
      name,
      inService,
      active,
      requests,
      failures,
    }));
  }

  /** Stops listening and tells clients so (GOAWAY), waits for requests as long as the fronts' `closeTimeoutMs`, and ends all connections. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#fronts].map((front) => front.close()));
    this.#checks?.stop();
    for (const backend of this.#backends) backend.destroy();
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#closed = true;
    this.#checks?.stop();
    for (const front of this.#fronts) {
      front.close().catch(() => {});
      front.destroy();
    }
    for (const backend of this.#backends) backend.destroy();
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new InvalidStateError('the proxy is closed');
  }

  /** Asks the backs from now on, if that is wanted. */
  #check(): void {
    const { health } = this.#options;
    this.#checks?.stop();
    this.#checks = health === null ? null : new HealthChecks(this.#backends, health);
    if (health === null) for (const backend of this.#backends) backend.checked(true);
  }

  #accept(socket: Socket): void {
    const { address } = clientOf(socket);
    const ended = this.#clients.connection(address);
    if (ended !== null) {
      socket.once('close', ended);
      return;
    }
    socket.destroy();
    this.emit('refused', `${address} has as many connections as it may have`);
  }

  /** Why a client gets no answer now; null if it does. */
  #lateness({ address }: ClientFacts, now: number): Failure | null {
    const wait = this.#clients.request(address, now);
    if (wait === 0) return null;
    const failure = refusal(429, 'http_request_denied', 'too many requests from this address');
    return { ...failure, retryAfter: Math.ceil(wait / 1000) };
  }

  /** Answers a request that goes nowhere; it counts like those that do. */
  #refuse(fault: string, reply: Reply, client: ClientFacts): void {
    const late = this.#lateness(client, performance.now());
    const failure = late ?? refusal(400, 'http_request_error', fault);
    answerFailure(reply, failure, this.#options.headers.name, false, true);
    this.emit('refused', fault);
  }

  #take(request: FrontRequest, reply: Reply): void {
    const { headers, timeouts, forward, maxTries, replayBytes } = this.#options;
    const begun = performance.now();
    const host: RelayHost = {
      pool: this.#pool,
      headers,
      timeouts,
      forward,
      maxTries,
      replayBytes,
      over: (outcome) => {
        this.#active.delete(relay);
        if (this.listenerCount('exchange') === 0) return;
        this.emit('exchange', { ...outcome, milliseconds: performance.now() - begun });
      },
    };
    const relay = new Relay(request, reply, host);
    this.#active.add(relay);
    const late = this.#lateness(request.client, begun);
    if (late === null) relay.start();
    else relay.failed(late);
  }
}
