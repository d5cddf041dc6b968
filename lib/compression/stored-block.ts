import type { BitReader } from './bit-reader.ts';
import { scratch } from './inflate-scratch.ts';

/** A block of plain bytes in a deflate stream (RFC 1951 3.2.4), which may come in pieces. */
export class StoredBlock {
  /** Its length, -1 while that is not known. */
  #length = -1;
  /** Bytes that are still to come. */
  left = 0;
  /** Why it cannot be read, or null. */
  problem: string | null = null;

  /** Reads the length on; whether it is complete, or has a problem. */
  readLength(source: BitReader): boolean {
    if (this.#length === -1) {
      if (!source.need(16)) return false;
      this.#length = source.take(16);
    }
    if (!source.need(16)) return false;
    if (source.take(16) !== (this.#length ^ 0xffff)) {
      this.problem = 'zlib: invalid stored block lengths';
    }
    this.left = this.#length;
    this.#length = -1;
    return true;
  }

  /** Copies what has come to the scratch, from `at` to at most `to`; returns where that ends. */
  copy(source: BitReader, at: number, to: number): number {
    // No bits are left: there were fewer than those of the lengths.
    const count = Math.min(this.left, to - at, source.end - source.next);
    if (count <= 0) return at;
    const end = source.next + count;
    scratch.bytes.set(source.input.subarray(source.next, end), at);
    source.next = end;
    this.left -= count;
    return at + count;
  }
}
