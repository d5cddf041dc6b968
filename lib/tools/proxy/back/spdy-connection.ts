import { performance } from 'node:perf_hooks';
import { SpdyAgent, type SpdyAgentEvents } from '../../../http/client/agent.ts';
import { openTcp } from './connect.ts';
import { Liveness, type SentMark, type SharedConnection } from './liveness.ts';
import type { ResolvedBack } from './options.ts';

type Session = SpdyAgentEvents['session'][0];

/** Told once each. */
export interface SpdyConnectionHost {
  /** It gets no more requests. */
  retired(connection: SpdyConnection): void;
  /** It was retired, and has ended. */
  closed(connection: SpdyConnection): void;
}

/** When a request was sent, and the session that was there. */
export interface SpdySentMark extends SentMark {
  readonly session: Session | null;
}

/** The session of SPDY with a back, made anew where that ends it, or what takes its place where the back chooses HTTP/1.1. */
export class SpdyConnection {
  readonly agent: SpdyAgent;
  readonly #host: SpdyConnectionHost;
  /** By session: one that finishes its requests behind GOAWAY, and the one that has taken its place, are watched each for itself. */
  readonly #liveness = new Map<Session, Liveness>();
  /** The latest one, as long as it is open. */
  #session: Session | null = null;

  constructor(back: ResolvedBack, host: SpdyConnectionHost) {
    this.#host = host;
    const { protocol, secure, tls, connectTimeoutMs, idleTimeoutMs, maxConnections } = back;
    const version = protocol === 'spdy' ? 'spdy/3.1' : (protocol as 'spdy/3.1');
    this.agent = new SpdyAgent({
      ...(secure ? {} : { version }),
      ...(secure && protocol !== 'spdy' ? { protocols: [version], defaultVersion: version } : {}),
      tls,
      connectTimeoutMs,
      idleTimeoutMs,
      maxSockets: maxConnections,
      // Whoever has several backs tries another one.
      maxRetries: 1,
      maxReplayBytes: 0,
      createConnection: () => openTcp(back),
    });
    this.agent.on('session', (session) => this.#opened(session, connectTimeoutMs));
  }

  /** A request is sent now. */
  mark(): SpdySentMark {
    const session = this.#session;
    return { at: performance.now(), heard: session === null ? null : heardOn(session), session };
  }

  /** A request was given up that `session` carried, null if none did; why, as `Liveness` has it. */
  gaveUp(session: Session | null, sent: SpdySentMark, cause: Error): void {
    const liveness = session === null ? undefined : this.#liveness.get(session);
    // Nothing had come on one that was not there.
    liveness?.gaveUp(session === sent.session ? sent : { at: sent.at, heard: null }, cause);
  }

  #opened(session: Session, timeoutMs: number): void {
    const shared: SharedConnection = {
      get heard() {
        return heardOn(session);
      },
      retire: () => {
        // Behind GOAWAY it gets no requests any more.
        if (this.#session === session) this.#retire();
      },
      ping: () => void session.ping(() => {}),
      end: (error) => void session.destroy(error),
    };
    const liveness = new Liveness(shared, timeoutMs);
    this.#session = session;
    this.#liveness.set(session, liveness);
    session.once('close', () => {
      liveness.stop();
      this.#liveness.delete(session);
      if (this.#session === session) this.#session = null;
    });
  }

  #retire(): void {
    this.#host.retired(this);
    void this.agent.close().then(() => this.#host.closed(this));
  }
}

function heardOn(session: Session): number | null {
  const socket = session.socket as { readonly bytesRead?: number } | null | undefined;
  return socket?.bytesRead ?? null;
}
