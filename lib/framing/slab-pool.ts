import { NO_BYTES } from './bytes.ts';

/** The first slab in bytes, for processes that say little; each further one is twice as large up to the usual size. */
const FIRST_SLAB = 2048;

/**
 * Memory that output buffers fill one after the other, each from where the last one has stopped: an engine that has nothing to say
 * holds none.
 */
export class SlabPool {
  /** The usual slab in bytes, up to which slabs grow. */
  readonly slabSize: number;
  #slab: Buffer = NO_BYTES;
  /** Where its free part begins. */
  #free = 0;
  #next = FIRST_SLAB;
  /** Where the free part of the slab that was taken last begins. */
  start = 0;

  constructor(slabSize = 16384) {
    this.slabSize = slabSize;
  }

  /** A slab with room for so many bytes from `start` on, which belongs to the caller until it is given back. */
  take(bytes: number): Buffer {
    const slab = this.#slab;
    if (slab.length - this.#free >= bytes) {
      this.#slab = NO_BYTES;
      this.start = this.#free;
      return slab;
    }
    const usual = Math.min(this.slabSize, this.#next);
    this.#next = 2 * usual;
    this.start = 0;
    return Buffer.allocUnsafeSlow(Math.max(usual, bytes));
  }

  /** Takes a slab back, of which the bytes before `start` were handed out. One above the usual size is let go. */
  give(slab: Buffer, start: number): void {
    if (slab.length > this.slabSize) return;
    this.#slab = slab;
    this.#free = start;
  }
}

/** That of all engines. */
export const SLABS: SlabPool = new SlabPool();
