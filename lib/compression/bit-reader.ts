const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Input as bits, the lowest bit of a byte first (RFC 1951, 3.1.1). It may be cut anywhere. */
export class BitReader {
  /** Bytes that are left: `input[next, end)`. */
  input: Uint8Array = NO_BYTES;
  next = 0;
  end = 0;
  /** Bits that were taken out of the input but not used, the first one lowest. At most 31, so that this is a small integer. */
  hold = 0;
  /** How many these are. */
  bits = 0;

  /** Goes on with `input[start, end)`, which it keeps until `release()`; what was there before has to be read. */
  feed(input: Uint8Array, start: number, end: number): void {
    this.input = input;
    this.next = start;
    this.end = end;
  }

  /** Lets go of the input: an idle session would keep the last socket buffer alive. */
  release(): void {
    this.input = NO_BYTES;
  }

  /** Gets so many bits together, at most 24. Returns false if there are fewer; those are kept. */
  need(count: number): boolean {
    while (this.bits < count) {
      if (this.next === this.end) return false;
      this.hold |= (this.input[this.next++] as number) << this.bits;
      this.bits += 8;
    }
    return true;
  }

  /** Takes bits that are there. */
  take(count: number): number {
    const value = this.hold & ((1 << count) - 1);
    this.hold >>>= count;
    this.bits -= count;
    return value;
  }

  /** Drops the bits up to the next byte. */
  toByte(): void {
    this.take(this.bits & 7);
  }
}
