import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { InvalidStateError } from '../../errors.ts';

/** Most tokens that wait to be used. */
const MAX_TOKENS = 1000;
/** How long a token waits, in milliseconds. */
const TOKEN_LIFETIME_MS = 60_000;
/** 8 characters of base64. */
const TOKEN_BYTES = 6;

/** Things that are fetched once with a token of 8 characters, within a minute, as container runtimes hand out URLs. */
export class OneTimeTokens<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly expires: number }>();
  readonly #now: () => number;

  /** `now` is a clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How many wait. */
  get size(): number {
    this.#expire();
    return this.#entries.size;
  }

  /**
   * A new token for a value.
   *
   * @throws InvalidStateError when 1000 tokens wait already
   */
  issue(value: T): string {
    this.#expire();
    if (this.#entries.size >= MAX_TOKENS)
      throw new InvalidStateError(`${MAX_TOKENS} tokens wait to be used already`);
    let token: string;
    do token = randomBytes(TOKEN_BYTES).toString('base64url');
    while (this.#entries.has(token));
    this.#entries.set(token, { value, expires: this.#now() + TOKEN_LIFETIME_MS });
    return token;
  }

  /** The value of a token, which is worth nothing then; null for one that is unknown, used or too old. */
  take(token: string): T | null {
    this.#expire();
    const entry = this.#entries.get(token);
    this.#entries.delete(token);
    return entry?.value ?? null;
  }

  /** Drops those whose time is up: they stand in the order of their time. */
  #expire(): void {
    const now = this.#now();
    for (const [token, { expires }] of this.#entries) {
      if (expires > now) return;
      this.#entries.delete(token);
    }
  }
}
