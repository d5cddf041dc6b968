import { Deadline } from '../../common/deadline.ts';
import { SpdyError } from '../../errors.ts';
import type { Session } from '../../session/public.ts';

/** How a connection is kept open. */
export interface KeepOpenOptions {
  /** Milliseconds between PINGs, 0 for none. */
  readonly pingIntervalMs: number;
  /** Milliseconds for anything to come behind a PING, 0 for no limit. */
  readonly pingTimeoutMs: number;
  /** Whether everything that is sent is read at once, so that nothing excuses silence. */
  readonly inputIsRead: boolean;
}

/**
 * So many bytes behind the last answered PING may wait in front of the next one: a server that is built on spdystream answers none while one of
 * its streams is not read and its queue is full.
 */
const EXCUSE_BYTES = 65536;

/**
 * Sends PING now and then, so that nobody on the way takes the connection for dead, and destroys the session when nothing comes back. TCP
 * alone would take a quarter of an hour for that, because bytes of ours are on their way.
 */
export class KeepOpen {
  readonly #session: Session;
  readonly #options: KeepOpenOptions;
  readonly #answer = new Deadline();
  #timer: NodeJS.Timeout | null = null;
  /** Bytes of DATA that were sent before the last PING that was answered. */
  #readByPeer = 0;

  constructor(session: Session, options: KeepOpenOptions) {
    this.#session = session;
    this.#options = options;
    const { pingIntervalMs } = options;
    if (pingIntervalMs === 0) return;
    this.#timer = setInterval(() => this.#ping(), pingIntervalMs);
    this.#timer.unref();
    session.once('close', () => this.stop());
  }

  /** No more PINGs. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#answer.stop();
  }

  #ping(): void {
    const { phase, pendingPings } = this.#session.state;
    if (phase !== 'open') {
      this.stop();
      return;
    }
    // One that is not answered yet will do; more would only fill the queue of a server that is stuck.
    if (pendingPings > 0) return;
    const { dataSent } = this.#session.statistics;
    void this.#session.ping((error) => {
      if (error !== null) return;
      this.#readByPeer = dataSent;
      this.#answer.stop();
    });
    if (this.#options.pingTimeoutMs > 0) this.#wait();
  }

  #wait(): void {
    const { pingTimeoutMs } = this.#options;
    const { bytesReceived } = this.#session.statistics;
    this.#answer.start(pingTimeoutMs, () => {
      if (this.#session.statistics.bytesReceived !== bytesReceived || this.#isExcused()) {
        this.#wait();
        return;
      }
      const message = `nothing came within ${pingTimeoutMs} ms behind a PING`;
      this.#session.destroy(new SpdyError('ERR_SPDY_TIMEOUT', message, 'peer'));
    });
  }

  /** Whether the answer may wait behind bytes that nobody reads, here or there. */
  #isExcused(): boolean {
    const { state, statistics } = this.#session;
    if (state.inputHeld) return true;
    return !this.#options.inputIsRead && statistics.dataSent - this.#readByPeer > EXCUSE_BYTES;
  }
}
