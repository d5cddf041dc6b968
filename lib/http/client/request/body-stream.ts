import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { BodySink } from '../exchange/exchange.ts';

type Done = (error?: Error | null) => void;

/** Bytes that may wait before `write()` returns false. */
export const BODY_HIGH_WATER_MARK = 16384;

/** A body that has bytes on its way to an exchange; they are kept, up to a limit, for the case that another attempt is needed. */
export class BodyStream extends Writable {
  readonly #trailers: () => HeaderList;
  readonly #limit: number;
  readonly #begun: () => void;
  /** Everything that was taken, null when it is not kept. */
  #kept: Buffer[] | null = [];
  /** Bytes that were taken so far. */
  #bytes = 0;
  #exchange: BodySink | null = null;
  #writing: { readonly chunks: readonly Buffer[]; readonly done: Done } | null = null;
  #ending: Done | null = null;
  #ended = false;

  /**
   * `limit`: bytes that are kept. `begun` is called when there are bytes that want to leave, and at the end; `trailers` when the
   * fields behind the body are due.
   */
  constructor(limit: number, begun: () => void, trailers: () => HeaderList) {
    super({ autoDestroy: false, emitClose: false, highWaterMark: BODY_HIGH_WATER_MARK });
    this.#trailers = trailers;
    this.#limit = limit;
    this.#begun = begun;
  }

  /** Whether all of it could be sent once more. */
  get repeatable(): boolean {
    return this.#kept !== null;
  }

  /** How many bytes of it were taken so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Its length in bytes, null as long as that is not known. */
  get length(): number | null {
    if (!this.writableEnded || this.#kept === null) return null;
    const inWork = this.#writing?.chunks.reduce((sum, { length }) => sum + length, 0) ?? 0;
    return this.#bytes + this.writableLength - inWork;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#take([chunk], done);
  }

  override _writev(pieces: { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    this.#take(
      pieces.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: Done): void {
    this.#ending = done;
    this.#ended = true;
    if (this.#exchange === null) this.#begun();
    else this.#end(this.#exchange);
  }

  /** From now on it goes to this exchange, from its beginning. */
  sendTo(exchange: BodySink): void {
    this.#exchange = exchange;
    const waiting = this.#writing?.chunks ?? [];
    const kept = this.#kept ?? [];
    for (const chunk of kept.slice(0, kept.length - waiting.length)) exchange.write(chunk, ignore);
    this.#write(exchange, waiting);
    if (this.#ended) this.#end(exchange);
  }

  /** The exchange has failed; there may be another one. */
  detach(): void {
    this.#exchange = null;
  }

  /** There will be no other attempt. */
  release(): void {
    this.#kept = null;
  }

  /** Nobody wants the rest: whoever still writes is not left waiting. */
  settle(): void {
    this.release();
    this.detach();
    const writing = this.#writing;
    const ending = this.#ending;
    this.#writing = null;
    this.#ending = null;
    writing?.done();
    ending?.();
  }

  #take(chunks: readonly Buffer[], done: Done): void {
    this.#writing = { chunks, done };
    for (const chunk of chunks) this.#bytes += chunk.length;
    this.#kept?.push(...chunks);
    const exchange = this.#exchange;
    if (exchange === null) {
      // What follows in the same turn of the event loop still counts for `content-length`.
      setImmediate(this.#begun);
      return;
    }
    this.#limitKept();
    this.#write(exchange, chunks);
  }

  #write(exchange: BodySink, chunks: readonly Buffer[]): void {
    chunks.forEach((chunk, i) => {
      exchange.write(chunk, (error) => {
        // An error is told when the stream closes, unless another attempt follows.
        if (i + 1 < chunks.length || error || exchange !== this.#exchange) return;
        this.#limitKept();
        const done = this.#writing?.done;
        this.#writing = null;
        done?.();
      });
    });
  }

  #end(exchange: BodySink): void {
    exchange.end(this.#trailers(), () => {
      if (exchange !== this.#exchange) return;
      const done = this.#ending;
      this.#ending = null;
      done?.();
    });
  }

  #limitKept(): void {
    if (this.#bytes > this.#limit) this.#kept = null;
  }
}

function ignore(): void {}
