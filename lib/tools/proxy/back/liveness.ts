import { performance } from 'node:perf_hooks';
import { Deadline } from '../../../common/deadline.ts';
import { SpdyError } from '../../../errors.ts';

/** A request that waited so long for nothing, in milliseconds, is a reason to ask whether the server is still there. */
const PATIENCE_MS = 1000;

/** A connection that many requests share. */
export interface SharedConnection {
  /** Bytes that have come on it; null if there is none, or none that can be asked. */
  readonly heard: number | null;
  /** New requests go to another one from now on. */
  retire(): void;
  /** Asks for an answer, whatever it is. */
  ping(): void;
  /** Ends it at once, and what is under way on it. */
  end(error: Error): void;
}

/** Called when a request was given up for its time, and nothing had come on its connection since it was sent, which `since` tells by `performance.now()`. */
export type SilenceListener = (since: number) => void;

/** When a request was sent on a connection, and what had come by then. */
export interface SentMark {
  readonly at: number;
  readonly heard: number | null;
}

/**
 * Finds out whether the server of a connection is still there when requests on it get no answer: a host that has vanished, or a route, resets nothing, and
 * TCP takes a quarter of an hour to see that.
 */
export class Liveness {
  readonly #connection: SharedConnection;
  readonly #timeoutMs: number;
  readonly #deadline = new Deadline();

  /** @param timeoutMs how long an answer to PING may take; 0 for ever */
  constructor(connection: SharedConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** A request is sent now. */
  mark(): SentMark {
    return { at: performance.now(), heard: this.#connection.heard };
  }

  /** A request was given up: for its time if `cause` is `ERR_SPDY_TIMEOUT`, else by whoever has asked. */
  gaveUp({ at, heard: before }: SentMark, cause: Error): void {
    const { heard } = this.#connection;
    if (heard === null) return;
    const late = isTimeout(cause);
    const silent = heard === (before ?? 0);
    if (late && silent) this.#connection.retire();
    if (late || (silent && performance.now() - at >= PATIENCE_MS)) this.#ask(heard);
  }

  /** The connection has ended. */
  stop(): void {
    this.#deadline.stop();
  }

  #ask(heard: number): void {
    if (this.#timeoutMs === 0 || this.#deadline.running) return;
    this.#deadline.start(this.#timeoutMs, () => {
      const connection = this.#connection;
      if (connection.heard !== heard) return;
      const message = `no answer to PING within ${this.#timeoutMs} ms`;
      connection.end(new SpdyError('ERR_SPDY_TIMEOUT', message, 'peer'));
    });
    this.#connection.ping();
  }
}

/** Whether something was given up for its time. */
export function isTimeout(cause: Error): boolean {
  return (cause as NodeJS.ErrnoException).code === 'ERR_SPDY_TIMEOUT';
}
