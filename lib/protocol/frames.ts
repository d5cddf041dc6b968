import type {
  CREDENTIAL,
  GOAWAY,
  HEADERS,
  NOOP,
  PING,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  WINDOW_UPDATE,
} from './constants.ts';

/**
 * One header: lower-case name and value. A name with several values stands in several pairs.
 * Strings hold one byte per character (latin1) unless the session's `headerEncoding` says UTF-8.
 */
export type Header = readonly [name: string, value: string];

/** Headers in wire order, duplicates kept. */
export type HeaderList = readonly Header[];

/** Fields that all control frames share (SPDY/3 2.2.1). */
interface ControlFrameHead {
  /** Version field: 2, or 3 for both SPDY/3 and SPDY/3.1. */
  readonly version: number;
  /** Flag bits as received, undefined ones included. */
  readonly flags: number;
  /** Bytes behind the 8-byte frame header; 0 before a frame with headers was written. */
  readonly length: number;
}

/** Opens a stream (SPDY/3 2.6.1). */
export interface SynStreamFrame extends ControlFrameHead {
  /** The control type 1. */
  readonly type: typeof SYN_STREAM;
  /** Id of the new stream: odd from clients, even from servers, 1 to 2^31-1 (SPDY/3 2.3.2); 0 before it was given. */
  readonly streamId: number;
  /** The stream that this one is pushed for, 0 if it is independent (SPDY/3 3.3.1). */
  readonly associatedToStreamId: number;
  /** 0 is the most urgent; the least urgent is 7, in SPDY/2 3 (SPDY/3 2.3.3). */
  readonly priority: number;
  /** Certificate slot, SPDY/3 only; else 0. */
  readonly slot: number;
  /** The headers of the request or push. */
  readonly headers: HeaderList;
}

/** Accepts a stream (SPDY/3 2.6.2). */
export interface SynReplyFrame extends ControlFrameHead {
  /** The control type 2. */
  readonly type: typeof SYN_REPLY;
  /** Id of the stream that is answered (SPDY/3 2.6.2), from 1 to 2147483647. */
  readonly streamId: number;
  /** Headers of the reply in order, `:status` and `:version` among them (SPDY/3 3.2.2). */
  readonly headers: HeaderList;
}

/** Ends a stream abnormally (SPDY/3 2.6.3). */
export interface RstStreamFrame extends ControlFrameHead {
  /** The control type 3. */
  readonly type: typeof RST_STREAM;
  /** Id of the stream that ends (SPDY/3 2.6.3), from 1 to 2147483647. */
  readonly streamId: number;
  /** Why: 1 PROTOCOL_ERROR to 11 FRAME_TOO_LARGE, in SPDY/2 up to 7; as received. */
  readonly status: number;
}

/** One value of a SETTINGS frame. */
export interface SettingsEntry {
  /** Which value it is: 1 UPLOAD_BANDWIDTH to 8 CLIENT_CERTIFICATE_VECTOR_SIZE; as received. */
  readonly id: number;
  /** 1 PERSIST_VALUE (a server asks to keep it), 2 PERSISTED (a client returns it), 0 neither. */
  readonly flags: number;
  /** 0 to 2^32-1, in the unit of its id. */
  readonly value: number;
}

/** Configuration (SPDY/3 2.6.4). */
export interface SettingsFrame extends ControlFrameHead {
  /** The control type 4. */
  readonly type: typeof SETTINGS;
  /** The values in wire order; of an id that stands there twice the first one counts. */
  readonly entries: readonly SettingsEntry[];
}

/** Does nothing; SPDY/2 only. */
export interface NoopFrame extends ControlFrameHead {
  /** The control type 5. */
  readonly type: typeof NOOP;
}

/** Round-trip measurement (SPDY/3 2.6.5). */
export interface PingFrame extends ControlFrameHead {
  /** The control type 6. */
  readonly type: typeof PING;
  /** 1 to 2^32-1, odd from clients and even from servers; the answer has the same. */
  readonly id: number;
}

/** The sender accepts no more streams (SPDY/3 2.6.6). */
export interface GoawayFrame extends ControlFrameHead {
  /** The control type 7. */
  readonly type: typeof GOAWAY;
  /** The last stream of the receiver that its sender accepted, 0 if none. */
  readonly lastGoodStreamId: number;
  /** 0 OK, 1 PROTOCOL_ERROR, 2 INTERNAL_ERROR; 0 in SPDY/2, which has none. */
  readonly status: number;
}

/** Further headers of a stream (SPDY/3 2.6.7). */
export interface HeadersFrame extends ControlFrameHead {
  /** The control type 8. */
  readonly type: typeof HEADERS;
  /** The stream that they belong to. */
  readonly streamId: number;
  /** What is added to the headers of SYN_STREAM or SYN_REPLY (SPDY/3 2.6.7): trailers, for instance. */
  readonly headers: HeaderList;
}

/** Flow-control credit (SPDY/3 2.6.8). */
export interface WindowUpdateFrame extends ControlFrameHead {
  /** The control type 9. */
  readonly type: typeof WINDOW_UPDATE;
  /** 0 means the session (SPDY/3.1). */
  readonly streamId: number;
  /** Bytes that the receiver may send in addition: 1 to 2^31-1. */
  readonly delta: number;
}

/** A client certificate with its proof, SPDY/3 only (SPDY/3 2.6.9). */
export interface CredentialFrame extends ControlFrameHead {
  /** The control type 10. */
  readonly type: typeof CREDENTIAL;
  /** Slot of the server's certificate vector, counted from 1. */
  readonly slot: number;
  /** Signature that proves that the client has the private key of the certificate (SPDY/3 2.6.9). */
  readonly proof: Uint8Array;
  /** The chain: DER, leaf first. */
  readonly certificates: readonly Uint8Array[];
}

/** The frames that carry a header block. */
export type HeaderBlockFrame = SynStreamFrame | SynReplyFrame | HeadersFrame;

/** Every control frame. DATA frames are reported piece by piece and have no object. */
export type ControlFrame =
  | SynStreamFrame
  | SynReplyFrame
  | RstStreamFrame
  | SettingsFrame
  | NoopFrame
  | PingFrame
  | GoawayFrame
  | HeadersFrame
  | WindowUpdateFrame
  | CredentialFrame;
