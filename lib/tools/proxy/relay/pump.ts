import { nextTick } from 'node:process';
import { cutOff, type MessageBody } from '../message/message-body.ts';
import type { Sink } from './exchange.ts';

/** Moves a body to where it is wanted, as fast as that takes it. What ends before its end is reset there. */
export class Pump {
  readonly #body: MessageBody;
  readonly #sink: Sink;
  readonly #done: (error: Error | null) => void;
  readonly #seen: ((chunk: Buffer) => void) | null;
  #bytes = 0;
  #over = false;
  #blocked = false;

  /**
   * @param done called once: with null when the body has ended, with an error when it was cut off and the sink was reset
   * @param seen called with each piece
   * @param bytes how many of the body went elsewhere before
   */
  constructor(
    body: MessageBody,
    sink: Sink,
    done: (error: Error | null) => void,
    seen: ((chunk: Buffer) => void) | null = null,
    bytes = 0,
  ) {
    this.#bytes = bytes;
    this.#body = body;
    this.#sink = sink;
    this.#done = done;
    this.#seen = seen;
    const { stream } = body;
    if (stream.destroyed && !stream.readableEnded) {
      nextTick(() => this.#fail(cutOff(stream.errored)));
      return;
    }
    stream.on('data', this.#take);
    stream.on('end', this.#ended);
    stream.on('error', this.#failed);
    stream.on('close', this.#closed);
    sink.onDrain(this.#drained);
    // Another pump may have left it paused.
    stream.resume();
  }

  /** Bytes that were moved. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the sink has no room now. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Moves nothing more, and tells nobody. What the body still has stays in it. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    const { stream } = this.#body;
    stream.off('data', this.#take);
    stream.off('end', this.#ended);
    stream.off('close', this.#closed);
    if (!stream.readableEnded) stream.pause();
    // An error that comes later is nobody's: its listener stays.
  }

  readonly #take = (chunk: Buffer): void => {
    const { length } = this.#body;
    this.#bytes += chunk.length;
    if (length !== null && this.#bytes > length) {
      this.#fail(new Error(`the body has more than the ${length} bytes that were announced`));
      return;
    }
    this.#seen?.(chunk);
    if (this.#sink.write(chunk)) return;
    this.#blocked = true;
    this.#body.stream.pause();
  };

  readonly #drained = (): void => {
    this.#blocked = false;
    if (!this.#over) this.#body.stream.resume();
  };

  readonly #ended = (): void => {
    const { length } = this.#body;
    if (length !== null && this.#bytes !== length) {
      this.#fail(cutOff());
      return;
    }
    this.#body.stream.off('close', this.#closed);
    this.#body.confirm((error) => {
      if (error !== null) this.#fail(error);
      else if (!this.#over) {
        this.stop();
        this.#sink.end(this.#body.trailers());
        this.#done(null);
      }
    });
  };

  readonly #failed = (error: Error): void => this.#fail(cutOff(error));

  readonly #closed = (): void => this.#fail(cutOff());

  #fail(error: Error): void {
    if (this.#over) return;
    this.stop();
    this.#sink.reset(error);
    this.#done(error);
  }
}
