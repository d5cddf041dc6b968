import { setTimeout as sleep } from 'node:timers/promises';

/** Bodies in both directions are let through at a rate, all together. */
export class RateLimit {
  readonly #bytesPerMs: number;
  readonly #signal: AbortSignal;
  /** When what was let through so far has taken its time. */
  #due = 0;

  constructor(bytesPerSecond: number, signal: AbortSignal) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#signal = signal;
  }

  /** Resolves when so many bytes more may go. */
  async take(bytes: number): Promise<void> {
    const now = performance.now();
    this.#due = Math.max(this.#due, now) + bytes / this.#bytesPerMs;
    const wait = this.#due - now;
    if (wait >= 1) await sleep(wait, undefined, { signal: this.#signal });
  }
}
