import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { DumpSink } from '../../tools/index.ts';

/** Text that is collected until it is worth a write. */
const PIECE = 1 << 16;
/** Bytes that may wait for a reader; more is lost, and told of: connections that are passed on do not wait for one. */
const MOST_WAITING = 256 << 20;

/** Standard output of a program that writes much: in large pieces, no faster than they are taken. */
export class Output {
  readonly #stream: Writable;
  readonly #lostText: (characters: number) => string;
  #text: string[] = [];
  #size = 0;
  #soon = false;
  #lost = 0;
  /** Whether nobody takes it any more. */
  closed = false;

  /** `lostText` says that so many characters were not taken in time. */
  constructor(stream: Writable, lostText: (characters: number) => string) {
    this.#stream = stream;
    this.#lostText = lostText;
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
    if (text === '' || this.closed) return;
    if (this.#stream.writableLength <= MOST_WAITING) {
      if (this.#lost > 0) this.#stream.write(this.#lostText(this.#lost));
      this.#lost = 0;
      this.#stream.write(text);
    } else {
      this.#lost += text.length;
    }
  }
}
