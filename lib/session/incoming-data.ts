import { Fifo } from '../engine/fifo.ts';
import { NO_BYTES } from '../framing/bytes.ts';

/** Pieces below this length are gathered: an object for each would take many times the memory of its bytes. */
const SMALL = 1024;
/** Room for gathered pieces grows up to this. */
const MOST_GATHERED = 4096;

/** Received bytes that wait for their reader, in order. Takes memory in proportion to the bytes, however the peer cuts them. */
export class IncomingData {
  readonly #chunks: Fifo<Buffer> = new Fifo();
  /** Small pieces that stand behind the chunks. */
  #gathered: Buffer = NO_BYTES;
  #gatheredLength = 0;
  /** Bytes that wait. */
  length = 0;

  /** Appends a chunk. */
  add(chunk: Buffer): void {
    const { length } = chunk;
    this.length += length;
    if (length >= SMALL) {
      this.#closeGathered();
      // A view keeps the whole chunk of the socket alive.
      const wasteful = length * 4 < chunk.buffer.byteLength;
      this.#chunks.push(wasteful ? Buffer.from(chunk) : chunk);
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

  #closeGathered(): void {
    if (this.#gatheredLength === 0) return;
    this.#chunks.push(this.#gathered.subarray(0, this.#gatheredLength));
    this.#gathered = NO_BYTES;
    this.#gatheredLength = 0;
  }
}
