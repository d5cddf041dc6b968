import type { StreamState } from '../../engine/insight.ts';
import type { Header } from '../../protocol/frames.ts';
import type { SessionStatistics } from './diagnostics.ts';

/** What all events of a trace have. */
interface TraceEventHead {
  /** Milliseconds since 1970 began, with decimals. */
  readonly time: number;
  /** Number of the session in its process. */
  readonly session: number;
}

/** The trace of a session begins: it stands before all other events of that session. */
export interface TraceBegin extends TraceEventHead {
  /** What it is. */
  readonly event: 'begin';
  /** Which end traces. */
  readonly side: 'client' | 'server';
  /** As `spdy/3.1`. */
  readonly version: string;
  /** Address and port of the peer, null where the transport is no socket. */
  readonly peer: string | null;
}

/** A frame was written, or received whole. */
export interface TraceFrame extends TraceEventHead {
  /** What it is. */
  readonly event: 'frame';
  /** Whether this side wrote it. */
  readonly direction: 'sent' | 'received';
  /** As `SYN_STREAM`, and `DATA`. */
  readonly type: string;
  /** 0 for frames of the session. */
  readonly stream: number;
  /** `FIN`, `UNIDIRECTIONAL`, `CLEAR_SETTINGS`; bits that mean nothing as a number, `0x04`. */
  readonly flags: readonly string[];
  /** Bytes behind the 8 of the frame header. */
  readonly length: number;
  /** Of a frame with headers. Values that are secrets are `***`. */
  readonly headers?: readonly Header[] | undefined;
  /** Other fields of the frame by their names in `ControlFrame`: `priority`, `associatedToStreamId`, `status`, `entries`, `id`, `lastGoodStreamId`, `delta`. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  /** DATA and WINDOW_UPDATE: what may be sent on the stream afterwards in the direction that the frame is about; null without a window. */
  readonly window?: number | null | undefined;
  /** The same for the session. */
  readonly sessionWindow?: number | null | undefined;
}

/** What a stream waits for has changed: see `StreamState`. */
export interface TraceWait extends TraceEventHead, Omit<StreamState, 'id' | 'own' | 'priority'> {
  /** What it is. */
  readonly event: 'wait';
  /** Id of the stream. */
  readonly stream: number;
  /** Milliseconds for which it had waited for what it did before. */
  readonly after: number;
}

/** Another number of streams waits to be opened, or the transport takes bytes again, or no more. */
export interface TraceQueue extends TraceEventHead {
  /** What it is. */
  readonly event: 'queue';
  /** Streams of this side that wait to be opened. */
  readonly waitingStreams: number;
  /** How many the peer allows at once; null before it told. */
  readonly maxStreams: number | null;
  /** Frames that wait to be sent. */
  readonly outboundQueueSize: number;
  /** Bytes that the transport has not passed on. */
  readonly outboundBytes: number;
  /** Whether the transport takes no more for now. */
  readonly outputHeld: boolean;
}

/** A stream has ended; 0: it was never opened. */
export interface TraceStreamEnd extends TraceEventHead {
  /** What it is. */
  readonly event: 'streamEnd';
  /** Id of the stream. */
  readonly stream: number;
  /** 0, or the status of the RST_STREAM. */
  readonly status: number;
  /** Null when both sides finished. */
  readonly error: TraceError | null;
}

/** The session is closed: the last event of it. */
export interface TraceEnd extends TraceEventHead {
  /** What it is. */
  readonly event: 'end';
  /** Null for an orderly end. */
  readonly error: TraceError | null;
  /** Counters since the session was made. */
  readonly statistics: SessionStatistics;
}

/** An error as data. */
export interface TraceError {
  /** As `ERR_SPDY_STREAM_RESET`. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

/** An event of a trace: one line of JSON in a trace file. */
export type TraceEvent =
  | TraceBegin
  | TraceFrame
  | TraceWait
  | TraceQueue
  | TraceStreamEnd
  | TraceEnd;

/** Stands in a trace file in place of events that came faster than the file took them. */
export interface TraceLost extends TraceEventHead {
  /** What it is. */
  readonly event: 'lost';
  /** How many events are missing. */
  readonly count: number;
}

/** What an event tells of an error. */
export function errorFacts(error: Error | null): TraceError | null {
  if (error === null) return null;
  const { code } = error as { readonly code?: unknown };
  return { code: typeof code === 'string' ? code : error.name, message: error.message };
}
