import type http from 'node:http';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { BodySink } from '../exchange/exchange.ts';

/** Calls `told` with each piece of a response's body as it comes, and with null at the end: listening for 'data' would make the body flow. */
export function watchBody(
  response: http.IncomingMessage,
  told: (chunk: Buffer | null) => void,
): void {
  const { push } = response;
  response.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    told(chunk);
    return push.call(response, chunk, encoding);
  };
}

/** Where the body of a request goes, looked at on its way. */
export class WatchedSink implements BodySink {
  readonly #sink: BodySink;
  readonly #told: (chunk: Uint8Array) => void;

  /** `told` is called with each piece that is sent. */
  constructor(sink: BodySink, told: (chunk: Uint8Array) => void) {
    this.#sink = sink;
    this.#told = told;
  }

  write(chunk: Uint8Array, done: (error?: Error | null) => void): void {
    this.#told(chunk);
    this.#sink.write(chunk, done);
  }

  end(trailers: HeaderList, done: (() => void) | null): void {
    this.#sink.end(trailers, done);
  }
}
