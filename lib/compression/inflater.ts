import { BitReader } from './bit-reader.ts';
import { CodeReader } from './code-reader.ts';
import { dictionaryId } from './dictionaries.ts';
import {
  BASE,
  END,
  FIXED,
  giveTables,
  type HuffmanTables,
  KIND,
  LINK,
  LITERAL,
} from './huffman-tables.ts';
import { copyBytes, copyForward, scratch } from './inflate-scratch.ts';
import { InflateWindow } from './inflate-window.ts';

/** What comes next in the input. */
const ZLIB_HEADER = 0;
const DICTIONARY_ID = 1;
const BLOCK_HEADER = 2;
const STORED_LENGTH = 3;
const STORED_CHECK = 4;
const STORED = 5;
const CODES = 6;
const SYMBOLS = 7;
const MATCH = 8;
const CHECKSUM = 9;

/** zlib's compression method, its largest window, and its flag of a preset dictionary. */
const DEFLATED = 8;
const MAX_WINDOW_BITS = 15;
const FDICT = 0x20;
/** Bytes of a dictionary's id, and of the checksum at the end of the stream. */
const CHECKSUM_SIZE = 4;

const NO_BYTES: Uint8Array = new Uint8Array(0);
const NO_WINDOW: InflateWindow = new InflateWindow(0, NO_BYTES);

/**
 * Reads a zlib stream (RFC 1950, 1951) that comes in pieces, cut anywhere, and writes to the scratch. It takes and refuses what
 * zlib does, save that matches beyond the declared window are always refused, and so is the end of the stream, whatever its
 * checksum: a stream of header blocks has none. All memory but the window belongs to the process, unless a block
 * with codes of its own is cut while others come.
 */
export class Inflater {
  /** What it reads: `feed()` comes before `run()`, `release()` behind the last one. */
  readonly source: BitReader = new BitReader();
  readonly #dictionary: Uint8Array;
  #window: InflateWindow = NO_WINDOW;
  /** Codes of the block, and who reads their description. */
  #tables: HuffmanTables = FIXED;
  #codes: CodeReader | null = null;
  #mode = ZLIB_HEADER;
  #problem: string | null = null;
  /** Where in the scratch this run began, where it is, and where it has to stop. */
  #from = 0;
  #at = 0;
  #to = 0;
  /** Whether this block is the last one. */
  #last = false;
  /** What is left of a stored block, of a match or a checksum; among symbols, the length whose distance comes next, or 0. */
  #length = 0;
  #distance = 0;

  constructor(dictionary: Uint8Array) {
    this.#dictionary = dictionary;
  }

  /** Why it cannot go on, or null. */
  get problem(): string | null {
    return this.#problem;
  }

  /**
   * Writes to the scratch from `from` on and returns where that ends: at `to`, if there may be more, or where the input ended
   * or a problem came up.
   */
  run(from: number, to: number): number {
    this.#from = from;
    this.#at = from;
    this.#to = to;
    while (this.#problem === null && this.#step());
    this.#window.append(from, this.#at);
    return this.#at;
  }

  /** Ends for this reason, and keeps no memory. Returns false. */
  fail(problem: string): false {
    this.#problem = problem;
    this.#giveTables();
    this.#window = NO_WINDOW;
    return false;
  }

  /** Reads on. Returns false when the input or the room is used up, or after a problem. */
  #step(): boolean {
    switch (this.#mode) {
      case ZLIB_HEADER:
        return this.#zlibHeader();
      case DICTIONARY_ID:
        return this.#dictionaryId();
      case BLOCK_HEADER:
        return this.#blockHeader();
      case STORED_LENGTH:
        return this.#storedLength();
      case STORED_CHECK:
        return this.#storedCheck();
      case STORED:
        return this.#stored();
      case CODES:
        return this.#readCodes(this.#codes as CodeReader);
      case SYMBOLS:
        return this.#symbols();
      case MATCH:
        return this.#match();
      default:
        return this.#checksum() && this.fail('the peer ended the zlib stream');
    }
  }

  #zlibHeader(): boolean {
    const { source } = this;
    if (!source.need(16)) return false;
    const method = source.take(4);
    const windowBits = source.take(4) + 8;
    const flags = source.take(8);
    if ((((windowBits - 8) << 12) | (method << 8) | flags) % 31 !== 0) {
      return this.fail('zlib: incorrect header check');
    }
    if (method !== DEFLATED) return this.fail('zlib: unknown compression method');
    if (windowBits > MAX_WINDOW_BITS) return this.fail('zlib: invalid window size');
    const preset = (flags & FDICT) !== 0;
    const dictionary = preset ? this.#dictionary : NO_BYTES;
    this.#window = new InflateWindow(2 ** windowBits, dictionary);
    this.#mode = preset ? DICTIONARY_ID : BLOCK_HEADER;
    this.#length = CHECKSUM_SIZE;
    return true;
  }

  #dictionaryId(): boolean {
    if (!this.#checksum()) return false;
    if (this.#distance >>> 0 !== dictionaryId(this.#dictionary)) {
      return this.fail('the peer compresses with another dictionary');
    }
    this.#mode = BLOCK_HEADER;
    return true;
  }

  /** Reads the bytes of a checksum, as `#distance`. */
  #checksum(): boolean {
    for (; this.#length > 0; this.#length--) {
      if (!this.source.need(8)) return false;
      this.#distance = (this.#distance << 8) | this.source.take(8);
    }
    return true;
  }

  #blockHeader(): boolean {
    const { source } = this;
    if (!source.need(3)) return false;
    this.#last = source.take(1) === 1;
    const type = source.take(2);
    this.#length = 0;
    if (type === 0) {
      source.toByte();
      this.#mode = STORED_LENGTH;
    } else if (type === 1) {
      this.#mode = SYMBOLS;
    } else if (type === 2) {
      this.#codes = new CodeReader();
      this.#tables = this.#codes.tables;
      this.#mode = CODES;
    } else {
      return this.fail('zlib: invalid block type');
    }
    return true;
  }

  #storedLength(): boolean {
    if (!this.source.need(16)) return false;
    this.#length = this.source.take(16);
    this.#mode = STORED_CHECK;
    return true;
  }

  #storedCheck(): boolean {
    if (!this.source.need(16)) return false;
    if (this.source.take(16) !== (this.#length ^ 0xffff)) {
      return this.fail('zlib: invalid stored block lengths');
    }
    this.#mode = STORED;
    return true;
  }

  #stored(): boolean {
    const { source } = this;
    // No bits are left: there were fewer than those of the lengths.
    const room = Math.min(this.#length, this.#to - this.#at);
    const count = Math.min(room, source.end - source.next);
    if (count > 0) {
      const end = source.next + count;
      scratch.bytes.set(source.input.subarray(source.next, end), this.#at);
      source.next = end;
      this.#at += count;
      this.#length -= count;
    }
    if (this.#length > 0) return false;
    this.#endBlock();
    return true;
  }

  #readCodes(codes: CodeReader): boolean {
    if (!codes.read(this.source)) return false;
    if (codes.problem !== null) return this.fail(`zlib: ${codes.problem}`);
    this.#codes = null;
    this.#mode = SYMBOLS;
    return true;
  }

  /** Literals and matches, up to the end of the block. All in one, since most of the time goes by here. */
  #symbols(): boolean {
    const { source } = this;
    const { literals, literalBits, distances, distanceBits } = this.#tables;
    const literalMask = (1 << literalBits) - 1;
    const distanceMask = (1 << distanceBits) - 1;
    const window = this.#window;
    const { size, reach } = window;
    const { input, end } = source;
    const output = scratch.bytes;
    const from = this.#from;
    const to = this.#to;
    let { next, hold, bits } = source;
    let at = this.#at;
    let length = this.#length;
    let ended = false;
    let problem: string | null = null;

    while (at < to) {
      // Enough for any code, and less than what makes `hold` negative.
      if (bits < 16) {
        if (next + 1 < end) {
          hold |= ((input[next] as number) | ((input[next + 1] as number) << 8)) << bits;
          next += 2;
          bits += 16;
        } else if (next < end) {
          hold |= (input[next++] as number) << bits;
          bits += 8;
        }
      }

      if (length === 0) {
        let entry = literals[hold & literalMask] as number;
        if ((entry & KIND) === LINK) {
          const index = (hold >>> literalBits) & ((1 << ((entry >>> 4) & 15)) - 1);
          entry = literals[(entry >>> 16) + index] as number;
        }
        const used = entry & 15;
        if ((entry & KIND) === LITERAL) {
          if (used > bits) break;
          hold >>>= used;
          bits -= used;
          output[at++] = entry >>> 16;
          continue;
        }
        const extra = (entry >>> 4) & 15;
        if (used + extra > bits) {
          if (next === end) break;
          // Five bits at most are missing.
          hold |= (input[next++] as number) << bits;
          bits += 8;
        }
        hold >>>= used;
        bits -= used;
        if ((entry & KIND) !== BASE) {
          if ((entry & KIND) === END) ended = true;
          else problem = 'zlib: invalid literal/length code';
          break;
        }
        length = (entry >>> 16) + (hold & ((1 << extra) - 1));
        hold >>>= extra;
        bits -= extra;
        continue;
      }

      let entry = distances[hold & distanceMask] as number;
      if ((entry & KIND) === LINK) {
        const index = (hold >>> distanceBits) & ((1 << ((entry >>> 4) & 15)) - 1);
        entry = distances[(entry >>> 16) + index] as number;
      }
      const used = entry & 15;
      const extra = (entry >>> 4) & 15;
      if (used + extra > bits + 8 * (end - next)) {
        while (next < end) {
          hold |= (input[next++] as number) << bits;
          bits += 8;
        }
        break;
      }
      hold >>>= used;
      bits -= used;
      if ((entry & KIND) !== BASE) {
        problem = 'zlib: invalid distance code';
        break;
      }
      while (bits < extra) {
        hold |= (input[next++] as number) << bits;
        bits += 8;
      }
      const distance = (entry >>> 16) + (hold & ((1 << extra) - 1));
      hold >>>= extra;
      bits -= extra;
      if (distance > size || distance > reach + at - from) {
        problem = 'zlib: invalid distance too far back';
        break;
      }
      const step = Math.min(length, to - at);
      copyMatch(window, from, at, distance, step);
      at += step;
      length -= step;
      if (length > 0) {
        this.#distance = distance;
        this.#mode = MATCH;
        break;
      }
    }

    source.next = next;
    source.hold = hold;
    source.bits = bits;
    this.#at = at;
    this.#length = length;
    if (problem !== null) return this.fail(problem);
    if (ended) this.#endBlock();
    return ended;
  }

  /** The rest of a match for which there was no room. */
  #match(): boolean {
    const step = Math.min(this.#length, this.#to - this.#at);
    copyMatch(this.#window, this.#from, this.#at, this.#distance, step);
    this.#at += step;
    this.#length -= step;
    if (this.#length > 0) return false;
    this.#mode = SYMBOLS;
    return true;
  }

  #endBlock(): void {
    this.#giveTables();
    this.#mode = BLOCK_HEADER;
    if (!this.#last) return;
    this.source.toByte();
    this.#length = CHECKSUM_SIZE;
    this.#mode = CHECKSUM;
  }

  #giveTables(): void {
    if (this.#tables !== FIXED) giveTables(this.#tables);
    this.#tables = FIXED;
    this.#codes = null;
  }
}

/** Writes `length` bytes of a match to the scratch at `at`; what stands there from `from` on comes behind the window. */
function copyMatch(
  window: InflateWindow,
  from: number,
  at: number,
  distance: number,
  length: number,
): void {
  let to = at;
  let left = length;
  const back = distance - (at - from);
  if (back > 0) {
    const step = Math.min(back, left);
    window.copy(back, step, to);
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
