import type { Session, SpdyStream } from '../../session/public.ts';
import { HeldInputWatch } from './held-input.ts';

/**
 * How the session of a streaming server lives and ends. The client leaves by GOAWAY, by closing its connection or by losing it; the server
 * ends with RST_STREAM for what is open, GOAWAY, and the end of the transport. All of that fires `signal`, once.
 */
export class ServerLife {
  readonly session: Session;
  /** Fired when the client has gone, or was sent away. */
  readonly signal: AbortSignal;
  /** Resolves when the session is closed. */
  readonly closed: Promise<void>;
  readonly #gone = new AbortController();
  readonly #streams = new Map<number, SpdyStream>();

  /** `accept` is given each stream of the client. */
  constructor(session: Session, accept: (stream: SpdyStream) => void) {
    this.session = session;
    const watch = new HeldInputWatch({
      get held() {
        return session.state.inputHeld;
      },
      ping: () => void session.ping(() => {}),
    });
    session.once('close', () => watch.stop());
    this.signal = this.#gone.signal;
    this.closed = new Promise((done) => session.once('close', () => done()));
    session.on('stream', (stream) => {
      this.#streams.set(stream.id, stream);
      // Handlers are told by 'close' and by their signal; nobody has to listen for the error of a client that has gone.
      stream.on('error', () => {});
      accept(stream);
    });
    session.on('streamClose', (id) => this.#streams.delete(id));
    // These clients read nothing after their GOAWAY.
    session.once('goaway', () => this.end());
    session.once('timeout', () => this.end());
    // No client of Kubernetes half-closes its connection: an end is the end of the client.
    session.once('finish', () => session.destroy());
    session.once('close', () => this.#gone.abort());
  }

  /** Whether the client has gone, or was sent away. */
  get over(): boolean {
    const { session } = this;
    return this.signal.aborted || session.writableEnded || session.destroyed;
  }

  /** Sends the client away: RST_STREAM for every open stream, GOAWAY, the end of the transport. */
  end(): void {
    if (this.signal.aborted) return;
    this.#gone.abort();
    for (const stream of this.#streams.values()) stream.close();
    void this.session.close();
  }
}
