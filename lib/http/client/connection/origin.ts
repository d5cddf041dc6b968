import type { AsyncResource } from 'node:async_hooks';
import type { Duplex } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';
import { InvalidStateError, type SpdyError } from '../../../errors.ts';
import {
  CLIENT,
  INVALID_STREAM,
  PROTOCOL_ERROR,
  SETTINGS_MAX_CONCURRENT_STREAMS,
} from '../../../protocol/constants.ts';
import { Session, type SessionVersion } from '../../../session/public.ts';
import { type ConnectPlan, openConnection } from './connect.ts';
import { FallbackAgent } from './fallback-agent.ts';
import { HttpLink, type Lender, type Link, SpdyLink, type SpdyWay } from './link.ts';
import { StreamGate } from './stream-gate.ts';

/** Counters of one origin: a snapshot. */
export interface OriginStatistics {
  /** Scheme, host and port: `https://example.com:8443`; the port is left out where it is the usual one. */
  readonly origin: string;
  /** What is spoken: `'spdy/3.1'`, `'http/1.1'`; null while there is no connection. */
  readonly protocol: string | null;
  /** Sessions that are open, those that finish their last streams included. */
  readonly sessions: number;
  /** Requests that are under way, waiting ones included. */
  readonly active: number;
  /** Connections that were made for sessions. */
  readonly connects: number;
  /** Connections that could not be made. */
  readonly failures: number;
  /** Requests that were begun; those that were tried again count each time. */
  readonly requests: number;
  /** Requests that were tried again. */
  readonly retries: number;
  /** Resources that were pushed and not refused. */
  readonly pushes: number;
}

/** What there is to go over. */
type Way = SpdyWay | { readonly protocol: 'http/1.1'; readonly agent: FallbackAgent };

/** Streams that a server surely takes before it has told its limit: it should take no less (SPDY/3 2.6.4). */
const ASSUMED_LIMIT = 100;

/** Sessions that may end, one after the other, while a request waits for a place in them. */
const MAX_ROUNDS = 100;

/** What an origin tells its agent. */
export interface OriginEvents {
  session(session: Session): void;
  /** Nothing is open and nothing under way. */
  idle(): void;
}

/** The connection to one origin: made once for all who wait, replaced after GOAWAY, closed when it was not used for a while. */
export class Origin implements Lender {
  retries = 0;
  pushes = 0;
  readonly #scope: AsyncResource;
  readonly #plan: ConnectPlan;
  readonly #events: OriginEvents;
  readonly #sessions = new Set<Session>();
  #way: Way | null = null;
  #connecting: Promise<Way> | null = null;
  /** Streams that the server takes at once, as far as is known. */
  #limit = ASSUMED_LIMIT;
  #active = 0;
  #used = false;
  /** The session in use does not keep the process alive. */
  #dozing = false;
  /** The connection is kept for nothing but what is under way. */
  #retired = false;
  /** Aborted with why there is no connection any more. */
  readonly #end = new AbortController();
  #connects = 0;
  #failures = 0;
  #requests = 0;
  #idleTimer: NodeJS.Timeout | null = null;

  /** Connections are made in `scope`: they belong to no request. */
  constructor(plan: Omit<ConnectPlan, 'end'>, events: OriginEvents, scope: AsyncResource) {
    this.#scope = scope;
    this.#plan = { ...plan, end: this.#end.signal };
    this.#events = events;
  }

  /** Whether there is no connection, nor anybody who waits for one. */
  get unused(): boolean {
    return this.#active === 0 && this.#way === null && this.#sessions.size === 0;
  }

  get statistics(): OriginStatistics {
    const way = this.#way;
    const protocol = way?.protocol === 'spdy' ? way.session.version.name : (way?.protocol ?? null);
    return {
      origin: this.#plan.target.origin,
      protocol,
      sessions: this.#sessions.size,
      active: this.#active,
      connects: this.#connects,
      failures: this.#failures,
      requests: this.#requests,
      retries: this.retries,
      pushes: this.pushes,
    };
  }

  /** A way to the origin, in use until it is released: at once where there is one with room. */
  acquire(priority: number): Link | Promise<Link> {
    this.#active++;
    this.#requests++;
    this.#stopIdle();
    const way = this.#way;
    const free = way?.protocol === 'spdy' && way.gate.tryEnter();
    return free ? this.#lend(way) : this.#wait(priority);
  }

  /** The stream ids of this session are used up: ends it in order if it is the one in use. */
  exhausted(session: Session): void {
    if (this.#way?.protocol === 'spdy' && this.#way.session === session) this.#dropWay();
  }

  /** A link is used no more. */
  released(): void {
    this.#active--;
    if (this.#active > 0) return;
    const { keepAlive, idleTimeoutMs } = this.#plan.settings;
    const way = this.#way;
    if (way === null) {
      this.#events.idle();
      return;
    }
    if (way.protocol === 'spdy') {
      way.session.unref();
      this.#dozing = true;
    }
    if (!keepAlive || this.#retired) this.#dropWay();
    else if (idleTimeoutMs > 0) {
      this.#idleTimer = setTimeout(() => this.#dropWay(), idleTimeoutMs);
      this.#idleTimer.unref();
    }
  }

  /** Closes its connections as soon as nothing uses them. */
  retire(): void {
    this.#retired = true;
    if (this.#active === 0) this.#dropWay();
  }

  /** Nothing is under way any more: closes in order. */
  async close(): Promise<void> {
    this.retire();
    // Whoever waits for the end keeps the process alive, though the sessions may be unused.
    await Promise.all(
      [...this.#sessions].map((session) =>
        session
          .ref()
          .close()
          .catch(() => {}),
      ),
    );
  }

  destroy(error: Error | null): void {
    this.#end.abort(error ?? agentClosed());
    this.#dropWay(true);
    for (const session of this.#sessions) session.destroy(error ?? undefined);
  }

  async #wait(priority: number): Promise<Link> {
    try {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const way = this.#way ?? (await this.#connect());
        this.#end.signal.throwIfAborted();
        if (way.protocol === 'http/1.1' || (await way.gate.enter(priority))) return this.#lend(way);
      }
      const message = 'the server ends each session before it takes the request';
      throw new InvalidStateError(message, 'ERR_SPDY_SESSION_CLOSED');
    } catch (error) {
      this.released();
      throw error;
    }
  }

  #lend(way: Way): Link {
    const reused = this.#used;
    this.#used = true;
    if (way.protocol === 'http/1.1') return new HttpLink(way.agent, reused, this);
    if (this.#dozing) way.session.ref();
    this.#dozing = false;
    return new SpdyLink(way, reused, this);
  }

  #connect(): Promise<Way> {
    this.#connecting ??= this.#scope.runInAsyncScope(this.#open, this).finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #open(): Promise<Way> {
    const { target, settings, http1 } = this.#plan;
    this.#used = false;
    this.#end.signal.throwIfAborted();
    if (target.scheme === 'http' && (settings.version === null || http1)) {
      this.#way = { protocol: 'http/1.1', agent: new FallbackAgent(this.#plan, null) };
      return this.#way;
    }
    try {
      const { socket, protocol } = await openConnection(this.#plan);
      this.#connects++;
      if (this.#end.signal.aborted) {
        socket.destroy();
        throw this.#end.signal.reason;
      }
      if (protocol === 'http/1.1') {
        this.#way = { protocol, agent: new FallbackAgent(this.#plan, socket) };
      } else {
        this.#way = this.#begin(socket, protocol);
      }
      return this.#way;
    } catch (error) {
      this.#failures++;
      throw error;
    }
  }

  #begin(socket: Duplex, version: SessionVersion): Way {
    const { target, settings } = this.#plan;
    const { remoteAddress = '', remotePort = '' } = socket as {
      remoteAddress?: string;
      remotePort?: number;
    };
    const settingsKey = `${target.origin} ${remoteAddress} ${remotePort}`;
    const session = new Session(CLIENT, version, { settingsKey, ...settings.session });
    this.#sessions.add(session);
    const gate = new StreamGate(this.#limit);
    const retire = (): void => {
      gate.shut();
      const way = this.#way;
      if (way?.protocol === 'spdy' && way.session === session) this.#way = null;
    };
    session.on('goaway', retire);
    session.on('settings', ({ entries }) => {
      const told = entries.find(({ id }) => id === SETTINGS_MAX_CONCURRENT_STREAMS);
      if (told !== undefined) this.#limit = told.value;
      else if (this.#limit === ASSUMED_LIMIT) this.#limit = Number.POSITIVE_INFINITY;
      gate.setLimit(this.#limit);
    });
    session.on('streamClose', (id) => {
      // Id 0: one of ours that never got another.
      if (id % 2 === 1 || id === 0) gate.leave();
    });
    // Each request tells its own error.
    session.on('error', retire);
    session.on('close', () => {
      retire();
      this.#sessions.delete(session);
      if (this.unused) this.#events.idle();
    });
    session.on('stream', (stream) => {
      // Only pushes for an open request are possible in HTTP (SPDY/3 3.3.2).
      stream.close(stream.associatedId === 0 ? INVALID_STREAM : PROTOCOL_ERROR);
    });
    session.attach(socket);
    this.#events.session(session);
    return { protocol: 'spdy', session, pushing: new Set(), gate, requests: 0 };
  }

  /** Uses the connection for nothing new. */
  #dropWay(hard = false): void {
    this.#stopIdle();
    const way = this.#way;
    this.#way = null;
    if (way?.protocol === 'spdy') {
      way.gate.shut();
      if (!hard) way.session.close().catch(() => {});
    } else {
      way?.agent.retire(hard);
    }
    if (way !== null && this.unused) this.#events.idle();
  }

  #stopIdle(): void {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
  }
}

/** Tells that an agent was closed. */
export function agentClosed(): SpdyError {
  return new InvalidStateError('the agent is closed', 'ERR_SPDY_SESSION_CLOSED');
}
