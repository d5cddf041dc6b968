import type { HeaderList } from '../../../protocol/frames.ts';
import type { MessageBody } from '../message/message-body.ts';
import type { Sink } from './exchange.ts';
import { Pump } from './pump.ts';

/** The body of a request on its way to a back. Its beginning is kept, so that another back can get it. */
export class Upload {
  readonly #body: MessageBody;
  readonly #limit: number;
  /** What went so far; null when it is more than is kept, or of no use. */
  #kept: Buffer[] | null = [];
  #bytes = 0;
  /** What came behind the body, once it has ended. */
  #trailers: HeaderList | null = null;
  #pump: Pump | null = null;

  /** @param limit bytes that are kept */
  constructor(body: MessageBody, limit: number) {
    this.#body = body;
    this.#limit = limit;
  }

  /** Bytes that came of the body. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether all of it has come. */
  get complete(): boolean {
    return this.#trailers !== null;
  }

  /** Whether it has not come, although there is room for it. */
  get starved(): boolean {
    return this.#pump !== null && !this.complete && !this.#pump.blocked;
  }

  /** Whether it can go to another back. */
  get repeatable(): boolean {
    return this.#kept !== null;
  }

  /** Nothing has to be kept any more. */
  release(): void {
    this.#kept = null;
  }

  /** Sends all of it to a back; `done` is called once, unless another back gets it. */
  sendTo(sink: Sink, done: (error: Error | null) => void): void {
    this.stop();
    for (const chunk of this.#kept ?? []) sink.write(chunk);
    if (this.#trailers !== null) {
      sink.end(this.#trailers);
      done(null);
      return;
    }
    this.#pump = new Pump(
      this.#body,
      sink,
      (error) => {
        if (error === null) this.#trailers = this.#body.trailers();
        done(error);
      },
      (chunk) => this.#seen(chunk),
      this.#bytes,
    );
  }

  /** Sends nothing more. */
  stop(): void {
    this.#pump?.stop();
    this.#pump = null;
  }

  #seen(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limit) this.#kept = null;
    else this.#kept?.push(chunk);
  }
}
