import type http2 from 'node:http2';

/** Called when settings are known, with an error when they will never be. */
type Waiter = (error: Error | null) => void;

/** What the server of a session has said of itself, which is the first that it sends (RFC 9113 3.4). */
export class H2Settings {
  readonly #waiting = new Set<Waiter>();
  #known = false;
  #extendedConnect = false;

  constructor(session: http2.ClientHttp2Session) {
    session.on('remoteSettings', ({ enableConnectProtocol = false }) => {
      this.#known = true;
      this.#extendedConnect = enableConnectProtocol;
      this.#tell(null);
    });
    session.on('error', (error) => this.#tell(error));
    session.once('close', () => this.#tell(new Error('the session was closed')));
  }

  /** Whether they have come. */
  get known(): boolean {
    return this.#known;
  }

  /** Whether it takes an extended CONNECT (RFC 8441 3). */
  get extendedConnect(): boolean {
    return this.#extendedConnect;
  }

  /** Calls back once, later; not any more after the function was called that this returns. */
  wait(waiter: Waiter): () => void {
    this.#waiting.add(waiter);
    return () => this.#waiting.delete(waiter);
  }

  #tell(error: Error | null): void {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter);
      waiter(error);
    }
  }
}
