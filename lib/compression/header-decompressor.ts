import {
  Z_BUF_ERROR,
  Z_NEED_DICT,
  Z_OK,
  Z_STREAM_END,
  Z_SYNC_FLUSH,
  ZStream,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateSetDictionary,
} from 'pako';

/** Window size from the peer's zlib header: anything that it may choose, and no more memory than that. */
const WINDOW_BITS_OF_PEER = 0;

const SCRATCH_SIZE = 16384;
const NO_BYTES: Buffer = Buffer.alloc(0);

/** All decompressors inflate into this one. */
const scratch = Buffer.allocUnsafeSlow(SCRATCH_SIZE);
/** Whose bytes stand in the scratch; they are moved away when another one needs it. */
let owner: HeaderDecompressor | null = null;

/** The one inflate stream of a session's incoming header blocks (SPDY/3 2.6.10.1); the HeaderInflater of framing/. */
export class HeaderDecompressor {
  readonly #dictionary: Uint8Array;
  #stream: ZStream | null = null;
  #length = 0;
  /** Front of the block, as far as the scratch did not suffice. */
  #saved: Buffer = NO_BYTES;
  #savedLength = 0;
  /** Rest of the block, at the front of the scratch; 0 unless this is its owner. */
  #inScratch = 0;

  /** Takes memory for zlib only when the first block comes. */
  constructor(dictionary: Uint8Array) {
    this.#dictionary = dictionary;
  }

  /** Bytes that the current block inflated to, dropped ones included. */
  get length(): number {
    return this.#length;
  }

  /**
   * Inflates `chunk[start, end)`, keeps the first `limit` bytes of the block, and drops what comes beyond.
   * Returns null, or a message when the zlib stream cannot go on: corrupt, ended, for another dictionary, or a block
   * above `hardLimit` bytes, which ends the work at once (`length` is above `hardLimit` then).
   */
  push(
    chunk: Uint8Array,
    start: number,
    end: number,
    limit: number,
    hardLimit: number,
  ): string | null {
    if (owner !== this) {
      if (owner !== null) owner.#save();
      owner = this;
    }
    this.#stream ??= open();
    const stream = this.#stream;
    stream.input = chunk;
    stream.next_in = start;
    stream.avail_in = end - start;
    const problem = this.#inflate(stream, limit, hardLimit);
    // An idle session would keep the last socket buffer alive.
    stream.input = NO_BYTES;
    return problem;
  }

  /** The kept bytes of the block, valid until the next `push` on any decompressor. */
  block(): Buffer {
    if (this.#savedLength === 0) return scratch.subarray(0, this.#inScratch);
    this.#save();
    return this.#saved.subarray(0, this.#savedLength);
  }

  /** Forgets the block; the zlib stream goes on. */
  reset(): void {
    this.#length = 0;
    this.#saved = NO_BYTES;
    this.#savedLength = 0;
    this.#inScratch = 0;
    if (owner === this) owner = null;
  }

  #inflate(stream: ZStream, limit: number, hardLimit: number): string | null {
    for (;;) {
      // Behind the limit the whole scratch takes what is dropped, else the steps could become tiny.
      if (this.#inScratch === SCRATCH_SIZE || this.#length >= limit) this.#save();
      const at = this.#inScratch;
      const room = Math.min(SCRATCH_SIZE - at, hardLimit + 1 - this.#length);
      stream.output = scratch;
      stream.next_out = at;
      stream.avail_out = room;
      const status = zlibInflate(stream, Z_SYNC_FLUSH);
      const produced = stream.next_out - at;
      this.#inScratch += Math.max(0, Math.min(produced, limit - this.#length));
      this.#length += produced;

      if (status === Z_NEED_DICT) {
        if (zlibInflateSetDictionary(stream, this.#dictionary) !== Z_OK) {
          return 'the peer compresses with another dictionary';
        }
      } else if (status === Z_STREAM_END) {
        return 'the peer ended the zlib stream';
      } else if (status !== Z_OK && status !== Z_BUF_ERROR) {
        return `zlib: ${stream.msg}`;
      } else if (this.#length > hardLimit) {
        return `a header block inflates to more than ${hardLimit} bytes`;
      } else if (stream.avail_out > 0) {
        // zlib stops with room left only when it has used up its input.
        return null;
      }
    }
  }

  /** Moves what stands in the scratch to memory of this block. */
  #save(): void {
    if (this.#inScratch === 0) return;
    const length = this.#savedLength + this.#inScratch;
    if (this.#saved.length < length) {
      const saved = Buffer.allocUnsafeSlow(Math.max(2 * this.#savedLength, length));
      this.#saved.copy(saved, 0, 0, this.#savedLength);
      this.#saved = saved;
    }
    scratch.copy(this.#saved, this.#savedLength, 0, this.#inScratch);
    this.#savedLength = length;
    this.#inScratch = 0;
  }
}

function open(): ZStream {
  const stream = new ZStream();
  // Fails for a bad window size only.
  zlibInflateInit2(stream, WINDOW_BITS_OF_PEER);
  return stream;
}
