import { Fifo } from '../engine/fifo.ts';
import { NO_BYTES } from '../framing/bytes.ts';

/** Pieces below this length are gathered: an object for each would take many times the memory of its bytes. */
const SMALL = 1024;
/** Room for gathered pieces grows up to this. */
const MOST_GATHERED = 4096;
/** A view may keep so many times its own bytes alive, as it does of a whole frame in a full chunk of a socket. */
const MOST_PINNED = 4;
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
  /** Bytes that wait. */
  length = 0;

  /** Appends a chunk. */
  add(chunk: Buffer): void {
    const { length } = chunk;
    this.length += length;
    if (length >= SMALL) {
      this.#closeGathered();
      this.#chunks.push(this.own(chunk));
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

  /** The same bytes as they may be kept: a copy where the chunk keeps much more memory alive than its own. */
  own(chunk: Buffer): Buffer {
    if (!pinsTooMuch(chunk)) return chunk;
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

/** Whether a chunk keeps much more memory alive than its own bytes: the rest of what the socket has read with it. */
export function pinsTooMuch(chunk: Buffer): boolean {
  const { byteLength } = chunk.buffer;
  return chunk.length * MOST_PINNED < byteLength && byteLength - chunk.length > NEGLIGIBLE;
}
