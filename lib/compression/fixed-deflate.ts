import { FrontViews } from './front-views.ts';

/*
 * Deflate blocks with the fixed Huffman codes (RFC 1951, 3.2.6), written as literals and matches come. It knows nothing
 * of the plain text before: who calls vouches for every match.
 */

/** Longest match that deflate has. */
const MAX_MATCH = 258;
/** Shortest match that deflate has. */
const MIN_MATCH = 3;
/** A match of so many bytes never takes more bits than the literals. */
export const WORTHWHILE = 4;
/** First literal whose code has 9 bits. */
const LONG_LITERAL = 144;
/** Room for the end of a block. */
const END_ROOM = 16;
/** Room that is kept for good; a longer block gets memory of its own. */
const KEPT_SIZE = 16384;

/** Codes of the literals, in the order of their bits on the wire. */
const LITERALS: Uint16Array = new Uint16Array(256);
/** Code and extra bits of each match length, and how many bits these are. */
const LENGTHS: Uint16Array = new Uint16Array(MAX_MATCH + 1);
const LENGTH_BITS: Uint8Array = new Uint8Array(MAX_MATCH + 1);
/** Codes of distances. */
const DISTANCES: Uint8Array = new Uint8Array(30);
fillTables();

/** One deflate block with fixed codes at a time, each ended by the empty stored block of a sync flush. */
export class FixedDeflateWriter {
  readonly #kept: Buffer = Buffer.allocUnsafeSlow(KEPT_SIZE);
  readonly #views = new FrontViews(this.#kept);
  #out: Buffer = this.#kept;
  #at = 0;
  /** Bits that make no byte yet, below 8 between calls. */
  #bits = 0;
  #bitCount = 0;
  /** A match that may still grow; length 0 for none. */
  #distance = 0;
  #length = 0;
  /** End of a text that could be literals or a match, which the next match decides; length 0 for none. */
  #tailText = '';
  #tailLength = 0;
  #tailDistance = 0;

  /** Starts a block, behind `head` (the zlib header of a stream). */
  begin(head: Uint8Array | null): void {
    this.#out = this.#kept;
    this.#at = 0;
    this.#length = 0;
    this.#tailLength = 0;
    if (head !== null) {
      this.#out.set(head, 0);
      this.#at = head.length;
    }
    // Not the last block; fixed codes.
    this.#bits = 2;
    this.#bitCount = 3;
  }

  /** Makes room for the codes of so many bytes of plain text. Comes before what they become. */
  reserve(plainBytes: number): void {
    // Nine bits for each byte; four bytes for each match of the longest kind that still waits, and a few more.
    const waiting = ((this.#length + this.#tailLength) >>> 6) + 12;
    const end = this.#at + plainBytes + (plainBytes >>> 3) + waiting + END_ROOM;
    if (end <= this.#out.length) return;
    const out = Buffer.allocUnsafeSlow(2 * end);
    this.#out.copy(out, 0, 0, this.#at);
    this.#out = out;
  }

  /** The characters `text[start, end)` as literals, one byte each. */
  literals(text: string, start: number, end: number): void {
    if (start >= end) return;
    this.#settle();
    this.#putLiterals(text, start, end);
  }

  /** The `length` bytes that stand `distance` back; at least WORTHWHILE of them, unless they go on with the last match. */
  match(distance: number, length: number): void {
    if (this.#tailLength > 0) {
      if (this.#tailDistance === distance) {
        this.#distance = distance;
        this.#length = this.#tailLength + length;
        this.#tailLength = 0;
        return;
      }
      this.#settle();
    }
    if (this.#length > 0) {
      if (this.#distance === distance) {
        this.#length += length;
        return;
      }
      this.#putMatch(this.#distance, this.#length);
    }
    this.#distance = distance;
    this.#length = length;
  }

  /** Whether a match at this distance only makes the last one longer. */
  continues(distance: number): boolean {
    return this.#length > 0 && this.#distance === distance;
  }

  /**
   * The last `length` characters of `text`, which stand `distance` back as well: part of a match if one follows at
   * the same distance or if they are many, else literals.
   */
  tail(distance: number, text: string, length: number): void {
    if (this.continues(distance)) {
      this.#length += length;
      return;
    }
    this.#settle();
    this.#tailText = text;
    this.#tailLength = length;
    this.#tailDistance = distance;
  }

  /** Ends the block. The result is valid until the next `begin()`. */
  end(): Buffer {
    this.#settle();
    // End of block, 7 bits of 0; the stored block's 3 bits of 0; the rest of the byte; its length and that inverted.
    const out = this.#out;
    let at = this.#at;
    out[at++] = this.#bits;
    out[at++] = 0;
    if (this.#bitCount === 7) out[at++] = 0;
    out[at++] = 0;
    out[at++] = 0;
    out[at++] = 0xff;
    out[at++] = 0xff;
    if (out === this.#kept) return this.#views.of(at);
    this.#out = this.#kept;
    return out.subarray(0, at);
  }

  /** Writes what waits. */
  #settle(): void {
    if (this.#length > 0) {
      this.#putMatch(this.#distance, this.#length);
      this.#length = 0;
    } else if (this.#tailLength > 0) {
      const length = this.#tailLength;
      this.#tailLength = 0;
      if (length >= WORTHWHILE) this.#putMatch(this.#tailDistance, length);
      else this.#putLiterals(this.#tailText, this.#tailText.length - length, this.#tailText.length);
    }
  }

  #putLiterals(text: string, start: number, end: number): void {
    const out = this.#out;
    let at = this.#at;
    let bits = this.#bits;
    let count = this.#bitCount;
    for (let i = start; i < end; i++) {
      const byte = text.charCodeAt(i) & 0xff;
      bits |= (LITERALS[byte] as number) << count;
      out[at++] = bits;
      bits >>>= 8;
      if (byte >= LONG_LITERAL && ++count === 8) {
        out[at++] = bits;
        bits = 0;
        count = 0;
      }
    }
    this.#at = at;
    this.#bits = bits;
    this.#bitCount = count;
  }

  #putMatch(distance: number, length: number): void {
    const back = distance - 1;
    let code = back;
    let extraBits = 0;
    if (back >= 4) {
      extraBits = 30 - Math.clz32(back);
      code = 2 * extraBits + (back >>> extraBits);
    }
    const extra = back & ((1 << extraBits) - 1);
    const distanceCode = (DISTANCES[code] as number) | (extra << 5);

    const out = this.#out;
    let at = this.#at;
    let bits = this.#bits;
    let count = this.#bitCount;
    for (let left = length; left > 0; ) {
      let step = left;
      // What is left must be a match, too.
      if (left > MAX_MATCH) step = Math.min(MAX_MATCH, left - MIN_MATCH);
      left -= step;
      bits |= (LENGTHS[step] as number) << count;
      count += LENGTH_BITS[step] as number;
      for (; count >= 8; count -= 8) {
        out[at++] = bits;
        bits >>>= 8;
      }
      bits |= distanceCode << count;
      count += 5 + extraBits;
      for (; count >= 8; count -= 8) {
        out[at++] = bits;
        bits >>>= 8;
      }
    }
    this.#at = at;
    this.#bits = bits;
    this.#bitCount = count;
  }
}

function fillTables(): void {
  for (let byte = 0; byte < 256; byte++) {
    LITERALS[byte] =
      byte < LONG_LITERAL ? reversed(0x30 + byte, 8) : reversed(0x190 + byte - LONG_LITERAL, 9);
  }
  for (let length = MIN_MATCH; length <= MAX_MATCH; length++) {
    // Codes 257 to 264 have no extra bits; from there on four codes for each number of extra bits; 285 is 258 alone.
    const over = length - MIN_MATCH;
    let code = 257 + over;
    let extraBits = 0;
    if (length === MAX_MATCH) code = 285;
    else if (over >= 8) {
      extraBits = 29 - Math.clz32(over);
      code = 257 + 4 * extraBits + (over >>> extraBits);
    }
    const extra = extraBits === 0 ? 0 : over & ((1 << extraBits) - 1);
    const bits = code < 280 ? 7 : 8;
    const huffman = code < 280 ? reversed(code - 256, 7) : reversed(0xc0 + code - 280, 8);
    LENGTHS[length] = huffman | (extra << bits);
    LENGTH_BITS[length] = bits + extraBits;
  }
  for (let code = 0; code < 30; code++) DISTANCES[code] = reversed(code, 5);
}

/** Huffman codes stand in the stream with their first bit foremost. */
function reversed(code: number, bits: number): number {
  let result = 0;
  for (let i = 0; i < bits; i++) result |= ((code >>> i) & 1) << (bits - 1 - i);
  return result;
}
