import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { DumpSink } from '../../tools/index.ts';

/** Text that is collected until it is worth a write. */
const PIECE = 1 << 16;

/** Standard output of a program that writes much: in large pieces, no faster than they are taken. */
export class Output {
  readonly #stream: Writable;
  #text: string[] = [];
  #size = 0;
  #soon = false;
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

  /** The same sink; what it writes is passed on soon, also if it is little. */
  flushing(sink: DumpSink): DumpSink {
    const payload = sink.payload?.bind(sink);
    return {
      event: (event) => {
        sink.event(event);
        this.#flushSoon();
      },
      ...(payload === undefined
        ? {}
        : {
            payload: (connection, direction, stream, chunk) => {
              payload(connection, direction, stream, chunk);
              this.#flushSoon();
            },
          }),
    };
  }

  /** Resolves when there is room for more. */
  async flush(): Promise<void> {
    this.#pass();
    if (this.closed || !this.#stream.writableNeedDrain) return;
    await Promise.race([once(this.#stream, 'drain'), once(this.#stream, 'close')]).catch(() => {});
  }

  #flushSoon(): void {
    if (this.#soon) return;
    this.#soon = true;
    setImmediate(() => {
      this.#soon = false;
      this.#pass();
    });
  }

  #pass(): void {
    const text = this.#text.join('');
    this.#text = [];
    this.#size = 0;
    if (text !== '' && !this.closed) this.#stream.write(text);
  }
}
