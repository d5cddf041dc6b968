import type { Duplex } from 'node:stream';

/** Bytes that are kept; the end of a client that sends more is seen when it is answered. */
const MOST_BYTES = 65536;

/** What a client sends before it is answered. It is read, as the end behind it cannot be seen otherwise, and given back. */
export class EarlyBytes {
  readonly #stream: Duplex;
  readonly #kept: Buffer[] = [];
  #bytes = 0;

  /** @param stream nobody else reads it before `giveBack()` */
  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('readable', this.#take);
  }

  /** Reads no more: the stream has all of it again. */
  giveBack(): void {
    const stream = this.#stream;
    stream.off('readable', this.#take);
    if (this.#bytes > 0 && !stream.destroyed) stream.unshift(Buffer.concat(this.#kept));
  }

  readonly #take = (): void => {
    while (this.#bytes < MOST_BYTES) {
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk === null) return;
      this.#kept.push(chunk);
      this.#bytes += chunk.length;
    }
    this.#stream.off('readable', this.#take);
  };
}
