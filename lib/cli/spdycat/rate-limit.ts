import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../arguments.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

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

/**
 * Reads bytes per second: `500`, `200K`, `1.5M`.
 *
 * @throws UsageError
 */
export function parseRate(text: string | null): number | null {
  if (text === null) return null;
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([kmg]?)b?$/i.exec(text) ?? [];
  const rate = Number(number) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  if (!(number !== '' && rate >= 1))
    throw new UsageError(`--limit-rate takes bytes per second, as 500, 200K, 1M; got '${text}'`);
  return rate;
}
