import { clearTimeout, setTimeout } from 'node:timers';

/** Pauses of a client between its requests, all of the same length or of any length in a range. */
export class Pauses {
  readonly #shortest: number;
  readonly #longest: number;
  readonly #over: () => void;
  readonly #timers = new Set<NodeJS.Timeout>();

  /** Milliseconds; `over` is called at the end of each one. */
  constructor([shortest, longest]: readonly [number, number], over: () => void) {
    this.#shortest = shortest;
    this.#longest = longest;
    this.#over = over;
  }

  /** How many there are now. */
  get count(): number {
    return this.#timers.size;
  }

  /** Begins one. */
  begin(): void {
    const ms = this.#shortest + Math.random() * (this.#longest - this.#shortest);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#over();
    }, Math.round(ms));
    this.#timers.add(timer);
  }

  /** Ends all of them, without a call. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
