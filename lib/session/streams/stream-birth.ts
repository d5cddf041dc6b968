import { CTRL_FLAG_UNIDIRECTIONAL } from '../../protocol/constants.ts';
import type { SynStreamFrame } from '../../protocol/frames.ts';
import type { SpdyStream } from './stream.ts';
import type { StreamInit } from './stream-port.ts';

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

/** How the stream of a SYN_STREAM that came is made. */
export function bornOf(frame: SynStreamFrame, push: boolean): StreamInit {
  return {
    id: frame.streamId,
    own: false,
    priority: frame.priority,
    associatedId: frame.associatedToStreamId,
    headers: frame.headers,
    readable: true,
    writable: !push && (frame.flags & CTRL_FLAG_UNIDIRECTIONAL) === 0,
  };
}
