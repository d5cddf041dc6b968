import { Fifo } from '../../engine/send/fifo.ts';
import { NO_BYTES } from '../../framing/bytes.ts';

/** Pieces below this length are gathered: an object for each would take many times the memory of its bytes. */
const SMALL = 1024;
/** Room for gathered pieces grows up to this. */
const MOST_GATHERED = 4096;
/** Pieces up to this length are best copied at once, by `copyTiny()`: V8 keeps arrays of that size among its objects. */
export const TINY = 64;
/** So many times their own bytes views may keep alive, taken together. */
const MOST_PINNED = 2;
/** The same of one view that a reader waits for, as of a whole frame in a full chunk of a socket. */
const MOST_PINNED_BY_ONE = 4;
/** What views of whole chunks earn for others, in bytes, is not kept beyond this. */
const MOST_CREDIT = 131072;
/** Memory that is not worth a copy. */
const NEGLIGIBLE = 1024;

/**
 * Received bytes that wait for their reader, in order. What is given to the reader, and what waits, takes memory in proportion to its
 * bytes, however the peer cuts them and whatever stands between them.
 */
export class IncomingData {
  readonly #chunks: Fifo<Buffer> = new Fifo();
  /** Small pieces that stand behind the chunks. */
  #gathered: Buffer = NO_BYTES;
  #gatheredLength = 0;
  /** Memory for copies of small pieces that are not gathered. */
  #room: Buffer = NO_BYTES;
  #roomUsed = 0;
  /** What views may still keep alive besides themselves. */
  #credit = 0;
  /** The chunk of the transport that is kept alive already. */
  #kept = -1;
  /** Bytes that wait. */
  length = 0;

  /** Appends a piece; `source` is a number that only pieces of the same chunk of the transport share. */
  add(chunk: Buffer, source: number): void {
    const { length } = chunk;
    this.length += length;
    if (length >= SMALL) {
      this.#closeGathered();
      this.#chunks.push(this.#own(chunk, source, MOST_PINNED));
      return;
    }
    const room = this.#gathered.length;
    if (length > room - this.#gatheredLength) {
      this.#closeGathered();
      this.#gathered = Buffer.allocUnsafe(Math.max(length, Math.min(2 * room, MOST_GATHERED)));
    }
    this.#gathered.set(chunk, this.#gatheredLength);
    this.#gatheredLength += length;
  }

  /** Takes the first bytes, as many as stand together; undefined when none wait. */
  take(): Buffer | undefined {
    if (this.#chunks.length === 0) this.#closeGathered();
    const chunk = this.#chunks.take();
    if (chunk !== undefined) this.length -= chunk.length;
    return chunk;
  }

  /** A piece as a reader that waits for it may keep it: a copy where it would keep much more alive. `source` as with `add()`. */
  pass(chunk: Buffer, source: number): Buffer {
    return this.#own(chunk, source, MOST_PINNED_BY_ONE);
  }

  /**
   * Pieces earn twice their bytes, and a chunk of the transport costs its memory once, with the first view of it. So a stream that has
   * the connection to itself is never copied, and pieces between frames of others are.
   */
  #own(chunk: Buffer, source: number, most: number): Buffer {
    const { length } = chunk;
    const pinned = source === this.#kept ? 0 : chunk.buffer.byteLength;
    const credit = this.#credit + MOST_PINNED * length;
    if (pinned <= credit || pinned <= most * length || pinned - length <= NEGLIGIBLE) {
      this.#kept = source;
      this.#credit = Math.max(0, Math.min(credit - pinned, MOST_CREDIT));
      return chunk;
    }
    this.#credit = Math.min(credit - length, MOST_CREDIT);
    return this.#copy(chunk);
  }

  #copy(chunk: Buffer): Buffer {
    const { length } = chunk;
    if (length >= SMALL) {
      const copy = Buffer.allocUnsafeSlow(length);
      copy.set(chunk);
      return copy;
    }
    if (length > this.#room.length - this.#roomUsed) {
      const size = Math.max(2 * length, Math.min(2 * this.#room.length, MOST_GATHERED));
      this.#room = Buffer.allocUnsafeSlow(size);
      this.#roomUsed = 0;
    }
    const copy = this.#room.subarray(this.#roomUsed, this.#roomUsed + length);
    this.#roomUsed += length;
    copy.set(chunk);
    return copy;
  }

  #closeGathered(): void {
    if (this.#gatheredLength === 0) return;
    this.#chunks.push(this.#gathered.subarray(0, this.#gatheredLength));
    this.#gathered = NO_BYTES;
    this.#gatheredLength = 0;
  }
}

/** A copy of its own of a few bytes. */
export function copyTiny(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  copy.set(chunk);
  return copy;
}
