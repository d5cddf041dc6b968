import type { RateLimit, ResolvedOptions } from './options.ts';

/** A token bucket: `burst` events at once, refilled with time. The clock is only read when the bucket is empty. */
export class RateBudget {
  readonly #limit: RateLimit;
  readonly #now: (() => number) | null;
  #tokens: number;
  #refilledAt: number;

  constructor(limit: RateLimit, now: (() => number) | null) {
    this.#limit = limit;
    this.#now = now;
    this.#tokens = limit.burst;
    this.#refilledAt = now === null ? 0 : now();
  }

  /** Spends one event; false when that is more than the limit allows. Without a clock nothing is limited. */
  spend(): boolean {
    if (this.#tokens >= 1) {
      this.#tokens--;
      return true;
    }
    if (this.#now === null) return true;
    const now = this.#now();
    const earned = ((now - this.#refilledAt) / 1000) * this.#limit.perSecond;
    this.#tokens = Math.min(this.#limit.burst, this.#tokens + earned);
    this.#refilledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Allows `events` more. */
  earn(events: number): void {
    this.#tokens = Math.min(this.#limit.burst, this.#tokens + events);
  }
}

/** Every rate that a peer may not exceed. */
export class Budgets {
  readonly streamResets: RateBudget;
  readonly settings: RateBudget;
  readonly pings: RateBudget;
  readonly emptyData: RateBudget;
  readonly windowUpdates: RateBudget;

  constructor(options: ResolvedOptions) {
    const { now } = options;
    this.streamResets = new RateBudget(options.streamResetRate, now);
    this.settings = new RateBudget(options.settingsRate, now);
    this.pings = new RateBudget(options.pingRate, now);
    this.emptyData = new RateBudget(options.emptyDataRate, now);
    this.windowUpdates = new RateBudget(options.windowUpdateRate, now);
  }
}
