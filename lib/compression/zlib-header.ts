import type { BitReader } from './bit-reader.ts';
import { dictionaryId } from './dictionaries.ts';

/** zlib's compression method, its largest window, and its flag of a preset dictionary. */
const DEFLATED = 8;
const MAX_WINDOW_BITS = 15;
const FDICT = 0x20;
/** Bytes of a dictionary's id, and of the checksum at the end of the stream. */
const CHECKSUM_SIZE = 4;

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The four bytes of a checksum, which may come in pieces. */
export class Checksum {
  #left = CHECKSUM_SIZE;
  /** Its value, once it is complete. */
  value = 0;

  /** Reads on; whether it is complete. */
  read(source: BitReader): boolean {
    for (; this.#left > 0; this.#left--) {
      if (!source.need(8)) return false;
      this.value = ((this.value << 8) | source.take(8)) >>> 0;
    }
    return true;
  }
}

/** The front of a zlib stream (RFC 1950): the window, and whether the preset dictionary counts. */
export class ZlibHeader {
  readonly #preset: Uint8Array;
  /** The id of the dictionary that the peer uses, while it is read. */
  #id: Checksum | null = null;
  /** Bytes of the window. */
  windowSize = 0;
  /** What stands in front of the first byte. */
  dictionary: Uint8Array = NO_BYTES;
  /** Why the stream cannot be read, or null. */
  problem: string | null = null;

  /** `preset` is the dictionary that the peer may use. */
  constructor(preset: Uint8Array) {
    this.#preset = preset;
  }

  /** Reads on; whether it is complete, or has a problem. */
  read(source: BitReader): boolean {
    if (this.windowSize === 0) {
      if (!source.need(16)) return false;
      this.#method(source);
    }
    if (this.#id === null) return true;
    if (!this.#id.read(source)) return false;
    if (this.#id.value !== dictionaryId(this.#preset))
      this.problem = 'the peer compresses with another dictionary';
    return true;
  }

  #method(source: BitReader): void {
    const method = source.take(4);
    const windowBits = source.take(4) + 8;
    const flags = source.take(8);
    if ((((windowBits - 8) << 12) | (method << 8) | flags) % 31 !== 0)
      this.problem = 'zlib: incorrect header check';
    else if (method !== DEFLATED) this.problem = 'zlib: unknown compression method';
    else if (windowBits > MAX_WINDOW_BITS) this.problem = 'zlib: invalid window size';
    else if ((flags & FDICT) !== 0) {
      this.dictionary = this.#preset;
      this.#id = new Checksum();
    }
    this.windowSize = 1 << windowBits;
  }
}
