import type { SynStreamFrame } from '../../protocol/frames.ts';
import type { Departure } from './outgoing-data.ts';
import type { SpdyStream } from './stream.ts';
import type { StreamOptions } from './stream-options.ts';

/** How a stream is opened, with what its session adds. */
export interface OpenOptions extends StreamOptions {
  /** The stream with which a push is associated. */
  readonly associatedId?: number | undefined;
  /** True for a stream on which the peer sends nothing. */
  readonly unidirectional?: boolean | undefined;
}

/** What the registry needs of its session. */
export interface RegistryHost {
  /** Lets what was queued leave. */
  schedule(): void;
  /** Calls `settle()` when the bytes that are being taken, and those before them, have left. */
  afterWrite(departure: Departure): void;
  /** Offers a stream of the peer; false if nobody wants it. */
  offer(stream: SpdyStream, frame: SynStreamFrame): boolean;
  /** Whether the transport takes no bytes, and whether it is not read, at the moment. */
  stalled(): { readonly output: boolean; readonly input: boolean };
  /** Whether anybody would want a stream of the peer. */
  wantsStreams(): boolean;
}
