import { FRAME_HEADER_LENGTH } from '../protocol/constants.ts';
import { readUint32 } from './bytes.ts';

/** The eight bytes in front of every frame (SPDY/3 2.2), read as two integers however they are cut. */
export class FrameHead {
  /** Bytes of an incomplete one that were read. */
  #read = 0;
  #word0 = 0;
  #word1 = 0;

  /** Reads on from `start`; returns where that ended. */
  read(chunk: Buffer, start: number): number {
    if (this.#read === 0 && chunk.length - start >= FRAME_HEADER_LENGTH) {
      this.#word0 = readUint32(chunk, start) | 0;
      this.#word1 = readUint32(chunk, start + 4) | 0;
      return start + FRAME_HEADER_LENGTH;
    }
    let at = start;
    let have = this.#read;
    while (at < chunk.length && have < FRAME_HEADER_LENGTH) {
      const byte = chunk[at++] as number;
      if (have++ < 4) this.#word0 = (this.#word0 << 8) | byte;
      else this.#word1 = (this.#word1 << 8) | byte;
    }
    this.#read = have === FRAME_HEADER_LENGTH ? 0 : have;
    return at;
  }

  /** Whether what was read last is a whole one. */
  get complete(): boolean {
    return this.#read === 0;
  }

  /** Whether it is that of a control frame, not of DATA. */
  get isControl(): boolean {
    return this.#word0 < 0;
  }

  /** Stream of a DATA frame. */
  get streamId(): number {
    return this.#word0;
  }

  /** Type of a control frame. */
  get type(): number {
    return this.#word0 & 0xffff;
  }

  /** Version field of a control frame. */
  get version(): number {
    return (this.#word0 >>> 16) & 0x7fff;
  }

  get flags(): number {
    return this.#word1 >>> 24;
  }

  /** Bytes of the payload. */
  get length(): number {
    return this.#word1 & 0xffffff;
  }

  /** The eight bytes. */
  toBuffer(): Buffer {
    const head = Buffer.allocUnsafe(FRAME_HEADER_LENGTH);
    head.writeInt32BE(this.#word0, 0);
    head.writeInt32BE(this.#word1, 4);
    return head;
  }
}
