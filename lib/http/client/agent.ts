import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { firstOf, showBy } from '../../common/inspection.ts';
import { InvalidArgumentError } from '../../errors.ts';
import type { Session } from '../../session/public.ts';
import {
  type ProxyOptions,
  type ResolvedAgentOptions,
  resolveAgentOptions,
  type SpdyAgentOptions,
} from './agent-options.ts';
import type { OpenTunnel } from './connection/connect.ts';
import { connectionName } from './connection/connection-name.ts';
import { LEAST_URGENT, type Link } from './connection/link.ts';
import { agentClosed, Origin, type OriginStatistics } from './connection/origin.ts';
import { nameOfConnection, type RequestConnection } from './connection/request-connection.ts';
import { TlsSessions } from './connection/tls-sessions.ts';
import { tunnelThrough } from './connection/tunnel.ts';
import { planRequest, type RequestOptions, type RequestPlan } from './request/options.ts';
import type { PushedRequest } from './request/push.ts';
import { ClientRequest } from './request/request.ts';
import type { RequestAgent } from './request/request-agent.ts';
import type { ClientResponse } from './request/response.ts';

/** Events of a SpdyAgent with their arguments. */
export interface SpdyAgentEvents {
  /** A session with an origin (`https://example.com:8443`) was made, and is ready for requests. */
  session: [session: Session, origin: string];
  /** A resource is pushed for a request that does not listen for 'push'. Without a listener it is refused. */
  push: [request: PushedRequest, response: ClientResponse];
}

/** Origins that are remembered, for their statistics, without a connection. */
const MAX_UNUSED_ORIGINS = 1000;

/**
 * Keeps one SPDY session per origin and sends requests over it; speaks HTTP/1.1 with servers that choose that. After GOAWAY a new session
 * is made for later requests while the old one finishes; requests that the server surely did not process are tried again.
 */
export class SpdyAgent extends EventEmitter<SpdyAgentEvents> {
  static {
    // biome-ignore lint/complexity/noThisInStatic: TypeScript 7.0 gives the name of the class no value here
    showBy(this, (it: SpdyAgent) => it.#facts());
  }

  readonly #settings: ResolvedAgentOptions;
  readonly #origins = new Map<string, Origin>();
  readonly #tlsSessions: TlsSessions;
  #requestAgent: RequestAgent;
  /** Requests that are not over. */
  #open = 0;
  /** Told when no request is open. */
  readonly #whenDone: (() => void)[] = [];
  /** The agent of the proxy. */
  #proxy: SpdyAgent | null = null;
  #tunnel: OpenTunnel | null = null;
  #closed = false;
  /** Why requests fail, once it was destroyed. */
  #failure: Error | null = null;
  /** The context of its connections. */
  readonly #scope = new AsyncResource('SPDYAGENT');

  /** @throws InvalidArgumentError for an option that is out of range */
  constructor(options: SpdyAgentOptions = {}) {
    super();
    const settings = resolveAgentOptions(options);
    this.#settings = settings;
    this.#tlsSessions = new TlsSessions(settings.maxCachedSessions);
    if (options.onPush !== undefined) this.on('push', options.onPush);
    if (settings.proxy !== null) this.#useProxy(settings.proxy);
    const agent = this;
    this.#requestAgent = {
      emitter: this,
      maxRetries: settings.maxRetries,
      maxReplayBytes: settings.maxReplayBytes,
      tolerateMissingVersion: settings.tolerateMissingVersion,
      strictContentLength: settings.strictContentLength,
      har: settings.har,
      get wantsPush() {
        return agent.listenerCount('push') > 0;
      },
      link: (plan, http1) => this.#link(plan, http1),
      pushed: (plan, request, response, taken) => {
        this.#originOf(plan).pushes++;
        if (!taken) this.emit('push', request, response);
      },
      retried: (plan) => {
        this.#originOf(plan).retries++;
      },
      ended: () => {
        this.#open--;
        if (this.#open === 0) this.#done();
      },
    };
  }

  /**
   * Makes a request, as `http.request()` does: `request(url[, options][, callback])` or `request(options[, callback])`.
   *
   * @throws InvalidArgumentError for a URL or an option that no request can have
   */
  request(
    input: string | URL | RequestOptions,
    options?: RequestOptions | ((response: IncomingMessage) => void),
    callback?: (response: IncomingMessage) => void,
  ): ClientRequest {
    const listener = typeof options === 'function' ? options : callback;
    const plan = planRequest(input, typeof options === 'function' ? undefined : options);
    if (plan.connection !== null && this.#tunnel !== null) throw notThrough(plan.connection);
    const request = new ClientRequest(this.#requestAgent, plan, listener);
    if (!this.#closed) this.#open++;
    return request;
  }

  /** The same without a body: it is ended already. */
  get(
    input: string | URL | RequestOptions,
    options?: RequestOptions | ((response: IncomingMessage) => void),
    callback?: (response: IncomingMessage) => void,
  ): ClientRequest {
    return this.request(input, options, callback).end();
  }

  /** Counters of each origin that was used. */
  get statistics(): OriginStatistics[] {
    return [...this.#origins.values()].map((origin) => origin.statistics);
  }

  /**
   * Ends all sessions in order: requests that were made before may finish, also those that have still to wait for a connection or a place;
   * new ones fail. Resolves when the last of them is over, or by `destroy()`.
   */
  async close(): Promise<void> {
    this.#refuse();
    for (const origin of this.#origins.values()) origin.retire();
    if (this.#open > 0 && this.#failure === null)
      await new Promise<void>((done) => this.#whenDone.push(done));
    await Promise.all([...this.#origins.values()].map((origin) => origin.close()));
    await this.#proxy?.close();
  }

  /** Ends all connections at once, those that are being made as well; what waits for them fails, with `error` if there is one. */
  destroy(error: Error | null = null): void {
    this.#refuse();
    this.#failure ??= error ?? agentClosed();
    for (const origin of this.#origins.values()) origin.destroy(error);
    this.#proxy?.destroy(error);
    // Requests that nobody ends, or reads the answer of, hold nothing any more.
    this.#done();
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #useProxy(options: ProxyOptions): void {
    const { connectTimeoutMs, idleTimeoutMs, maxCachedSessions, createConnection } = this.#settings;
    const proxy = new SpdyAgent({
      connectTimeoutMs,
      idleTimeoutMs,
      maxCachedSessions,
      ...(options.version === undefined ? {} : { version: options.version }),
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(createConnection === null ? {} : { createConnection }),
    });
    this.#proxy = proxy;
    this.#tunnel = tunnelThrough(options, (url, request) => proxy.request(url, request));
  }

  /** Lets `close()` go on. */
  #done(): void {
    for (const done of this.#whenDone.splice(0)) done();
  }

  /** Takes no new requests. */
  #refuse(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#requestAgent = {
      ...this.#requestAgent,
      link: () => Promise.reject(this.#failure ?? agentClosed()),
      ended: () => {},
    };
  }

  #link(plan: RequestPlan, http1: boolean): Link | Promise<Link> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    try {
      return this.#originOf(plan, http1).acquire(plan.priority ?? LEAST_URGENT);
    } catch (error) {
      // What the TLS options of the request were good for shows only now.
      return Promise.reject(error);
    }
  }

  /** With `http1`, the connections to it on which HTTP/1.1 is spoken, whatever the server prefers. */
  #originOf(plan: RequestPlan, http1 = false): Origin {
    const { target, tls, connection } = plan;
    let name = target.origin;
    if (tls !== undefined) name += ` ${connectionName(tls)}`;
    if (connection !== null) name += ` ${nameOfConnection(connection)}`;
    const key = http1 ? `${name} http/1.1` : name;
    return this.#origins.get(key) ?? this.#addOrigin(key, name, plan, http1);
  }

  #addOrigin(key: string, name: string, plan: RequestPlan, http1: boolean): Origin {
    const settings = this.#settings;
    const { target, connection } = plan;
    const tls = { ...settings.tls, ...plan.tls };
    const origin = new Origin(
      {
        target,
        settings,
        tls,
        // What ALPN chose is no matter of a session (RFC 7301 3.1): HTTP/1.1 resumes those of SPDY.
        tlsSessions: this.#tlsSessions,
        name,
        connection,
        http1,
        tunnel: this.#tunnel,
      },
      {
        session: (session) => this.emit('session', session, target.origin),
        idle: () => this.#forget(),
      },
      this.#scope,
    );
    this.#origins.set(key, origin);
    return origin;
  }

  /** Drops the oldest of too many origins that nothing is known of but counters. */
  #forget(): void {
    if (this.#origins.size <= MAX_UNUSED_ORIGINS) return;
    for (const [name, origin] of this.#origins) {
      if (!origin.unused) continue;
      this.#origins.delete(name);
      return;
    }
  }

  /** What `util.inspect()` shows. */
  #facts(): object {
    const { proxy } = this.#settings;
    return {
      closed: this.#closed,
      ...(proxy === null ? {} : { proxy: this.#proxy }),
      origins: firstOf(this.statistics.map(summary)),
    };
  }
}

function notThrough(connection: RequestConnection): InvalidArgumentError {
  const [name = ''] = Object.keys(connection);
  return new InvalidArgumentError(`request(): ${name} leads nowhere, a proxy makes the connection`);
}

/** An origin in a line. */
function summary({ origin, protocol, sessions, active, requests }: OriginStatistics): string {
  const way = protocol ?? 'no connection';
  return `${origin}: ${way}, sessions ${sessions}, requests ${active} of ${requests}`;
}
