import { optionNames, unknownOption } from '../common/option-names.ts';
import type { SessionError, StreamError } from '../errors.ts';
import type { ControlFrame } from '../protocol/frames.ts';

/**
 * What an Engine reports, under the names of Spdylay's callbacks. All are optional. The engine has finished changing its
 * own state before it calls, so every method of the engine may be called from inside, except `receive`, `recv`,
 * `send`, `pull` and `pullPieces`. An exception thrown by a notification leaves the engine consistent and comes out of the
 * call that was running.
 */
export interface EngineHandler {
  /** Takes bytes for `send()`: returns how many (0 or `ERR_WOULDBLOCK`: none now). Throw to fail. */
  sendCb?(data: Buffer): number;
  /** Gives bytes for `recv()`: at most `length`; empty, null or `ERR_WOULDBLOCK`: none now; throw `EOFError` at the end. */
  recvCb?(length: number): Uint8Array | number | null | undefined;
  /** A valid control frame was received and has taken effect. */
  onCtrlRecv?(frame: ControlFrame): void;
  /** A control frame was understood but is not acceptable; the answer with `status` is queued. */
  onInvalidCtrlRecv?(frame: ControlFrame, status: number): void;
  /** A piece of DATA payload arrived: a view of the received chunk. `flags` are those of the whole frame. */
  onDataChunkRecv?(flags: number, streamId: number, data: Buffer): void;
  /** A whole DATA frame was accepted; `length` is its payload in bytes. */
  onDataRecv?(flags: number, streamId: number, length: number): void;
  /** A control frame is about to be written. A SYN_STREAM has its id here. */
  beforeCtrlSend?(frame: ControlFrame): void;
  /** A control frame was written. */
  onCtrlSend?(frame: ControlFrame): void;
  /** A control frame was dropped; `errno` is one of Spdylay's numbers, such as `ERR_STREAM_CLOSED`. */
  onCtrlNotSend?(frame: ControlFrame, errno: number): void;
  /** A DATA frame with `length` payload bytes was written. */
  onDataSend?(flags: number, streamId: number, length: number): void;
  /**
   * A stream ended. `status` is `OK` or the status of the RST_STREAM; `error` says who ended it and why, null when both
   * sides finished. The stream's user data is still there.
   */
  onStreamClose?(streamId: number, status: number, error: StreamError | SessionError | null): void;
  /** The peer finished its half of a stream that it had opened: the request is complete. */
  onRequestRecv?(streamId: number): void;
  /** Bytes that are no frame: the session fails right after. */
  onCtrlRecvParseError?(type: number, head: Buffer, payload: Buffer, errno: number): void;
  /** A control frame of a type that this version does not have was skipped. */
  onUnknownCtrlRecv?(head: Buffer, payload: Buffer): void;
  /** Beyond Spdylay: the peer broke a rule on one stream and RST_STREAM is queued. */
  onStreamError?(error: StreamError): void;
  /** Beyond Spdylay: the session failed; GOAWAY is queued and nothing more will be read. */
  onSessionError?(error: SessionError): void;
}

const CALLBACK_NAMES = optionNames<EngineHandler>({
  sendCb: true,
  recvCb: true,
  onCtrlRecv: true,
  onInvalidCtrlRecv: true,
  onDataChunkRecv: true,
  onDataRecv: true,
  beforeCtrlSend: true,
  onCtrlSend: true,
  onCtrlNotSend: true,
  onDataSend: true,
  onStreamClose: true,
  onRequestRecv: true,
  onCtrlRecvParseError: true,
  onUnknownCtrlRecv: true,
  onStreamError: true,
  onSessionError: true,
});

/** What the names of callbacks look like; a handler may have others for its own use. */
const CALLBACK = /^(?:on|before)[A-Z]|Cb$/;

/**
 * Checks that a handler has no callback which is never called.
 *
 * @throws InvalidArgumentError with the name that was most likely meant
 */
export function checkHandler(handler: EngineHandler): void {
  for (const name in handler) {
    if (!CALLBACK.test(name) || CALLBACK_NAMES.has(name)) continue;
    if (typeof (handler as Readonly<Record<string, unknown>>)[name] !== 'function') continue;
    throw unknownOption('handler of the Engine', name, CALLBACK_NAMES, 'callback');
  }
}
