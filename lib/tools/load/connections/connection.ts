import type { LoadCounts } from '../results/recorder.ts';
import type { Exchange } from './exchange.ts';
import type { LoadMessage } from './message.ts';

/** A connection, whatever it speaks. */
export interface LoadConnection {
  /** Requests that the server allows at once. */
  readonly maxStreams: number;
  /** Whether the server takes no more requests here. */
  readonly retiring: boolean;
  /** Sends a request, at the latest with the next `flush()`. */
  request(message: LoadMessage, exchange: Exchange): void;
  /** Writes what was requested outside of a call to the owner. */
  flush(): void;
  /** Ends it in order. */
  close(): void;
  /** Ends it at once: nothing is told any more. */
  destroy(): void;
}

/** What a connection tells. */
export interface ConnectionOwner {
  /** Bytes are added here. */
  readonly counts: LoadCounts;
  /** A reply has begun. */
  replied(): void;
  /** A request has ended: an answer came as a whole, or `error` says why not. */
  finished(exchange: Exchange, error: Error | null): void;
  /** More or fewer requests are allowed at once. */
  roomChanged(): void;
  /** The connection is gone. What was under way was told before. */
  ended(error: Error | null): void;
}
