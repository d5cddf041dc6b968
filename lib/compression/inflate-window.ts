import { copyBytes, copyForward, createMemory, type Memory, scratch } from './inflate-scratch.ts';

/** Least memory. */
const LEAST = 256;

/** Larger memory does not become less by a rest. */
const MOST_RESTING = 4096;

const NO_MEMORY: Memory = createMemory(0);

/**
 * What an inflate stream may refer to: the last bytes that it made, and before them the preset dictionary. Takes memory as
 * it comes to need it, up to its size.
 */
export class InflateWindow {
  readonly #size: number;
  readonly #dictionary: Uint8Array;
  /** A ring when it has its full size. */
  #memory: Memory = NO_MEMORY;
  /** How many bytes are kept, and where the next one goes. */
  #length = 0;
  #next = 0;
  /** The bytes while it rests, which take less memory as characters of a string. */
  #resting = '';

  /** `size` is a power of two. */
  constructor(size: number, dictionary: Uint8Array) {
    this.#size = size;
    this.#dictionary = dictionary;
  }

  /** Takes as little memory as it can, until `wake()`. */
  rest(): void {
    const { bytes } = this.#memory;
    if (bytes.length === 0 || bytes.length > MOST_RESTING) return;
    this.#resting = Buffer.from(bytes.buffer, 0, this.#length).toString('latin1');
    this.#memory = NO_MEMORY;
  }

  /** Is ready for `append()` and `copy()`. */
  wake(): void {
    const text = this.#resting;
    if (text === '') return;
    this.#resting = '';
    this.#memory = createMemory(this.#roomFor(text.length));
    const { bytes } = this.#memory;
    Buffer.from(bytes.buffer).write(text, 'latin1');
    // There may be less room than before; a ring begins where it did.
    if (text.length < this.#size) this.#next = text.length & (bytes.length - 1);
  }

  /** Bytes that it has at most. */
  get size(): number {
    return this.#size;
  }

  /** How far back from its end a match may begin. */
  get reach(): number {
    return Math.min(this.#size, this.#length + this.#dictionary.length);
  }

  /** Appends what stands in the scratch from `start` to `end`. */
  append(start: number, end: number): void {
    const from = Math.max(start, end - this.#size);
    const length = end - from;
    if (length === 0) return;
    if (this.#length + length > this.#memory.bytes.length) this.#grow(this.#length + length);
    const memory = this.#memory;
    const room = memory.bytes.length;
    const before = Math.min(length, room - this.#next);
    copyBytes(scratch, from, memory, this.#next, before);
    copyBytes(scratch, from + before, memory, 0, length - before);
    this.#next = (this.#next + length) & (room - 1);
    this.#length = Math.min(this.#length + length, room);
  }

  /** Copies `length` bytes, which begin `back` before the end and within reach, to the scratch; `length` is at most `back`. */
  copy(back: number, length: number, to: number): void {
    let start = back;
    let left = length;
    let at = to;
    if (start > this.#length) {
      const dictionary = this.#dictionary;
      let from = dictionary.length + this.#length - start;
      const stop = Math.min(dictionary.length, from + left);
      left -= stop - from;
      start = this.#length;
      while (from < stop) scratch.bytes[at++] = dictionary[from++] as number;
    }
    const memory = this.#memory;
    const room = memory.bytes.length;
    let from = this.#next - start;
    if (from < 0) from += room;
    const before = Math.min(left, room - from);
    copyBytes(memory, from, scratch, at, before);
    copyBytes(memory, 0, scratch, at + before, left - before);
  }

  /** Writes `length` bytes of a match to the scratch at `at`; what stands there from `from` on comes behind the window. */
  copyMatch(from: number, at: number, distance: number, length: number): void {
    let to = at;
    let left = length;
    const back = distance - (at - from);
    if (back > 0) {
      const step = Math.min(back, left);
      this.copy(back, step, to);
      to += step;
      left -= step;
    }
    if (distance >= left) copyBytes(scratch, to - distance, scratch, to, left);
    else if (distance >= 4) copyForward(scratch.view, to - distance, scratch.view, to, left);
    else {
      const { bytes } = scratch;
      for (const end = to + left; to < end; to++) bytes[to] = bytes[to - distance] as number;
    }
  }

  #grow(length: number): void {
    const old = this.#memory;
    if (old.bytes.length === this.#size) return;
    // Nothing was overwritten yet.
    this.#memory = createMemory(this.#roomFor(length));
    copyBytes(old, 0, this.#memory, 0, this.#length);
    this.#next = this.#length;
  }

  #roomFor(length: number): number {
    return Math.min(this.#size, Math.max(LEAST, 2 ** (32 - Math.clz32(length - 1))));
  }
}
