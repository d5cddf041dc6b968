import { SpdyAgent, type SpdyAgentEvents } from '../../../http/client/agent.ts';
import { openTcp } from './connect.ts';
import { Liveness, type SharedConnection } from './liveness.ts';
import type { ResolvedBack } from './options.ts';

type Session = SpdyAgentEvents['session'][0];

/** Told once each. */
export interface SpdyConnectionHost {
  /** It gets no more requests. */
  retired(connection: SpdyConnection): void;
  /** It was retired, and has ended. */
  closed(connection: SpdyConnection): void;
}

/** The session of SPDY with a back, made anew where that ends it, or what takes its place where the back chooses HTTP/1.1. */
export class SpdyConnection implements SharedConnection {
  readonly agent: SpdyAgent;
  readonly liveness: Liveness;
  readonly #host: SpdyConnectionHost;
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
    this.liveness = new Liveness(this, connectTimeoutMs);
    this.agent.on('session', (session) => {
      this.#session = session;
      session.once('close', () => {
        if (this.#session === session) this.#session = null;
      });
    });
  }

  get heard(): number | null {
    const socket = this.#session?.socket as { readonly bytesRead?: number } | null | undefined;
    return socket?.bytesRead ?? null;
  }

  retire(): void {
    this.#host.retired(this);
    void this.agent.close().then(() => {
      this.liveness.stop();
      this.#host.closed(this);
    });
  }

  ping(): void {
    void this.#session?.ping(() => {});
  }

  end(error: Error): void {
    this.#session?.destroy(error);
  }
}
