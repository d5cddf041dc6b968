import type { BitReader } from './bit-reader.ts';
import { scratch } from './inflate-scratch.ts';

/** A block of plain bytes in a deflate stream (RFC 1951 3.2.4), which may come in pieces. */
export class StoredBlock {
  /** Its length as it stands in front, -1 while that is not known. */
  #length = -1;
  /** Bytes that are still to come, -1 while that is not known. */
  #left = -1;
  /** Why it cannot be read, or null. */
  problem: string | null = null;

  /** Whether all of it was copied. */
  get complete(): boolean {
    return this.#left === 0;
  }

  /** Copies what has come to the scratch, from `at` to at most `to`; returns where that ends. */
  copy(source: BitReader, at: number, to: number): number {
    if (this.#left === -1 && !this.#readLength(source)) return at;
    // No bits are left: there were fewer than those of the lengths.
    const count = Math.min(this.#left, to - at, source.end - source.next);
    if (count <= 0) return at;
    const end = source.next + count;
    scratch.bytes.set(source.input.subarray(source.next, end), at);
    source.next = end;
    this.#left -= count;
    return at + count;
  }

  /** Reads the length on, which stands there twice; whether it is known. */
  #readLength(source: BitReader): boolean {
    if (this.#length === -1) {
      if (!source.need(16)) return false;
      this.#length = source.take(16);
    }
    if (!source.need(16)) return false;
    if (source.take(16) !== (this.#length ^ 0xffff)) {
      this.problem = 'zlib: invalid stored block lengths';
      return false;
    }
    this.#left = this.#length;
    return true;
  }
}
