import type { HeaderList } from '../../protocol/frames.ts';
import type { Exchange } from './exchange.ts';

type Done = (error?: Error | null) => void;

/** The body of a request on its way to an exchange; it is kept, up to a limit, for the case that another attempt is needed. */
export class RequestBody {
  /** Fields to be sent behind the body. */
  trailers: HeaderList = [];
  readonly #limit: number;
  /** Everything that was taken, null when it is not kept. */
  #kept: Buffer[] | null = [];
  #keptBytes = 0;
  #exchange: Exchange | null = null;
  #writing: { readonly chunks: readonly Buffer[]; readonly done: Done } | null = null;
  #ending: Done | null = null;
  #ended = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether all of it could be sent once more. */
  get repeatable(): boolean {
    return this.#kept !== null;
  }

  /** Its length, when `buffered` bytes that are not done yet are the last ones; null when that is not known any more. */
  lengthWith(buffered: number): number | null {
    if (this.#kept === null) return null;
    const inWork = this.#writing?.chunks.reduce((sum, { length }) => sum + length, 0) ?? 0;
    return this.#keptBytes + buffered - inWork;
  }

  /** Takes chunks; one call at a time. */
  take(chunks: readonly Buffer[], done: Done): void {
    this.#writing = { chunks, done };
    if (this.#kept !== null) {
      for (const chunk of chunks) this.#keptBytes += chunk.length;
      this.#kept.push(...chunks);
    }
    if (this.#exchange === null) return;
    this.#limitKept();
    this.#write(this.#exchange, chunks);
  }

  /** All of it was taken. */
  finish(done: Done): void {
    this.#ending = done;
    this.#ended = true;
    if (this.#exchange !== null) this.#end(this.#exchange);
  }

  /** From now on it goes to this exchange, from its beginning. */
  sendTo(exchange: Exchange): void {
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

  #write(exchange: Exchange, chunks: readonly Buffer[]): void {
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

  #end(exchange: Exchange): void {
    exchange.end(this.trailers, () => {
      if (exchange !== this.#exchange) return;
      const done = this.#ending;
      this.#ending = null;
      done?.();
    });
  }

  #limitKept(): void {
    if (this.#keptBytes > this.#limit) this.#kept = null;
  }
}

function ignore(): void {}
