import { NO_BYTES } from './bytes.ts';
import { SLABS, type SlabPool } from './slab-pool.ts';

/** Below this length a loop copies faster than `set()` with its view of the source. */
const SHORT_COPY = 32;

/** Payload from this length on is handed on without a copy where it may be: below it copying costs less than one piece more. */
export const LEAST_PIECE = 4096;

/** What a buffer has before its first piece; nothing is written to it. */
const NO_PIECES: Buffer[] = [];

/**
 * Outgoing bytes: append-only memory out of which `take()` hands pieces. A slab is filled once from front to
 * back and never recycled, so that a piece stays as it is for as long as a transport holds it; several buffers may fill it. Large payload can
 * stand between the slabs without being copied.
 */
export class OutputBuffer {
  /** Whether the bytes are taken as pieces, so that payload need not be copied. */
  gathering = false;
  readonly #pool: SlabPool;
  /** What comes before the slab's pending bytes, and its length. */
  #pieces = NO_PIECES;
  #before = 0;
  #slab: Buffer = NO_BYTES;
  /** First byte of the slab that was not taken yet. */
  #start = 0;
  /** Where the next byte goes. */
  #end = 0;

  /** Takes its memory out of `pool` when a byte needs it, and gives it back when nothing is pending. */
  constructor(pool: SlabPool = SLABS) {
    this.#pool = pool;
  }

  /** Pending bytes: written and not taken. */
  get length(): number {
    return this.#before + this.#end - this.#start;
  }

  /** Makes sure that the next `bytes` bytes stand in one piece. */
  reserve(bytes: number): void {
    if (this.#slab.length - this.#end < bytes) this.#grow(bytes);
  }

  /** Appends the low 8 bits of `value`. */
  writeUint8(value: number): void {
    this.reserve(1);
    this.#slab[this.#end++] = value;
  }

  /** Appends the low 16 bits of `value`, big-endian. */
  writeUint16(value: number): void {
    this.reserve(2);
    const slab = this.#slab;
    const at = this.#end;
    slab[at] = value >>> 8;
    slab[at + 1] = value;
    this.#end = at + 2;
  }

  /** Appends the low 24 bits of `value`, big-endian. */
  writeUint24(value: number): void {
    this.reserve(3);
    const slab = this.#slab;
    const at = this.#end;
    slab[at] = value >>> 16;
    slab[at + 1] = value >>> 8;
    slab[at + 2] = value;
    this.#end = at + 3;
  }

  /** Appends a 32-bit number (0 to 0xffffffff), big-endian. */
  writeUint32(value: number): void {
    this.reserve(4);
    const slab = this.#slab;
    const at = this.#end;
    slab[at] = value >>> 24;
    slab[at + 1] = value >>> 16;
    slab[at + 2] = value >>> 8;
    slab[at + 3] = value;
    this.#end = at + 4;
  }

  /** Appends a copy of `source[start, end)`. */
  writeBytes(source: Uint8Array, start = 0, end: number = source.length): void {
    const length = end - start;
    this.reserve(length);
    const slab = this.#slab;
    let at = this.#end;
    this.#end = at + length;
    if (length <= SHORT_COPY) {
      for (let i = start; i < end; i++) slab[at++] = source[i] as number;
    } else if (length === source.length) {
      slab.set(source, at);
    } else {
      slab.set(source.subarray(start, end), at);
    }
  }

  /** Appends `source` itself: it must not be changed any more. */
  append(source: Buffer): void {
    this.#closePiece();
    this.#addPiece(source);
  }

  /** All pending bytes as one view, which is never written again; writing goes on behind it. */
  take(): Buffer {
    if (this.#before > 0) return Buffer.concat(this.takePieces());
    const taken = this.#slab.subarray(this.#start, this.#end);
    this.#release();
    return taken;
  }

  /** The same as the pieces in which they stand. */
  takePieces(): Buffer[] {
    this.#closePiece();
    const pieces = this.#pieces;
    this.#pieces = NO_PIECES;
    this.#before = 0;
    this.#release();
    return pieces;
  }

  /** Nothing is pending: others may use what is left of the slab. */
  #release(): void {
    if (this.#slab.length > 0) this.#pool.give(this.#slab, this.#end);
    this.#slab = NO_BYTES;
    this.#start = 0;
    this.#end = 0;
  }

  #grow(bytes: number): void {
    this.#closePiece();
    this.#slab = this.#pool.take(bytes);
    this.#start = this.#pool.start;
    this.#end = this.#start;
  }

  #closePiece(): void {
    if (this.#end === this.#start) return;
    this.#addPiece(this.#slab.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #addPiece(piece: Buffer): void {
    if (this.#pieces === NO_PIECES) this.#pieces = [piece];
    else this.#pieces.push(piece);
    this.#before += piece.length;
  }
}
