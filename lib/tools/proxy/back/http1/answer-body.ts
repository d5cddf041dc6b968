import { Readable } from 'node:stream';
import type { HeaderList } from '../../../../protocol/frames.ts';
import { trailerFields } from '../../message/fields.ts';
import { cutOff, type MessageBody } from '../../message/message-body.ts';

/** Where a body comes from. */
export interface BodySource {
  /** Reading goes on. */
  resume(): void;
  /** Nobody wants the rest. */
  destroy(cause: Error): void;
  /** Whether its end was one. */
  confirm(done: (error: Error | null) => void): void;
}

/** The body of an answer that comes in pieces. */
export class AnswerBody extends Readable implements MessageBody {
  readonly stream: Readable = this;
  readonly length: number | null;
  readonly #source: BodySource;
  #trailers: HeaderList = [];
  #waits = false;
  #complete = false;

  constructor(length: number | null, source: BodySource) {
    super();
    this.length = length;
    this.#source = source;
    // Whoever has stopped reading need not hear of its end.
    this.on('error', IGNORE);
  }

  /** A piece has come; false: the next one is to wait for `resume()` of the source. */
  give(piece: Buffer): boolean {
    if (this.destroyed || this.push(piece)) return true;
    this.#waits = true;
    return false;
  }

  /** All of it has come. */
  finish(trailers: HeaderList): void {
    this.#complete = true;
    this.#trailers = trailers;
    this.push(null);
  }

  trailers(): HeaderList {
    return this.#trailers.length === 0 ? this.#trailers : trailerFields(this.#trailers);
  }

  confirm(done: (error: Error | null) => void): void {
    if (this.#complete) this.#source.confirm(done);
    else done(cutOff());
  }

  override _read(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.#source.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#complete) this.#source.destroy(error ?? cutOff());
    done(error);
  }
}

const IGNORE = (): void => {};
