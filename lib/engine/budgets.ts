import type { RateLimit } from './option-checks.ts';
import type { ResolvedOptions } from './options.ts';

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

  /**
   * Spends one event, or an `amount` of at least 1; false when that is more than the limit allows. What is larger than the burst takes all
   * of it, and leaves a debt. Without a clock nothing is limited.
   */
  spend(amount = 1): boolean {
    if (this.#tokens >= amount) {
      this.#tokens -= amount;
      return true;
    }
    if (this.#now === null) return true;
    const now = this.#now();
    const earned = ((now - this.#refilledAt) / 1000) * this.#limit.perSecond;
    this.#tokens = Math.min(this.#limit.burst, this.#tokens + earned);
    this.#refilledAt = now;
    if (this.#tokens < Math.max(1, Math.min(amount, this.#limit.burst))) return false;
    this.#tokens -= amount;
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
  readonly goaways: RateBudget;
  /** Bytes that header blocks cost. */
  readonly headers: RateBudget;
  readonly pings: RateBudget;
  /** Frames that carry nothing: DATA without payload, HEADERS without a pair. */
  readonly emptyFrames: RateBudget;
  readonly windowUpdates: RateBudget;

  constructor(options: ResolvedOptions) {
    const { now } = options;
    this.streamResets = new RateBudget(options.streamResetRate, now);
    this.settings = new RateBudget(options.settingsRate, now);
    this.goaways = new RateBudget(options.goawayRate, now);
    this.headers = new RateBudget(options.headerRate, now);
    this.pings = new RateBudget(options.pingRate, now);
    this.emptyFrames = new RateBudget(options.emptyDataRate, now);
    this.windowUpdates = new RateBudget(options.windowUpdateRate, now);
  }
}
