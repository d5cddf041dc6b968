import { BitReader } from './bit-reader.ts';
import { CodeReader } from './code-reader.ts';
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
import { scratch } from './inflate-scratch.ts';
import { InflateWindow } from './inflate-window.ts';
import { StoredBlock } from './stored-block.ts';
import { Checksum, ZlibHeader } from './zlib-header.ts';

/** What comes next in the input. */
const ZLIB_HEADER = 0;
const BLOCK_HEADER = 1;
const STORED = 3;
const CODES = 4;
const SYMBOLS = 5;
const MATCH = 6;
const CHECKSUM = 7;

const NO_WINDOW: InflateWindow = new InflateWindow(0, new Uint8Array(0));

/**
 * Reads a zlib stream (RFC 1950, 1951) that comes in pieces, cut anywhere, and writes to the scratch. It takes and refuses what
 * zlib does, save that matches beyond the declared window are always refused, and so is the end of the stream, whatever its
 * checksum: a stream of header blocks has none. All memory but the window belongs to the process, unless a block
 * with codes of its own is cut while others come.
 */
export class Inflater {
  /** What it reads: `feed()` comes before `run()`, `release()` behind the last one. */
  readonly source: BitReader = new BitReader();
  /** Who reads the front, the blocks without codes, and the end of the stream, while they do. */
  #header: ZlibHeader | null;
  #stored: StoredBlock | null = null;
  #checksum: Checksum | null = null;
  #window: InflateWindow = NO_WINDOW;
  /** Codes of the block, and who reads their description. */
  #tables: HuffmanTables = FIXED;
  #codes: CodeReader | null = null;
  #mode = ZLIB_HEADER;
  /** Why it cannot go on, or null. */
  problem: string | null = null;
  /** Where in the scratch this run began, where it is, and where it has to stop. */
  #from = 0;
  #at = 0;
  #to = 0;
  /** Whether this block is the last one. */
  #last = false;
  /** What is left of a match; among symbols, the length whose distance comes next, or 0. */
  #length = 0;
  #distance = 0;

  constructor(dictionary: Uint8Array) {
    this.#header = new ZlibHeader(dictionary);
  }

  /**
   * Writes to the scratch from `from` on and returns where that ends: at `to`, if there may be more, or where the input ended
   * or a problem came up.
   */
  run(from: number, to: number): number {
    this.#from = from;
    this.#at = from;
    this.#to = to;
    this.#window.wake();
    while (this.problem === null && this.#step());
    this.#window.append(from, this.#at);
    return this.#at;
  }

  /** Takes as little memory as it can, until `run()`. */
  rest(): void {
    this.#window.rest();
  }

  /** Ends for this reason, and keeps no memory. Returns false. */
  fail(problem: string): false {
    this.problem = problem;
    this.#giveTables();
    this.#window = NO_WINDOW;
    return false;
  }

  /** Reads on. Returns false when the input or the room is used up, or after a problem. */
  #step(): boolean {
    switch (this.#mode) {
      case ZLIB_HEADER:
        return this.#zlibHeader(this.#header as ZlibHeader);
      case BLOCK_HEADER:
        return this.#blockHeader();
      case STORED:
        return this.#copyStored(this.#stored as StoredBlock);
      case CODES:
        return this.#readCodes(this.#codes as CodeReader);
      case SYMBOLS:
        return this.#symbols();
      case MATCH:
        return this.#match();
      default:
        this.#checksum ??= new Checksum();
        return this.#checksum.read(this.source) && this.fail('the peer ended the zlib stream');
    }
  }

  #zlibHeader(header: ZlibHeader): boolean {
    if (!header.read(this.source)) return false;
    if (header.problem !== null) return this.fail(header.problem);
    this.#window = new InflateWindow(header.windowSize, header.dictionary);
    this.#header = null;
    this.#mode = BLOCK_HEADER;
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
      this.#stored = new StoredBlock();
      this.#mode = STORED;
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

  #copyStored(stored: StoredBlock): boolean {
    this.#at = stored.copy(this.source, this.#at, this.#to);
    if (stored.problem !== null) return this.fail(stored.problem);
    if (!stored.complete) return false;
    this.#stored = null;
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
          // Literals follow literals: as many as there are bits for.
          do {
            hold >>>= entry & 15;
            bits -= entry & 15;
            output[at++] = entry >>> 16;
            entry = literals[hold & literalMask] as number;
          } while ((entry & KIND) === LITERAL && (entry & 15) <= bits && at < to);
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
      window.copyMatch(from, at, distance, step);
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
    this.#window.copyMatch(this.#from, this.#at, this.#distance, step);
    this.#at += step;
    this.#length -= step;
    if (this.#length > 0) return false;
    this.#mode = SYMBOLS;
    return true;
  }

  #endBlock(): void {
    this.#giveTables();
    if (this.#last) this.source.toByte();
    this.#mode = this.#last ? CHECKSUM : BLOCK_HEADER;
  }

  #giveTables(): void {
    if (this.#tables !== FIXED) giveTables(this.#tables);
    this.#tables = FIXED;
    this.#codes = null;
  }
}
