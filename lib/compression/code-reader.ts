import type { BitReader } from './bit-reader.ts';
import { type HuffmanTables, LENGTH_CODES, takeTables } from './huffman-tables.ts';

/** How many codes a block may describe for literals and lengths, and for distances. */
const MOST_LITERALS = 286;
const MOST_DISTANCES = 30;
/** The symbol at the end of a block. */
const END_OF_BLOCK = 256;
/** Order in which the lengths of the codes for lengths come. */
const LENGTH_ORDER: Uint8Array = new Uint8Array([
  16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
]);
/** First symbol among the lengths of codes that repeats one: the last length. The two behind it repeat 0. */
const REPEAT = 16;
/** Their extra bits, and how often they repeat at least. */
const REPEAT_BITS: Uint8Array = Uint8Array.of(2, 3, 7);
const REPEAT_LEAST: Uint8Array = Uint8Array.of(3, 3, 11);

/** Reads the description of a block's own codes (RFC 1951, 3.2.7). */
export class CodeReader {
  /** What the codes become. Whoever made the reader gives them back. */
  readonly tables: HuffmanTables = takeTables();
  /** What is wrong with the description, in zlib's words, or null. */
  problem: string | null = null;
  /** How many lengths come for the codes of lengths, of literals and lengths, and of distances; 0 if not known yet. */
  #lengthCount = 0;
  #literalCount = 0;
  #distanceCount = 0;
  /** How many of them were read, and whether they are those of literals and distances. */
  #read = 0;
  #expanding = false;

  /** Goes on reading. Returns false when the input is used up, true when the description is complete or wrong. */
  read(bits: BitReader): boolean {
    if (this.#lengthCount === 0 && !this.#readCounts(bits)) return false;
    if (this.problem !== null) return true;
    if (!this.#expanding && !this.#readLengthCode(bits)) return false;
    if (this.problem !== null) return true;
    if (!this.#readLengths(bits)) return false;
    this.problem ??= this.#build();
    return true;
  }

  #readCounts(bits: BitReader): boolean {
    if (!bits.need(14)) return false;
    this.#literalCount = bits.take(5) + 257;
    this.#distanceCount = bits.take(5) + 1;
    this.#lengthCount = bits.take(4) + 4;
    if (this.#literalCount > MOST_LITERALS || this.#distanceCount > MOST_DISTANCES) {
      this.problem = 'too many length or distance symbols';
    }
    this.tables.lengths.fill(0, 0, LENGTH_CODES);
    return true;
  }

  #readLengthCode(bits: BitReader): boolean {
    for (; this.#read < this.#lengthCount; this.#read++) {
      if (!bits.need(3)) return false;
      this.tables.lengths[LENGTH_ORDER[this.#read] as number] = bits.take(3);
    }
    if (!this.tables.buildLengths()) this.problem = 'invalid code lengths set';
    this.#read = 0;
    this.#expanding = true;
    return true;
  }

  #readLengths(bits: BitReader): boolean {
    const { lengths, distances: table, distanceBits } = this.tables;
    const count = this.#literalCount + this.#distanceCount;
    const mask = (1 << distanceBits) - 1;
    while (this.#read < count) {
      let entry = table[bits.hold & mask] as number;
      while ((entry & 15) > bits.bits) {
        if (!bits.need(bits.bits + 1)) return false;
        entry = table[bits.hold & mask] as number;
      }
      const used = entry & 15;
      const symbol = entry >>> 16;
      if (symbol < REPEAT) {
        bits.take(used);
        lengths[this.#read++] = symbol;
        continue;
      }
      const extra = REPEAT_BITS[symbol - REPEAT] as number;
      if (!bits.need(used + extra)) return false;
      bits.take(used);
      const from = this.#read;
      const end = from + (REPEAT_LEAST[symbol - REPEAT] as number) + bits.take(extra);
      if (end > count || (symbol === REPEAT && from === 0)) {
        this.problem = 'invalid bit length repeat';
        return true;
      }
      lengths.fill(symbol === REPEAT ? (lengths[from - 1] as number) : 0, from, end);
      this.#read = end;
    }
    return true;
  }

  #build(): string | null {
    const { tables } = this;
    if (tables.lengths[END_OF_BLOCK] === 0) return 'invalid code -- missing end-of-block';
    if (!tables.buildLiterals(this.#literalCount)) return 'invalid literal/lengths set';
    if (!tables.buildDistances(this.#literalCount, this.#distanceCount)) {
      return 'invalid distances set';
    }
    return null;
  }
}
