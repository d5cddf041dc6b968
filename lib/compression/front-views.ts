/** Views of a longer front are made anew each time. */
const MOST_KEPT = 1024;

/**
 * Views of the front of a memory in which one block after the other is made: most lengths come again, and to make a view takes as long
 * as to copy some hundred bytes.
 */
export class FrontViews {
  readonly #memory: Buffer;
  readonly #views: (Buffer | undefined)[] = new Array<Buffer | undefined>(MOST_KEPT).fill(
    undefined,
  );

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  /** The first `length` bytes. */
  of(length: number): Buffer {
    if (length >= MOST_KEPT) return this.#memory.subarray(0, length);
    const known = this.#views[length];
    if (known !== undefined) return known;
    const view = this.#memory.subarray(0, length);
    this.#views[length] = view;
    return view;
  }
}
