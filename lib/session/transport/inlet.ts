import type { Engine } from '../../engine/engine.ts';
import type { SessionTimers } from '../liveness/keepalive.ts';

/** How soon after reading was held back the peer is asked whether it is still there, in milliseconds. */
const PROBE_MS = 1000;

/** How much is held back, and for how long. */
export interface InletLimits {
  /** Unconsumed bytes. */
  readonly inboundLimit: number;
  /** For how long bytes may wait, in milliseconds; 0: any time, and the peer is not asked. */
  readonly stallTimeoutMs: number;
}

/** Holds the transport back while the application has left too much unread. */
export class Inlet {
  readonly #engine: Engine;
  readonly #limit: number;
  readonly #timers: SessionTimers | null;
  /** The callback of a write that waits for the application to consume. */
  #waiting: (() => void) | null = null;

  constructor(engine: Engine, limits: InletLimits, timers: SessionTimers) {
    this.#engine = engine;
    this.#limit = limits.inboundLimit;
    // A peer may have closed behind bytes that wait on the way: what is sent to it then takes them away.
    this.#timers = limits.stallTimeoutMs > 0 ? timers : null;
  }

  /** Whether reading is held back. */
  get held(): boolean {
    return this.#waiting !== null;
  }

  /** Whether so many more bytes hold reading back in no case. */
  hasRoom(bytes: number): boolean {
    return this.#engine.unconsumedBytes + bytes <= this.#limit;
  }

  /** A chunk was processed: `done` asks for the next one, now or when enough was consumed. */
  processed(done: () => void): void {
    if (!this.#isOverfull()) {
      done();
      return;
    }
    this.#waiting = done;
    // The transport is not read: what happens to it would go unnoticed.
    this.#timers?.probe.start(PROBE_MS, () => this.#waiting === done);
  }

  /** Something may have been consumed. */
  release(): void {
    const done = this.#waiting;
    if (done === null || this.#isOverfull()) return;
    this.#waiting = null;
    done();
  }

  /** Nothing is read any more. */
  close(): void {
    this.#waiting = null;
  }

  #isOverfull(): boolean {
    return this.#engine.unconsumedBytes > this.#limit;
  }
}
