import { FrontViews } from './front-views.ts';
import { SCRATCH_SIZE, scratch } from './inflate-scratch.ts';
import { Inflater } from './inflater.ts';

const NO_BYTES: Buffer = Buffer.alloc(0);
/** The scratch as a Buffer, which blocks are views of. */
const scratchBuffer: Buffer = Buffer.from(scratch.bytes.buffer);
const scratchViews: FrontViews = new FrontViews(scratchBuffer);

/** The most bytes of memory that are kept for the next block which the scratch does not hold. */
const MOST_SPARE = 65536;

/** Whose bytes stand in the scratch; they are moved away when another one needs it. */
let owner: HeaderDecompressor | null = null;
/** Memory of a long block that has ended: fresh memory takes several times as long as to fill it. */
let spare: Buffer = NO_BYTES;

/** The one inflate stream of a session's incoming header blocks (SPDY/3 2.6.10.1); the HeaderInflater of framing/. */
export class HeaderDecompressor {
  readonly #dictionary: Uint8Array;
  #inflater: Inflater | null = null;
  /** Whether a block has ended. */
  #used = false;
  #length = 0;
  /** Front of the block, as far as the scratch did not suffice. */
  #saved: Buffer = NO_BYTES;
  #savedLength = 0;
  /** Rest of the block, at the front of the scratch; 0 unless this is its owner. */
  #inScratch = 0;

  /** Takes memory for inflating only when the first block comes. */
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
    this.#inflater ??= new Inflater(this.#dictionary);
    return this.#inflate(this.#inflater, chunk, start, end, limit, hardLimit);
  }

  /** The kept bytes of the block, valid until the next `push` on any decompressor. */
  block(): Buffer {
    if (this.#savedLength === 0) return scratchViews.of(this.#inScratch);
    this.#save();
    return this.#saved.subarray(0, this.#savedLength);
  }

  /** Forgets the block; the zlib stream goes on. */
  reset(): void {
    this.#length = 0;
    if (this.#saved.length > spare.length && this.#saved.length <= MOST_SPARE) spare = this.#saved;
    this.#saved = NO_BYTES;
    this.#savedLength = 0;
    this.#inScratch = 0;
    if (owner === this) owner = null;
    // Many sessions are idle behind their first block.
    if (!this.#used) this.rest();
    this.#used = this.#inflater !== null;
  }

  /** Gives memory back between two blocks, as far as the next one does not need it. */
  rest(): void {
    this.#inflater?.rest();
  }

  #inflate(
    inflater: Inflater,
    chunk: Uint8Array,
    start: number,
    end: number,
    limit: number,
    hardLimit: number,
  ): string | null {
    inflater.source.feed(chunk, start, end);
    for (let full = true; full && inflater.problem === null; ) {
      // Behind the limit the whole scratch takes what is dropped, else the steps could become tiny.
      if (this.#inScratch === SCRATCH_SIZE || this.#length >= limit) this.#save();
      const at = this.#inScratch;
      const to = Math.min(SCRATCH_SIZE, at + hardLimit + 1 - this.#length);
      const stop = inflater.run(at, to);
      const produced = stop - at;
      this.#inScratch += Math.max(0, Math.min(produced, limit - this.#length));
      this.#length += produced;
      if (this.#length > hardLimit) {
        inflater.fail(`a header block inflates to more than ${hardLimit} bytes`);
      }
      full = stop === to;
    }
    inflater.source.release();
    return inflater.problem;
  }

  /** Moves what stands in the scratch to memory of this block. */
  #save(): void {
    if (this.#inScratch === 0) return;
    const length = this.#savedLength + this.#inScratch;
    if (this.#saved.length < length) {
      const saved = takeRoom(length, Math.max(2 * this.#savedLength, length));
      this.#saved.copy(saved, 0, 0, this.#savedLength);
      this.#saved = saved;
    }
    scratchBuffer.copy(this.#saved, this.#savedLength, 0, this.#inScratch);
    this.#savedLength = length;
    this.#inScratch = 0;
  }
}

/** The spare memory for a block of `length` bytes that has filled the scratch, or so much that is new. */
function takeRoom(length: number, size: number): Buffer {
  if (length < SCRATCH_SIZE || length > spare.length) return Buffer.allocUnsafeSlow(size);
  const room = spare;
  spare = NO_BYTES;
  return room;
}
