/** A request that waits. */
interface Waiting {
  readonly priority: number;
  readonly admit: (entered: boolean) => void;
}

/**
 * Lets as many requests into a session as the server takes at once; the others wait here, the most urgent ones first. They would wait in the
 * session as well, but there its end would make failures of them.
 */
export class StreamGate {
  #limit: number;
  #inside = 0;
  #shut = false;
  readonly #waiting: Waiting[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a place if one is free. */
  tryEnter(): boolean {
    if (this.#shut || this.#inside >= this.#limit) return false;
    this.#inside++;
    return true;
  }

  /** Waits for a place. False: the session takes no more requests. */
  enter(priority: number): Promise<boolean> {
    if (this.#shut) return Promise.resolve(false);
    if (this.tryEnter()) return Promise.resolve(true);
    return new Promise((admit) => {
      const before = this.#waiting.findLastIndex((other) => other.priority <= priority);
      this.#waiting.splice(before + 1, 0, { priority, admit });
    });
  }

  /** A stream has ended. */
  leave(): void {
    this.#inside--;
    this.#admit();
  }

  /** The server has told its limit. */
  setLimit(limit: number): void {
    this.#limit = limit;
    this.#admit();
  }

  /** The session takes no more requests. */
  shut(): void {
    this.#shut = true;
    for (const { admit } of this.#waiting.splice(0)) admit(false);
  }

  #admit(): void {
    while (this.#inside < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#inside++;
      next.admit(true);
    }
  }
}
