import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { readData } from './corpus-data.ts';

/*
 * Header compression by Node's own zlib, synchronously and without pako, as an independent judge. Node has no synchronous
 * zlib *stream*, but every SPDY block ends with a flush on a byte border: so a block is a raw deflate piece whose preset
 * dictionary is the plain text before it.
 */

/** Plain text that later blocks may refer to: what deflate can reach. */
const WINDOW = 32768;
/** The end of a sync or full flush. */
const FLUSH_END: Buffer = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const FDICT = 0x20;

const DICTIONARIES: ReadonlyMap<string, Buffer> = new Map([
  ['dfa251b2', readData('dictionary-v2.bin')],
  ['e3c6a7c2', readData('dictionary-v3.bin')],
]);
const DICTIONARY_IDS: Readonly<Record<2 | 3, string>> = { 2: 'dfa251b2', 3: 'e3c6a7c2' };

/** The dictionary of a wire version. */
function dictionaryOf(wire: 2 | 3): Buffer {
  return DICTIONARIES.get(DICTIONARY_IDS[wire]) as Buffer;
}

/** Inflates the header blocks of one direction, in order. */
export class NativeInflater {
  /** The id of the dictionary that the first block named, as hex; null before it, or when it named none. */
  dictionaryId: string | null = null;
  #window: Buffer = Buffer.alloc(0);
  #started = false;

  /** The plain text of the next block. Throws what zlib throws, and for a block without flush at its end. */
  inflate(block: Uint8Array): Buffer {
    let raw = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    if (raw.length === 0) return Buffer.alloc(0);
    if (!this.#started) raw = this.#readHeader(raw);
    if (!raw.subarray(-4).equals(FLUSH_END)) throw new Error('the block does not end with a flush');
    const plain = inflateRawSync(raw, {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.#window.length > 0 && { dictionary: this.#window }),
    });
    this.#window = Buffer.concat([this.#window, plain]).subarray(-WINDOW);
    return plain;
  }

  #readHeader(block: Buffer): Buffer {
    const cmf = block[0] ?? 0;
    const flg = block[1] ?? 0;
    if ((cmf & 0x0f) !== 8 || ((cmf << 8) | flg) % 31 !== 0) throw new Error('no zlib header');
    this.#started = true;
    if ((flg & FDICT) === 0) return block.subarray(2);
    this.dictionaryId = block.toString('hex', 2, 6);
    const dictionary = DICTIONARIES.get(this.dictionaryId);
    if (!dictionary) throw new Error(`unknown dictionary ${this.dictionaryId}`);
    this.#window = dictionary;
    return block.subarray(6);
  }
}

/** How a NativeDeflater compresses. */
export interface NativeDeflaterOptions {
  /** 0 (stored) to 9. Default 9. */
  readonly level?: number;
  /** Base-two logarithm of the window, 9 to 15. Default 15. */
  readonly windowBits?: number;
  /** Another preset dictionary (a wrong one), or null for none. Default: that of the version. */
  readonly dictionary?: 2 | 3 | null;
}

/** Deflates the header blocks of one direction, in order. */
export class NativeDeflater {
  readonly #level: number;
  readonly #windowBits: number;
  readonly #dictionary: 2 | 3 | null;
  #window: Buffer;
  #started = false;

  constructor(wire: 2 | 3, options: NativeDeflaterOptions = {}) {
    this.#level = options.level ?? 9;
    this.#windowBits = options.windowBits ?? 15;
    this.#dictionary = options.dictionary === undefined ? wire : options.dictionary;
    this.#window = this.#dictionary === null ? Buffer.alloc(0) : dictionaryOf(this.#dictionary);
  }

  /** The next block of the stream, ended with a sync flush. */
  deflate(plain: Uint8Array): Buffer {
    const raw = deflateRawSync(plain, {
      finishFlush: constants.Z_SYNC_FLUSH,
      level: this.#level,
      windowBits: this.#windowBits,
      ...(this.#window.length > 0 && { dictionary: this.#window }),
    });
    this.#window = Buffer.concat([this.#window, plain]).subarray(-WINDOW);
    if (this.#started) return raw;
    this.#started = true;
    return Buffer.concat([this.#header(), raw]);
  }

  #header(): Buffer {
    const cmf = ((this.#windowBits - 8) << 4) | 8;
    let flg = this.#dictionary === null ? 0 : FDICT;
    flg += (31 - (((cmf << 8) | flg) % 31)) % 31;
    const head = Buffer.from([cmf, flg]);
    if (this.#dictionary === null) return head;
    return Buffer.concat([head, Buffer.from(DICTIONARY_IDS[this.#dictionary], 'hex')]);
  }
}
