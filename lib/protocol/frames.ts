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
  readonly type: typeof SYN_STREAM;
  readonly streamId: number;
  readonly associatedToStreamId: number;
  readonly priority: number;
  /** Certificate slot, SPDY/3 only; else 0. */
  readonly slot: number;
  readonly headers: HeaderList;
}

/** Accepts a stream (SPDY/3 2.6.2). */
export interface SynReplyFrame extends ControlFrameHead {
  readonly type: typeof SYN_REPLY;
  readonly streamId: number;
  readonly headers: HeaderList;
}

/** Ends a stream abnormally (SPDY/3 2.6.3). */
export interface RstStreamFrame extends ControlFrameHead {
  readonly type: typeof RST_STREAM;
  readonly streamId: number;
  readonly status: number;
}

/** One value of a SETTINGS frame. */
export interface SettingsEntry {
  readonly id: number;
  readonly flags: number;
  readonly value: number;
}

/** Configuration (SPDY/3 2.6.4). */
export interface SettingsFrame extends ControlFrameHead {
  readonly type: typeof SETTINGS;
  readonly entries: readonly SettingsEntry[];
}

/** Does nothing; SPDY/2 only. */
export interface NoopFrame extends ControlFrameHead {
  readonly type: typeof NOOP;
}

/** Round-trip measurement (SPDY/3 2.6.5). */
export interface PingFrame extends ControlFrameHead {
  readonly type: typeof PING;
  readonly id: number;
}

/** The sender accepts no more streams (SPDY/3 2.6.6). */
export interface GoawayFrame extends ControlFrameHead {
  readonly type: typeof GOAWAY;
  readonly lastGoodStreamId: number;
  /** 0 in SPDY/2, which has none. */
  readonly status: number;
}

/** Further headers of a stream (SPDY/3 2.6.7). */
export interface HeadersFrame extends ControlFrameHead {
  readonly type: typeof HEADERS;
  readonly streamId: number;
  readonly headers: HeaderList;
}

/** Flow-control credit (SPDY/3 2.6.8). */
export interface WindowUpdateFrame extends ControlFrameHead {
  readonly type: typeof WINDOW_UPDATE;
  /** 0 means the session (SPDY/3.1). */
  readonly streamId: number;
  readonly delta: number;
}

/** A client certificate with its proof, SPDY/3 only (SPDY/3 2.6.9). */
export interface CredentialFrame extends ControlFrameHead {
  readonly type: typeof CREDENTIAL;
  readonly slot: number;
  readonly proof: Uint8Array;
  /** DER, leaf first. */
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
