import type { HeaderList } from '../../protocol/frames.ts';
import type { DuplexEvents } from '../evented-duplex.ts';

/** Events of a stream with their arguments, besides those of a Duplex. `Stream` is what a push is: see `StreamEvents`. */
export interface StreamEventsOf<Stream> extends DuplexEvents {
  /** The stream has got its id: its SYN_STREAM is being sent. */
  ready: [id: number];
  /** The peer has accepted a stream of ours (SYN_REPLY). */
  response: [headers: HeaderList];
  /** Further headers came before any data. */
  headers: [headers: HeaderList];
  /** Headers came behind data. */
  trailers: [headers: HeaderList];
  /** The peer pushes a stream in association with this one (SPDY/3 3.3). */
  push: [stream: Stream];
  /** The stream was reset before it was finished. */
  aborted: [];
  /** Nothing was received or sent for the time given to `setTimeout()`. */
  timeout: [];
}
