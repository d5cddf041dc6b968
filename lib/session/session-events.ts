import type { SessionError, StreamError } from '../errors.ts';
import type {
  ControlFrame,
  CredentialFrame,
  GoawayFrame,
  HeaderList,
  HeadersFrame,
  PingFrame,
  RstStreamFrame,
  SettingsFrame,
  SynReplyFrame,
  SynStreamFrame,
  WindowUpdateFrame,
} from '../protocol/frames.ts';
import type { DuplexEvents } from './evented-duplex.ts';
import type { SpdyStream } from './streams/stream.ts';

/**
 * Events of a Session with their arguments: Spdylay's callbacks without their `on_` and `_cb`, one event per type of
 * received frame, and those of a Duplex. An exception thrown by a listener becomes an uncaught exception; the session goes on.
 */
export interface SessionEvents extends DuplexEvents {
  /** A valid control frame was received and has taken effect. */
  ctrlRecv: [frame: ControlFrame];
  /** A control frame was understood but is not acceptable; RST_STREAM with `status` is queued. */
  invalidCtrlRecv: [frame: ControlFrame, status: number];
  /** A piece of DATA payload arrived: a view of the received chunk. `flags` are those of the whole frame. */
  dataChunkRecv: [flags: number, streamId: number, data: Buffer];
  /** A whole DATA frame of `length` payload bytes was accepted. */
  dataRecv: [flags: number, streamId: number, length: number];
  /** A control frame is about to be written. A SYN_STREAM has its id here. */
  beforeCtrlSend: [frame: ControlFrame];
  /** A control frame was written. */
  ctrlSend: [frame: ControlFrame];
  /** A control frame was dropped; `errno` is one of Spdylay's numbers, such as `ERR_STREAM_CLOSED`. */
  ctrlNotSend: [frame: ControlFrame, errno: number];
  /** A DATA frame of `length` payload bytes was written. */
  dataSend: [flags: number, streamId: number, length: number];
  /** A stream ended: `status` is `OK` or that of the RST_STREAM, `error` says why unless both sides finished. Id 0: it never got one. */
  streamClose: [streamId: number, status: number, error: StreamError | SessionError | null];
  /** The peer has finished a stream that it opened: the request is complete. */
  requestRecv: [streamId: number];
  /** Bytes that are no frame: the session fails right after. */
  ctrlRecvParseError: [type: number, head: Buffer, payload: Buffer, errno: number];
  /** A control frame of a type that this version does not have was skipped. */
  unknownCtrlRecv: [head: Buffer, payload: Buffer];
  /** The peer broke a rule on one stream and RST_STREAM is queued. Harmless without a listener. */
  streamError: [error: StreamError];
  /** The peer has opened a stream (SPDY/3 2.3.2). Whoever listens takes all streams of the peer as SpdyStreams. */
  stream: [stream: SpdyStream, headers: HeaderList, flags: number];
  /** A valid SYN_STREAM was received. */
  synStream: [frame: SynStreamFrame];
  /** A valid SYN_REPLY was received. */
  synReply: [frame: SynReplyFrame];
  /** RST_STREAM was received. */
  rstStream: [frame: RstStreamFrame];
  /** SETTINGS was received. */
  settings: [frame: SettingsFrame];
  /** PING was received: the peer's own, or its answer to one of ours. */
  ping: [frame: PingFrame];
  /** GOAWAY was received: the peer accepts no more streams. */
  goaway: [frame: GoawayFrame];
  /** Valid HEADERS were received. */
  headers: [frame: HeadersFrame];
  /** WINDOW_UPDATE was received. */
  windowUpdate: [frame: WindowUpdateFrame];
  /** CREDENTIAL was received (SPDY/3 servers with the option `credentials`). */
  credential: [frame: CredentialFrame];
  /** Nothing happened for `idleTimeoutMs`. Without a listener the session closes itself. */
  timeout: [];
}

/** Emits an event of a session; an exception of a listener is raised later, outside the running call. */
export type Emit = <K extends keyof SessionEvents>(event: K, ...args: SessionEvents[K]) => void;
