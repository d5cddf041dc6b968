import type { RateLimit } from '../options/option-checks.ts';
import type { ResolvedOptions } from '../options/options.ts';

/** A token bucket: `burst` events at once, refilled with time. The clock is only read when the bucket is empty. */
export class RateBudget {
  readonly #limit: RateLimit;
  readonly #now: (() => number) | null;
  #tokens: number;
  /** In whole milliseconds: V8 keeps a number with a fraction in an object of its own. */
  #refilledAt: number;

  constructor(limit: RateLimit, now: (() => number) | null) {
    this.#limit = limit;
    this.#now = now;
    this.#tokens = limit.burst;
    this.#refilledAt = now === null ? 0 : Math.floor(now());
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
    const now = Math.floor(this.#now());
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

/** Every rate that a peer may not exceed. Each is counted from the first event on: most sessions see few kinds of them. */
export class Budgets {
  readonly #options: ResolvedOptions;
  #streamResets: RateBudget | null = null;
  #settings: RateBudget | null = null;
  #goaways: RateBudget | null = null;
  #headers: RateBudget | null = null;
  #pings: RateBudget | null = null;
  #emptyFrames: RateBudget | null = null;
  #windowUpdates: RateBudget | null = null;

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  get streamResets(): RateBudget {
    this.#streamResets ??= this.#budget(this.#options.streamResetRate);
    return this.#streamResets;
  }

  get settings(): RateBudget {
    this.#settings ??= this.#budget(this.#options.settingsRate);
    return this.#settings;
  }

  get goaways(): RateBudget {
    this.#goaways ??= this.#budget(this.#options.goawayRate);
    return this.#goaways;
  }

  /** Bytes that header blocks cost. */
  get headers(): RateBudget {
    this.#headers ??= this.#budget(this.#options.headerRate);
    return this.#headers;
  }

  get pings(): RateBudget {
    this.#pings ??= this.#budget(this.#options.pingRate);
    return this.#pings;
  }

  /** Frames that carry nothing: DATA without payload, HEADERS without a pair. */
  get emptyFrames(): RateBudget {
    this.#emptyFrames ??= this.#budget(this.#options.emptyDataRate);
    return this.#emptyFrames;
  }

  get windowUpdates(): RateBudget {
    this.#windowUpdates ??= this.#budget(this.#options.windowUpdateRate);
    return this.#windowUpdates;
  }

  #budget(limit: RateLimit): RateBudget {
    return new RateBudget(limit, this.#options.now);
  }
}
