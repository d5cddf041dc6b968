import type { Writable } from 'node:stream';
import type { Sink } from './exchange.ts';

/** A body that goes into a stream as it is: a pushed resource, a tunnel. */
export class StreamSink implements Sink {
  readonly #stream: Writable;
  readonly #reset: (stream: Writable, cause: Error) => void;

  /** @param reset how the stream is ended before its end; default `destroy()` with the cause */
  constructor(
    stream: Writable,
    reset: (stream: Writable, cause: Error) => void = (it, cause) => it.destroy(cause),
  ) {
    this.#stream = stream;
    this.#reset = reset;
    // Its end is told by whoever reads from the same stream, or is of no interest.
    stream.on('error', () => {});
  }

  write(chunk: Uint8Array): boolean {
    return this.#stream.write(chunk);
  }

  end(): void {
    this.#stream.end();
  }

  reset(cause: Error): void {
    this.#reset(this.#stream, cause);
  }

  onDrain(listener: () => void): void {
    this.#stream.on('drain', listener);
  }
}
