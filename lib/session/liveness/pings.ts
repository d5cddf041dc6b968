import { performance } from 'node:perf_hooks';
import { SpdyError } from '../../errors.ts';

/** Called once per PING: with the round-trip time in milliseconds, or with the error that ended the wait (then 0). */
export type PingCallback = (error: SpdyError | null, roundTripMs: number) => void;

interface Waiting {
  readonly done: PingCallback;
  sentAt: number;
}

/** PINGs of ours that wait for an answer, by id (SPDY/3 2.6.5). Others that the application submitted itself are ignored. */
export class Pings {
  /** Made for the first one. */
  #waiting: Map<number, Waiting> | null = null;
  /** Round-trip time of the last answered PING in milliseconds, null before the first. */
  lastRoundTripMs: number | null = null;

  /** How many wait. */
  get size(): number {
    return this.#waiting?.size ?? 0;
  }

  /** Waits for the answer to a PING that was submitted. */
  add(id: number, done: PingCallback): void {
    this.#waiting ??= new Map();
    this.#waiting.set(id, { done, sentAt: performance.now() });
  }

  /** A PING was written: its time begins here, not while it waited in a queue. */
  sent(id: number): void {
    const waiting = this.#waiting?.get(id);
    if (waiting !== undefined) waiting.sentAt = performance.now();
  }

  /** A PING was received: ends the wait if it is an answer. */
  received(id: number): void {
    const waiting = this.#waiting?.get(id);
    if (waiting === undefined) return;
    this.#waiting?.delete(id);
    this.lastRoundTripMs = performance.now() - waiting.sentAt;
    waiting.done(null, this.lastRoundTripMs);
  }

  /** The session has ended. */
  cancel(): void {
    for (const [id, { done }] of this.#waiting ?? []) {
      this.#waiting?.delete(id);
      const message = `the session ended before PING ${id} was answered`;
      done(new SpdyError('ERR_SPDY_PING_CANCELLED', message), 0);
    }
  }
}
