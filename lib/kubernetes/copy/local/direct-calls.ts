import { performance } from 'node:perf_hooks';

/** How long calls may hold the thread until others have their turn, in milliseconds. */
const TURN_MS = 4;
/** A file that takes longer is not in memory: the next ones hold nobody. */
const SLOW_MS = 10;
const SLOW_FILES = 32;

/**
 * Decides of each small file, and each piece that is read of a large one, whether calls that hold the thread do it. Out of the memory of the system they take
 * some microseconds, a third of what the way through another thread and back takes. Where one took long, the next ones go through other threads.
 */
export class DirectCalls {
  readonly #now: () => number;
  #began = 0;
  /** Milliseconds since others had their turn. */
  #held = 0;
  #slow = 0;

  /** `now` is a clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether the next file may hold the thread: `begin()` and `end()` then, else `passed()`. */
  get may(): boolean {
    return this.#slow === 0;
  }

  /** A file begins to hold the thread. */
  begin(): void {
    this.#began = this.#now();
  }

  /** It does no more. Returns whether it is the turn of others. */
  end(): boolean {
    const took = this.#now() - this.#began;
    if (took > SLOW_MS) this.#slow = SLOW_FILES;
    this.#held += took;
    if (this.#held < TURN_MS) return false;
    this.#held = 0;
    return true;
  }

  /** A file goes through other threads. */
  passed(): void {
    if (this.#slow > 0) this.#slow -= 1;
  }
}
