/*
 * Huffman codes of deflate (RFC 1951, 3.2) as tables that are looked up with the next bits of the input. An entry has, from its
 * lowest bit: 4 bits with the length of the code; 4 with the number of extra bits, or of the bits that choose in a second table;
 * its kind; from bit 16 on its value: a literal, the least length or distance, or where the second table begins.
 */

/** Kinds of entries. A literal is 0, so that nothing but its value and length are set. */
export const LITERAL = 0;
/** A length or a distance. */
export const BASE = 0x100;
/** The code is longer than the index: a second table follows. */
export const LINK = 0x200;
/** End of the block. */
export const END = 0x300;
/** A code that means nothing. */
const INVALID = 0x400;
/** The bits of an entry that say its kind. */
export const KIND = 0x700;

/** How many codes there are for lengths of codes. */
export const LENGTH_CODES = 19;

/** Longest code. */
const MAX_BITS = 15;
/** Bits of the index of the first tables, and the entries of all tables that any code can need then. */
const LITERAL_BITS = 9;
const LITERAL_ROOM = 852;
const DISTANCE_BITS = 6;
const DISTANCE_ROOM = 592;
/** Longest code of a length of a code. */
const LENGTH_BITS = 7;
/** The fixed codes have more symbols than blocks may describe. */
const FIXED_LITERALS = 288;
const FIXED_DISTANCES = 32;

/** What each symbol means; the lengths of codes are literals. */
const LITERAL_ENTRIES: Int32Array = literalEntries();
const DISTANCE_ENTRIES: Int32Array = distanceEntries();

/** How many codes have each length, and the symbols in the order of their codes. */
const counts: Uint16Array = new Uint16Array(MAX_BITS + 1);
const places: Uint16Array = new Uint16Array(MAX_BITS + 1);
const sorted: Uint16Array = new Uint16Array(FIXED_LITERALS);

/** Tables that belong to no block. */
let spare: HuffmanTables | null = null;

/** The two codes of a block. */
export class HuffmanTables {
  /** Lengths of the codes from which the tables are made: of literals and lengths, then of distances. */
  readonly lengths: Uint8Array = new Uint8Array(FIXED_LITERALS + FIXED_DISTANCES);
  /** Table of the literals and lengths. */
  readonly literals: Int32Array = new Int32Array(LITERAL_ROOM);
  /** Bits of its index. */
  literalBits = 0;
  /** Table of the distances; before it is known, that of the lengths of codes. */
  readonly distances: Int32Array = new Int32Array(DISTANCE_ROOM);
  /** Bits of its index. */
  distanceBits = 0;

  /** Makes the table of the lengths of codes, in the place of the distances. Returns false if there is no such code. */
  buildLengths(): boolean {
    const { lengths, distances } = this;
    // zlib reads on if none has a length: as lengths 0, which are refused later.
    this.distanceBits = build(
      lengths,
      0,
      LENGTH_CODES,
      LITERAL_ENTRIES,
      distances,
      LENGTH_BITS,
      LITERAL,
    );
    return this.distanceBits > 0;
  }

  /** Makes the table of literals and lengths from the first `count` lengths. Returns false if there is no such code. */
  buildLiterals(count: number): boolean {
    const { lengths, literals } = this;
    this.literalBits = build(lengths, 0, count, LITERAL_ENTRIES, literals, LITERAL_BITS, INVALID);
    return this.literalBits > 0;
  }

  /** Makes the table of distances from `count` lengths from `start` on. Returns false if there is no such code. */
  buildDistances(start: number, count: number): boolean {
    const { lengths, distances } = this;
    this.distanceBits = build(
      lengths,
      start,
      count,
      DISTANCE_ENTRIES,
      distances,
      DISTANCE_BITS,
      INVALID,
    );
    return this.distanceBits > 0;
  }
}

/** The fixed codes (RFC 1951, 3.2.6). */
export const FIXED: HuffmanTables = fixedTables();

/** Tables for a block with codes of its own. All such blocks share them, unless one is cut while others come. */
export function takeTables(): HuffmanTables {
  const tables = spare ?? new HuffmanTables();
  spare = null;
  return tables;
}

/** Gives tables back at the end of a block. */
export function giveTables(tables: HuffmanTables): void {
  spare = tables;
}

/**
 * Fills `table` for the codes with `lengths[start, start + count)`, with an index of at most `most` bits. `unused` is the kind of
 * codes that stand for nothing: with INVALID one code alone will do, as zlib has it, and none at all.
 * Returns the bits of the index, or 0 if the lengths make no code.
 */
function build(
  lengths: Uint8Array,
  start: number,
  count: number,
  entries: Int32Array,
  table: Int32Array,
  most: number,
  unused: number,
): number {
  counts.fill(0);
  for (let symbol = 0; symbol < count; symbol++) {
    const length = lengths[start + symbol] as number;
    counts[length] = (counts[length] as number) + 1;
  }
  let longest = 0;
  // What is left of all codes, as a count of the longest ones.
  let left = 1 << MAX_BITS;
  let used = 0;
  for (let length = 1; length <= MAX_BITS; length++) {
    places[length] = used;
    const codes = counts[length] as number;
    if (codes === 0) continue;
    longest = length;
    used += codes;
    left -= codes << (MAX_BITS - length);
    if (left < 0) return 0;
  }
  if (left > 0) {
    if (longest > 1 || (longest === 1 && unused !== INVALID)) return 0;
    table[0] = unused | 1;
    table[1] = unused | 1;
  }
  for (let symbol = 0; symbol < count; symbol++) {
    const length = lengths[start + symbol] as number;
    if (length === 0) continue;
    const place = places[length] as number;
    sorted[place] = symbol;
    places[length] = place + 1;
  }
  const bits = Math.max(1, Math.min(most, longest));
  fill(lengths, start, used, entries, table, bits);
  return bits;
}

/** Writes the `used` codes whose symbols are sorted. */
function fill(
  lengths: Uint8Array,
  start: number,
  used: number,
  entries: Int32Array,
  table: Int32Array,
  bits: number,
): void {
  const size = 1 << bits;
  // The code with its first bit lowest, as it stands in the input.
  let code = 0;
  // The second table being filled, and the bits of its index.
  let base = 0;
  let prefix = -1;
  let more = 0;
  let end = size;
  for (let i = 0; i < used; i++) {
    const symbol = sorted[i] as number;
    const length = lengths[start + symbol] as number;
    const entry = (entries[symbol] as number) | length;
    if (length <= bits) {
      for (let at = code; at < size; at += 1 << length) table[at] = entry;
    } else {
      if ((code & (size - 1)) !== prefix) {
        prefix = code & (size - 1);
        more = longestWith(lengths, start, i, bits) - bits;
        base = end;
        end += 1 << more;
        table[prefix] = LINK | bits | (more << 4) | (base << 16);
      }
      for (let at = code >>> bits; at < 1 << more; at += 1 << (length - bits))
        table[base + at] = entry;
    }
    // Adds one to the code read from its other end.
    let bit = 1 << (length - 1);
    while ((code & bit) !== 0) bit >>>= 1;
    code = (code & (bit - 1)) | bit;
  }
}

/** The longest code that begins as the one of the i-th sorted symbol, with as many bits: those follow it, and they are complete. */
function longestWith(lengths: Uint8Array, start: number, i: number, bits: number): number {
  let left = 1 << (MAX_BITS - bits);
  let length = 0;
  for (let at = i; left > 0; at++) {
    length = lengths[start + (sorted[at] as number)] as number;
    left -= 1 << (MAX_BITS - length);
  }
  return length;
}

function fixedTables(): HuffmanTables {
  const tables = new HuffmanTables();
  tables.lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, FIXED_LITERALS);
  tables.lengths.fill(5, FIXED_LITERALS);
  tables.buildLiterals(FIXED_LITERALS);
  tables.buildDistances(FIXED_LITERALS, FIXED_DISTANCES);
  return tables;
}

function literalEntries(): Int32Array {
  const entries = new Int32Array(FIXED_LITERALS).fill(INVALID);
  for (let literal = 0; literal < 256; literal++) entries[literal] = LITERAL | (literal << 16);
  entries[256] = END;
  let length = 3;
  for (let code = 0; code < 28; code++) {
    const extra = code < 8 ? 0 : (code >>> 2) - 1;
    entries[257 + code] = BASE | (extra << 4) | (length << 16);
    length += 1 << extra;
  }
  entries[285] = BASE | (258 << 16);
  return entries;
}

function distanceEntries(): Int32Array {
  const entries = new Int32Array(FIXED_DISTANCES).fill(INVALID);
  let distance = 1;
  for (let code = 0; code < 30; code++) {
    const extra = code < 4 ? 0 : (code >>> 1) - 1;
    entries[code] = BASE | (extra << 4) | (distance << 16);
    distance += 1 << extra;
  }
  return entries;
}
