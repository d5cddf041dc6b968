import { NO_BYTES } from './bytes.ts';
import type { HeaderInflater } from './header-inflater.ts';

/** Header blocks are inflated in steps of so many bytes: a call of the inflater costs as much as a few of them. */
const STEP = 64;

/**
 * Hands a header block to the inflater in steps that do not depend on how the block was cut, so that single bytes cost no more than
 * their share and faults come out at the same place.
 */
export class BlockFeed {
  readonly #inflater: HeaderInflater;
  /** Memory for the front of a step, and how much of it there is. */
  #held: Buffer = NO_BYTES;
  #heldLength = 0;

  constructor(inflater: HeaderInflater) {
    this.#inflater = inflater;
  }

  /**
   * Takes `chunk[start, end)` of the block, up to the end of the block if these are its `last` bytes. The limits and what is returned
   * are those of `HeaderInflater.push()`.
   */
  push(
    chunk: Buffer,
    start: number,
    end: number,
    last: boolean,
    limit: number,
    hardLimit: number,
  ): string | null {
    let at = start;
    if (this.#heldLength > 0) {
      at = this.#hold(chunk, at, end);
      const length = this.#heldLength;
      if (length < STEP && !last) return null;
      const problem = this.#inflater.push(this.#held, 0, length, limit, hardLimit);
      this.#heldLength = 0;
      if (problem !== null) return problem;
    }
    const rest = last ? 0 : (end - at) % STEP;
    if (at < end - rest) {
      const problem = this.#inflater.push(chunk, at, end - rest, limit, hardLimit);
      if (problem !== null) return problem;
    }
    if (rest > 0) this.#hold(chunk, end - rest, end);
    return null;
  }

  /** Bytes that the current block inflated to. */
  get length(): number {
    return this.#inflater.length;
  }

  /** The inflated block, as of `HeaderInflater.block()`. */
  block(): Buffer {
    return this.#inflater.block();
  }

  /** Forgets the current block. */
  reset(): void {
    this.#held = NO_BYTES;
    this.#heldLength = 0;
    this.#inflater.reset();
  }

  /** Gives memory back, for as long as no block comes. */
  rest(): void {
    this.#inflater.rest();
  }

  /** Keeps bytes for the next step; returns where those begin that do not belong to it. */
  #hold(chunk: Buffer, start: number, end: number): number {
    if (this.#held.length === 0) this.#held = Buffer.allocUnsafeSlow(STEP);
    const held = this.#held;
    const stop = Math.min(end, start + STEP - this.#heldLength);
    for (let at = start; at < stop; at++) held[this.#heldLength++] = chunk[at] as number;
    return stop;
  }
}
