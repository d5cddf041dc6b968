import type { Random } from '../support/shred.ts';

/*
 * Deflate streams that no compressor writes: any codes, long ones too, and any mixture of blocks, right or slightly wrong.
 */

/** Lengths of the codes for the lengths of codes: 13 of 4 bits, 6 of 5. */
const LENGTH_LENGTHS: readonly number[] = Array.from({ length: 19 }, (_, i) => (i < 13 ? 4 : 5));
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const END_OF_BLOCK = 256;

/** The length of each symbol's code, 0 for none. */
export type Lengths = readonly number[];

/** Bits as deflate writes them, the first one lowest in its byte. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #count = 0;

  /** Writes the lowest `count` bits, the lowest first. */
  put(value: number, count: number): this {
    for (let bit = 0; bit < count; bit++) {
      if (this.#count % 8 === 0) this.#bytes.push(0);
      const last = this.#bytes.length - 1;
      this.#bytes[last] =
        (this.#bytes[last] as number) | (((value >>> bit) & 1) << (this.#count % 8));
      this.#count++;
    }
    return this;
  }

  /** Writes a Huffman code, its highest bit first. */
  code(value: number, count: number): this {
    for (let bit = count - 1; bit >= 0; bit--) this.put(value >>> bit, 1);
    return this;
  }

  /** Fills up the byte. */
  align(): this {
    this.#count = 8 * this.#bytes.length;
    return this;
  }

  /** What was written; the last byte is filled up with 0. */
  bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

/** The code of each symbol by their lengths (RFC 1951, 3.2.2). */
export function codesOf(lengths: Lengths): number[] {
  const codes: number[] = Array.from(lengths, () => 0);
  let code = 0;
  for (let length = 1; length <= 15; length++) {
    lengths.forEach((of, symbol) => {
      if (of === length) codes[symbol] = code++;
    });
    code *= 2;
  }
  return codes;
}

/** Writes symbols of a code with these lengths. */
export function putSymbols(
  writer: BitWriter,
  lengths: Lengths,
  symbols: readonly number[],
): BitWriter {
  const codes = codesOf(lengths);
  for (const symbol of symbols) writer.code(codes[symbol] as number, lengths[symbol] as number);
  return writer;
}

/** A complete code for some of `symbols` symbols, `must` among them, of up to 15 bits. */
function randomCode(random: Random, symbols: number, must: number): number[] {
  const lengths: number[] = Array.from({ length: symbols }, () => 0);
  // Leaves of a tree that grows at random, rather at its last leaf: long codes are wanted.
  const leaves = [1, 1];
  const most = random.integer(2, symbols);
  for (let tries = 0; leaves.length < most && tries < 2 * symbols; tries++) {
    const at =
      random.integer(0, 2) === 0 ? random.integer(0, leaves.length - 1) : leaves.length - 1;
    const depth = leaves[at] as number;
    if (depth < 15) leaves.splice(at, 1, depth + 1, depth + 1);
  }
  const free = lengths.map((_, symbol) => symbol).filter((symbol) => symbol !== must);
  for (const [i, depth] of leaves.sort(() => random.integer(0, 2) - 1).entries()) {
    const symbol =
      i === 0 ? must : (free.splice(random.integer(0, free.length - 1), 1)[0] as number);
    lengths[symbol] = depth;
  }
  return lengths;
}

/** Writes the header of a block with codes of these lengths. */
export function describeCodes(
  random: Random,
  writer: BitWriter,
  literals: Lengths,
  distances: Lengths,
): void {
  writer
    .put(literals.length - 257, 5)
    .put(distances.length - 1, 5)
    .put(15, 4);
  for (const symbol of LENGTH_ORDER) writer.put(LENGTH_LENGTHS[symbol] as number, 3);
  const codes = codesOf(LENGTH_LENGTHS);
  const put = (symbol: number): BitWriter =>
    writer.code(codes[symbol] as number, LENGTH_LENGTHS[symbol] as number);
  const all = [...literals, ...distances];
  for (let at = 0; at < all.length; ) {
    const length = all[at] as number;
    let run = 1;
    while (all[at + run] === length) run++;
    if (length === 0 && run >= 11) {
      run = Math.min(138, run);
      put(18).put(run - 11, 7);
    } else if (length === 0 && run >= 3) {
      put(17).put(run - 3, 3);
    } else if (at > 0 && all[at - 1] === length && run >= 3 && random.integer(0, 9) > 0) {
      run = Math.min(6, run);
      put(16).put(run - 3, 2);
    } else {
      run = 1;
      put(length);
    }
    at += run;
  }
}

/** Blocks at random, of all three types; now and then something in them is wrong. */
export function writeBlocks(
  random: Random,
  writer: BitWriter,
  count: number,
  history: number,
): void {
  let before = history;
  for (let i = 0; i < count; i++) {
    writer.put(random.integer(0, 40) === 0 ? 1 : 0, 1);
    const type = random.integer(0, 60) === 0 ? 3 : random.integer(0, 2);
    writer.put(type, 2);
    if (type === 0) before += writeStored(random, writer);
    else if (type === 1) before += writeSymbols(random, writer, ...fixedLengths(), before);
    else if (type === 2) before += writeOwn(random, writer, before);
  }
}

function writeStored(random: Random, writer: BitWriter): number {
  const length = random.integer(0, 3) === 0 ? 0 : random.integer(0, 40);
  writer.align().put(length, 16);
  writer.put(random.integer(0, 60) === 0 ? length : ~length, 16);
  for (let i = 0; i < length; i++) writer.put(random.integer(0, 255), 8);
  return length;
}

function writeOwn(random: Random, writer: BitWriter, before: number): number {
  const literals = randomCode(random, random.integer(257, 286), END_OF_BLOCK);
  const kind = random.integer(0, 9);
  let distances = randomCode(random, random.integer(2, 30), 0);
  // One distance, with half a code, or none.
  if (kind === 0) distances = [1];
  if (kind === 1) distances = [0];
  if (kind === 2) distances = [0, 0, 1, 0];
  // Often no code any more.
  if (kind === 3) distances[random.integer(0, distances.length - 1)] = random.integer(0, 15);
  if (kind === 4) literals[random.integer(0, 256)] = random.integer(0, 15);
  describeCodes(random, writer, literals, distances);
  return writeSymbols(random, writer, literals, distances, before);
}

function fixedLengths(): [number[], number[]] {
  const literals = Array.from({ length: 288 }, (_, symbol) => {
    if (symbol < 144) return 8;
    if (symbol < 256) return 9;
    return symbol < 280 ? 7 : 8;
  });
  return [literals, Array.from({ length: 32 }, () => 5)];
}

/** Writes symbols that these codes have, and the end of the block; returns how many bytes they stand for. */
function writeSymbols(
  random: Random,
  writer: BitWriter,
  literals: Lengths,
  distances: Lengths,
  before: number,
): number {
  const literalCodes = codesOf(literals);
  const distanceCodes = codesOf(distances);
  const having = (lengths: Lengths): number[] =>
    lengths.map((_, symbol) => symbol).filter((symbol) => (lengths[symbol] as number) > 0);
  // Two of the fixed codes mean nothing.
  const rare = random.integer(0, 9) === 0;
  const symbols = having(literals).filter(
    (symbol) => symbol !== END_OF_BLOCK && (symbol < 286 || rare),
  );
  const far = having(distances);
  let made = 0;
  for (let left = symbols.length === 0 ? 0 : random.integer(0, 60); left > 0; left--) {
    let symbol = symbols[random.integer(0, symbols.length - 1)] as number;
    // Rather a match than a literal.
    if (symbol < 256)
      symbol = symbols[random.integer(symbols.length >> 1, symbols.length - 1)] as number;
    const within = far.filter((code) => leastDistance(code) <= before + made);
    if (symbol > 256 && within.length === 0) continue;
    writer.code(literalCodes[symbol] as number, literals[symbol] as number);
    if (symbol < 256) {
      made++;
      continue;
    }
    const [length, extra] = lengthOf(symbol);
    const more = random.integer(0, 2 ** extra - 1);
    writer.put(more, extra);
    const reach = random.integer(0, 300) === 0 ? far : within;
    const code = reach[random.integer(0, reach.length - 1)] as number;
    writer.code(distanceCodes[code] as number, distances[code] as number);
    const bits = code < 4 ? 0 : (code >> 1) - 1;
    const room = before + made - leastDistance(code);
    writer.put(random.integer(0, Math.max(0, Math.min(2 ** bits - 1, room))), bits);
    made += length + more;
  }
  writer.code(literalCodes[END_OF_BLOCK] as number, literals[END_OF_BLOCK] as number);
  return made;
}

/** The least distance of a code, by RFC 1951's table. */
function leastDistance(code: number): number {
  return code < 4 ? code + 1 : (2 + (code & 1)) * 2 ** ((code >> 1) - 1) + 1;
}

/** The least length of a symbol and its extra bits, by RFC 1951's table. */
function lengthOf(symbol: number): [number, number] {
  const code = symbol - 257;
  if (code === 28) return [258, 0];
  if (code < 8) return [code + 3, 0];
  return [(4 + (code & 3)) * 2 ** ((code >> 2) - 1) + 3, (code >> 2) - 1];
}
