import { clearInterval, setInterval } from 'node:timers';
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

/** A connection, as it is kept open. */
export interface KeptConnection {
  /** Whether it is open. */
  readonly open: boolean;
  /** Whether nothing is read from it, because nobody takes what has come. */
  readonly held: boolean;
  /** Grows with everything that comes. */
  readonly received: number;
  /** Bytes of input that were sent. */
  readonly sent: number;
  /** Sends a PING. */
  ping(answered: () => void): void;
  /** Ends it: nothing comes any more. */
  lose(error: Error): void;
}

/**
 * So many bytes behind the last answered PING may wait in front of the next one: a server that is built on spdystream answers none while one of
 * its streams is not read and its queue is full.
 */
const EXCUSE_BYTES = 65536;

/**
 * Sends PING now and then, so that nobody on the way takes the connection for dead, and ends the connection when nothing comes back. TCP alone
 * would take a quarter of an hour for that, because bytes of ours are on their way.
 */
export class KeepOpen {
  readonly #connection: KeptConnection;
  readonly #options: KeepOpenOptions;
  readonly #answer = new Deadline();
  #timer: NodeJS.Timeout | null = null;
  /** A PING is not answered yet. */
  #waiting = false;
  /** Bytes that were sent before the last PING that was answered. */
  #readByPeer = 0;

  constructor(connection: KeptConnection, options: KeepOpenOptions) {
    this.#connection = connection;
    this.#options = options;
    const { pingIntervalMs } = options;
    if (pingIntervalMs === 0) return;
    this.#timer = setInterval(() => this.#ping(), pingIntervalMs);
    this.#timer.unref();
  }

  /** No more PINGs. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#answer.stop();
  }

  #ping(): void {
    if (!this.#connection.open) {
      this.stop();
      return;
    }
    // One that is not answered yet will do; more would only fill the queue of a server that is stuck.
    if (this.#waiting) return;
    // What has come is on its way still, and no silence. A server that has closed behind it would lose it by a PING.
    if (this.#connection.held) return;
    const { sent } = this.#connection;
    this.#waiting = true;
    this.#connection.ping(() => {
      this.#waiting = false;
      this.#readByPeer = sent;
      this.#answer.stop();
    });
    if (this.#options.pingTimeoutMs > 0) this.#wait();
  }

  #wait(): void {
    const { pingTimeoutMs } = this.#options;
    const { received } = this.#connection;
    this.#answer.start(pingTimeoutMs, () => {
      if (this.#connection.received !== received || this.#isExcused()) {
        this.#wait();
        return;
      }
      this.stop();
      const message = `nothing came within ${pingTimeoutMs} ms behind a PING`;
      this.#connection.lose(new SpdyError('ERR_SPDY_TIMEOUT', message, 'peer'));
    });
  }

  /** Whether the answer may wait behind bytes that nobody reads, here or there. */
  #isExcused(): boolean {
    const { held, sent } = this.#connection;
    return held || (!this.#options.inputIsRead && sent - this.#readByPeer > EXCUSE_BYTES);
  }
}

/** Keeps a session open. */
export function keepSessionOpen(session: Session, options: KeepOpenOptions): KeepOpen {
  const keepOpen = new KeepOpen(
    {
      get open() {
        return session.state.phase === 'open';
      },
      get held() {
        return session.state.inputHeld;
      },
      get received() {
        return session.statistics.bytesReceived;
      },
      get sent() {
        return session.statistics.dataSent;
      },
      ping: (answered) =>
        void session.ping((error) => {
          if (error === null) answered();
        }),
      lose: (error) => void session.destroy(error),
    },
    options,
  );
  session.once('close', () => keepOpen.stop());
  return keepOpen;
}
