import type { StreamState } from '../engine/insight.ts';
import {
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  HEADERS,
  SYN_REPLY,
  SYN_STREAM,
} from '../protocol/constants.ts';
import type { ControlFrame, Header } from '../protocol/frames.ts';
import { FRAME_NAMES } from '../protocol/names.ts';
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
  /** `FIN`, `UNIDIRECTIONAL`; empty for a frame that has neither. */
  readonly flags: readonly string[];
  /** Bytes behind the 8 of the frame header. */
  readonly length: number;
  /** Of a frame with headers. Values that are secrets are `***`. */
  readonly headers?: readonly Header[];
  /** Other fields of the frame by their names in `ControlFrame`: `priority`, `associatedToStreamId`, `status`, `entries`, `id`, `lastGoodStreamId`, `delta`. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** DATA and WINDOW_UPDATE: what may be sent on the stream afterwards in the direction that the frame is about; null without a window. */
  readonly window?: number | null;
  /** The same for the session. */
  readonly sessionWindow?: number | null;
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

/** Header fields whose values are nobody's business. */
const SECRET: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
]);

/** Fields of frames that stand elsewhere in an event, or are large. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'version',
  'flags',
  'length',
  'type',
  'streamId',
  'headers',
  'proof',
  'certificates',
]);

/** What an event tells of a control frame. */
export function frameFacts(
  frame: ControlFrame,
): Pick<TraceFrame, 'type' | 'stream' | 'flags' | 'length' | 'headers' | 'fields'> {
  const { type, length } = frame;
  const fields = Object.entries(frame).filter(([name]) => !ELSEWHERE.has(name));
  const stream = 'streamId' in frame ? frame.streamId : 0;
  const facts = { type: FRAME_NAMES[type] as string, stream, flags: flagNames(frame), length };
  return {
    ...facts,
    ...(fields.length === 0 ? {} : { fields: Object.fromEntries(fields) }),
    ...('headers' in frame ? { headers: frame.headers.map(withoutSecret) } : {}),
  };
}

/** What an event tells of an error. */
export function errorFacts(error: Error | null): TraceError | null {
  if (error === null) return null;
  const { code } = error as { readonly code?: unknown };
  return { code: typeof code === 'string' ? code : error.name, message: error.message };
}

function flagNames({ type, flags }: ControlFrame): string[] {
  const names: string[] = [];
  if (type !== SYN_STREAM && type !== SYN_REPLY && type !== HEADERS) return names;
  if ((flags & CTRL_FLAG_FIN) !== 0) names.push('FIN');
  if (type === SYN_STREAM && (flags & CTRL_FLAG_UNIDIRECTIONAL) !== 0) names.push('UNIDIRECTIONAL');
  return names;
}

function withoutSecret(header: Header): Header {
  return SECRET.has(header[0]) ? [header[0], '***'] : header;
}
