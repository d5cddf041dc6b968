import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Text that is collected until it is worth a write. */
const PIECE = 1 << 16;

/** Standard output of a program that writes much: in large pieces, no faster than they are taken. */
export class Output {
  readonly #stream: Writable;
  #text: string[] = [];
  #size = 0;
  /** Whether nobody takes it any more. */
  closed = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    const close = (): void => {
      this.closed = true;
    };
    stream.on('error', close);
    stream.on('close', close);
  }

  /** Takes text. */
  write(text: string): void {
    this.#text.push(text);
    this.#size += text.length;
    if (this.#size >= PIECE) this.#pass();
  }

  /** Resolves when there is room for more. */
  async flush(): Promise<void> {
    this.#pass();
    if (this.closed || !this.#stream.writableNeedDrain) return;
    await Promise.race([once(this.#stream, 'drain'), once(this.#stream, 'close')]).catch(() => {});
  }

  #pass(): void {
    const text = this.#text.join('');
    this.#text = [];
    this.#size = 0;
    if (text !== '' && !this.closed) this.#stream.write(text);
  }
}
