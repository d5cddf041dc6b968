import type { StreamState } from '../../engine/insight.ts';
import type { StreamHandle } from '../../engine/streams/stream-record.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Departure, OutgoingData } from './outgoing-data.ts';
import type { StreamOptions } from './stream-options.ts';

/** What a stream of type `Stream` needs of its session. */
export interface StreamPort<Stream> {
  /** Bytes that the transport has brought up to the end of the chunk that is being read. */
  readonly bytesReceived: number;
  /** SYN_REPLY, and the data of the stream behind it unless it ends here. */
  reply(stream: Stream, headers: HeaderList, end: boolean): void;
  /** A unidirectional stream in association with another one. */
  push(associated: Stream, headers: HeaderList, options: StreamOptions): Stream;
  /** Throws for headers that cannot be sent. */
  checkHeaders(headers: HeaderList): void;
  /** HEADERS without FIN. */
  sendHeaders(streamId: number, headers: HeaderList): void;
  /** How a stream stands: its handle, or the id of one of the peer's; null when it has ended. */
  stateOf(which: StreamHandle | number): StreamState | null;
  /** The data of a stream of ours comes from there from now on. */
  give(streamId: number, outgoing: OutgoingData): void;
  /** There is something to send again. */
  resume(streamId: number): void;
  /** Received bytes were consumed. */
  consume(streamId: number, bytes: number): void;
  /** Calls `settle()` when the bytes that are being taken, and those before them, have left. */
  afterWrite(departure: Departure): void;
  /**
   * RST_STREAM behind what was written, as far as the windows let that out in time, or nothing at all when the stream was never sent.
   * Whether it waits for what was written.
   */
  reset(which: StreamHandle | number, status: number): boolean;
}

/** How a stream came into being. */
export interface StreamInit {
  readonly id: number;
  /** Opened by this side. */
  readonly own: boolean;
  readonly priority: number;
  /** The stream that this one is pushed for, 0 if none. */
  readonly associatedId: number;
  /** What the peer said; own streams get their headers when the engine has checked and taken them. */
  readonly headers: HeaderList;
  readonly readable: boolean;
  readonly writable: boolean;
}
