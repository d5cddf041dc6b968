import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';

/** Requests at a rate: each is due at a time of its own, whatever became of the others. */
export class Pacer {
  readonly #intervalMs: number;
  readonly #send: () => void;
  readonly #begun: number;
  #taken = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `send` is called when one is due, at the earliest in the tick after the one in which it is made. */
  constructor(perSecond: number, send: () => void) {
    this.#intervalMs = 1000 / perSecond;
    this.#send = send;
    this.#begun = performance.now();
    this.#wait();
  }

  /** When the next one is due if that is past, else null; it is taken then. */
  take(now: number): number | null {
    const due = this.#next();
    if (due > now) return null;
    this.#taken++;
    return due;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Timers know whole milliseconds: what is due in one is due at its end. */
  #next(): number {
    return this.#begun + Math.ceil((this.#taken + 1) * this.#intervalMs);
  }

  #wait(): void {
    const ms = Math.max(1, Math.ceil(this.#next() - performance.now()));
    this.#timer = setTimeout(() => {
      this.#send();
      if (this.#timer !== null) this.#wait();
    }, ms);
  }
}
