import type { SpdyStream } from './stream.ts';

/**
 * A stream of ours until it has its id: the user data of its SYN_STREAM. Whatever the engine says of a stream without an id, and
 * whenever, is said of this.
 */
export class StreamBirth {
  readonly stream: SpdyStream;
  /** Whoever opened the stream has got it. */
  over = false;

  constructor(stream: SpdyStream) {
    this.stream = stream;
  }
}
