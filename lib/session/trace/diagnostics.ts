import { type Channel, channel } from 'node:diagnostics_channel';
import type { EngineStatistics } from '../../engine/statistics.ts';
import type { SessionError, StreamError } from '../../errors.ts';
import type { Side } from '../../protocol/constants.ts';
import type { ControlFrame } from '../../protocol/frames.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';

/** Message of `spdylay.session.created` and `spdylay.session.closed`. */
export interface SessionMessage {
  /** The Session that was made, or has ended. */
  readonly session: unknown;
  /** Why the session ended; null when it ended in order, or begins. */
  readonly error: Error | null;
}

/** Message of `spdylay.stream.opened` and `spdylay.stream.closed`. */
export interface StreamMessage {
  /** The Session that the stream belongs to. */
  readonly session: unknown;
  /** 0 for a request that ended before it was sent. */
  readonly streamId: number;
  /** Whether this side opened it. */
  readonly own: boolean;
  /** `OK`, or the status with which it was reset. */
  readonly status: number;
  /** Why the stream ended; null when both sides finished it, or it begins. */
  readonly error: StreamError | SessionError | null;
}

/** Message of `spdylay.frame.received` and `spdylay.frame.sent`. */
export interface FrameMessage {
  /** The Session that has read or written the frame. */
  readonly session: unknown;
  /** Null for a DATA frame. */
  readonly frame: ControlFrame | null;
  /** 0 for frames of the session. */
  readonly streamId: number;
  /** The flags of the frame: bit 0 is FIN. */
  readonly flags: number;
  /** Bytes behind the 8 of the frame header, header blocks compressed. */
  readonly length: number;
}

/**
 * The diagnostics_channel channels that every session publishes to, by name. They cost nothing while nobody has subscribed.
 */
export const CHANNELS: Readonly<
  Record<
    | 'sessionCreated'
    | 'sessionClosed'
    | 'streamOpened'
    | 'streamClosed'
    | 'frameReceived'
    | 'frameSent',
    Channel
  >
> = Object.freeze({
  /** A session was made: a SessionMessage with `error` null. */
  sessionCreated: channel('spdylay.session.created'),
  /** A session has ended: a SessionMessage. */
  sessionClosed: channel('spdylay.session.closed'),
  /** A SYN_STREAM was received or written: a StreamMessage. */
  streamOpened: channel('spdylay.stream.opened'),
  /** A stream has ended: a StreamMessage with its status. */
  streamClosed: channel('spdylay.stream.closed'),
  /** A frame was received: a FrameMessage. */
  frameReceived: channel('spdylay.frame.received'),
  /** A frame was written: a FrameMessage. */
  frameSent: channel('spdylay.frame.sent'),
});

/** What a session is doing, at the moment of asking. */
export interface SessionState {
  /** Which end this is: `CLIENT` or `SERVER`. */
  readonly side: Side;
  /** ALPN name of the version that is spoken. */
  readonly version: ProtocolVersion['name'];
  /** `open`; `closing` after `close()` or GOAWAY; `failed` while the GOAWAY of an error leaves; `closed` when destroyed. */
  readonly phase: 'open' | 'closing' | 'failed' | 'closed';
  /** GOAWAY was written: the peer may open no more streams. */
  readonly goawaySent: boolean;
  /** GOAWAY was received: no more streams can be opened. */
  readonly goawayReceived: boolean;
  /** Streams open at the moment. */
  readonly openStreams: number;
  /** Streams of this side that wait to be opened: see `maxStreams`. */
  readonly waitingStreams: number;
  /** Streams that this side may have open at once, as the peer has told; Infinity before it has. */
  readonly maxStreams: number;
  /** Bytes that this side may send on the session; null but in SPDY/3.1, and without flow control. */
  readonly sendWindow: number | null;
  /** Bytes that the peer may send on the session; null as `sendWindow`. */
  readonly receiveWindow: number | null;
  /** Frames that wait to be sent. */
  readonly outboundQueueSize: number;
  /** Bytes in the Duplex and in the transport that have not been passed on. */
  readonly outboundBytes: number;
  /** Received bytes not given back to the session window (SPDY/3.1). */
  readonly receivedBytes: number;
  /** Received bytes that the application has not consumed (`windowUpdates: 'consume'`). */
  readonly unconsumedBytes: number;
  /** Bytes of memory that the headers take which the peer has sent on streams that are open. */
  readonly headerMemory: number;
  /**
   * Payload bytes that open streams keep for their readers, what their Duplexes have taken already included; counted when it is asked
   * for.
   */
  readonly heldBytes: number;
  /** Whether reading is held back until the application consumes. */
  readonly inputHeld: boolean;
  /** Whether the transport has asked to write no more for now. */
  readonly outputHeld: boolean;
  /** PINGs of `ping()` that wait for their answer. */
  readonly pendingPings: number;
  /** What the transport failed with, if it did. */
  readonly transportError: Error | null;
}

/** Counters of a session since it was made. */
export interface SessionStatistics extends Readonly<EngineStatistics> {
  /** Round-trip time of the last answered `ping()` in milliseconds, null before the first. */
  readonly roundTripMs: number | null;
}
