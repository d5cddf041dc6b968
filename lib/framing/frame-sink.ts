import type { ErrorCode } from '../errors.ts';
import type { ControlFrame, HeaderBlockFrame } from '../protocol/frames.ts';

/** Why a header block that was inflated completely cannot be accepted. All are stream errors (SPDY/3 2.4.2). */
export type HeaderFault =
  /** Counts and lengths do not fit the bytes (or the block ends elsewhere than the frame). */
  | 'structure'
  /** A name or value breaks the rules of SPDY/3 2.6.10. */
  | 'content'
  /** More pairs, or more bytes, than the limits allow. */
  | 'size';

/** What a frame reader reports, in wire order. Calls happen inside `read()`. */
export interface FrameSink {
  /**
   * A header block was inflated, into `length` bytes; `control()` or `badHeaders()` with its frame follows, unless the reader was
   * stopped.
   */
  headerBlock(frame: HeaderBlockFrame, length: number): void;
  /** A complete control frame of the session's own version. Header names are those of the wire. */
  control(frame: ControlFrame): void;
  /** A header-block frame whose block is inflated but unacceptable; `headers` holds what could be read. */
  badHeaders(frame: HeaderBlockFrame, fault: HeaderFault): void;
  /** The header of a DATA frame was read; exactly `length` payload bytes follow. Stream id 0 included. */
  dataStart(streamId: number, flags: number, length: number): void;
  /** Payload of the current DATA frame: a view of the chunk given to `read()`, never empty. */
  dataChunk(chunk: Buffer): void;
  /** The current DATA frame is complete. */
  dataEnd(): void;
  /**
   * A control frame with another version field. Frames without a header block were skipped by length;
   * for SYN_STREAM, SYN_REPLY and HEADERS the inflater is out of step from here on.
   * `streamId` is the one of a SYN_STREAM, else 0.
   */
  wrongVersion(type: number, version: number, streamId: number, head: Buffer): void;
  /** A control type that this version does not have (or that is switched off). Its payload is empty above the limit. */
  unknown(head: Buffer, payload: Buffer): void;
  /** Frame borders or the inflater are lost (a session error); the reader has stopped. */
  parseError(type: number, head: Buffer, payload: Buffer, code: ErrorCode, message: string): void;
}
