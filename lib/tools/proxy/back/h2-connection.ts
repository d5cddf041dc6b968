import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { openSocket } from './connect.ts';
import { H2Settings } from './h2-settings.ts';
import { Liveness, type SharedConnection } from './liveness.ts';
import type { ResolvedBack } from './options.ts';

/** Told once each. */
export interface H2ConnectionHost {
  /** It takes no more requests. */
  retired(connection: H2Connection): void;
  /** It has ended. */
  closed(connection: H2Connection): void;
}

/** A session of HTTP/2 with a back, on a connection of its own. */
export class H2Connection implements SharedConnection {
  readonly session: http2.ClientHttp2Session;
  /** What its server has said of itself. */
  readonly settings: H2Settings;
  readonly liveness: Liveness;
  readonly #host: H2ConnectionHost;
  #socket: Socket | null = null;

  constructor(back: ResolvedBack, host: H2ConnectionHost) {
    this.#host = host;
    const session = http2.connect(`${back.secure ? 'https' : 'http'}://${back.authority}`, {
      createConnection: () => {
        this.#socket = openSocket(back, 'h2');
        return this.#socket;
      },
      // Node does not tell which request a pushed resource belongs to.
      settings: { enablePush: false, initialWindowSize: 1 << 18 },
    });
    this.session = session;
    this.settings = new H2Settings(session);
    this.liveness = new Liveness(this, back.connectTimeoutMs);
    const retired = (): void => host.retired(this);
    // Each request tells its own error.
    session.on('error', retired);
    session.on('goaway', retired);
    session.on('close', () => {
      retired();
      this.liveness.stop();
      host.closed(this);
    });
    const { idleTimeoutMs } = back;
    if (idleTimeoutMs > 0) session.setTimeout(idleTimeoutMs, () => session.close());
    session.once('connect', () => session.setLocalWindowSize(1 << 24));
  }

  get heard(): number | null {
    return this.session.connecting ? null : (this.#socket?.bytesRead ?? null);
  }

  retire(): void {
    this.#host.retired(this);
    this.session.close();
  }

  ping(): void {
    if (!this.session.destroyed) this.session.ping(() => {});
  }

  end(error: Error): void {
    this.session.destroy(error);
    // One that is closed already waits for its server.
    this.#socket?.destroy();
  }
}
