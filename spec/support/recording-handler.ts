import type { EngineHandler } from '../../lib/engine/engine-handler.ts';
import type { SessionError, StreamError } from '../../lib/errors.ts';
import type { ControlFrame } from '../../lib/protocol/frames.ts';
import { type GoldenFrame, goldenFrame, typeName } from './golden-form.ts';

/** A callback in golden form: Spdylay's name of it, and what it was told. */
export interface GoldenCallback {
  readonly cb: string;
  readonly frame?: GoldenFrame;
  readonly streamId?: number;
  readonly flags?: number;
  readonly length?: number;
  readonly status?: number;
  readonly error?: number;
  readonly userData?: unknown;
  readonly dataHex?: string;
  readonly type?: string;
  readonly headHex?: string;
  readonly payloadHex?: string;
  readonly payloadLength?: number;
  readonly method?: string;
  readonly ret?: unknown;
}

/** Payload pieces up to this size are shown as hex. */
const SHOWN_BYTES = 32;

/**
 * Writes down every callback of an engine in golden form, and keeps what does not fit there: the bodies that were
 * received, and the errors.
 */
export class RecordingHandler implements EngineHandler {
  /** All callbacks since the last `take()`. */
  callbacks: GoldenCallback[] = [];
  /** Errors given to onStreamError. */
  readonly streamErrors: StreamError[] = [];
  /** Errors given to onSessionError. */
  readonly sessionErrors: SessionError[] = [];
  /** Errors given to onStreamClose, by stream; null for a normal end. */
  readonly closed: Map<number, StreamError | SessionError | null> = new Map();
  /** How the user data of a stream is found; `(id) => engine.getStreamUserData(id)`. */
  userDataOf: (streamId: number) => unknown = () => null;
  /** Called after each callback was written down: the place for calls from inside a callback. */
  afterEach: (callback: GoldenCallback) => void = () => {};
  readonly #bodies: Map<number, Buffer[]> = new Map();

  /** The callbacks since the last call, which are forgotten. */
  take(): GoldenCallback[] {
    const taken = this.callbacks;
    this.callbacks = [];
    return taken;
  }

  /** The callbacks of one name, such as `on_ctrl_recv`. */
  named(cb: string): GoldenCallback[] {
    return this.callbacks.filter((callback) => callback.cb === cb);
  }

  /** Streams that sent payload. */
  get streamsWithBody(): number[] {
    return [...this.#bodies.keys()];
  }

  /** All payload bytes that arrived on a stream. */
  body(streamId: number): Buffer {
    return Buffer.concat(this.#bodies.get(streamId) ?? []);
  }

  onCtrlRecv(frame: ControlFrame): void {
    this.#add({ cb: 'on_ctrl_recv', frame: goldenFrame(frame) });
  }

  onInvalidCtrlRecv(frame: ControlFrame, status: number): void {
    this.#add({ cb: 'on_invalid_ctrl_recv', status, frame: goldenFrame(frame) });
  }

  onDataChunkRecv(flags: number, streamId: number, data: Buffer): void {
    const pieces = this.#bodies.get(streamId);
    const copy = Buffer.from(data);
    if (pieces) pieces.push(copy);
    else this.#bodies.set(streamId, [copy]);
    const length = data.length;
    const shown = length <= SHOWN_BYTES ? { dataHex: data.toString('hex') } : {};
    this.#add({ cb: 'on_data_chunk_recv', streamId, flags, length, ...shown });
  }

  onDataRecv(flags: number, streamId: number, length: number): void {
    this.#add({ cb: 'on_data_recv', streamId, flags, length });
  }

  beforeCtrlSend(frame: ControlFrame): void {
    this.#add({ cb: 'before_ctrl_send', frame: goldenFrame(frame) });
  }

  onCtrlSend(frame: ControlFrame): void {
    this.#add({ cb: 'on_ctrl_send', frame: goldenFrame(frame) });
  }

  onCtrlNotSend(frame: ControlFrame, errno: number): void {
    const ofStream = 'streamId' in frame ? { userData: this.userDataOf(frame.streamId) } : {};
    this.#add({ cb: 'on_ctrl_not_send', error: errno, frame: goldenFrame(frame), ...ofStream });
  }

  onDataSend(flags: number, streamId: number, length: number): void {
    this.#add({ cb: 'on_data_send', streamId, flags, length });
  }

  onStreamClose(streamId: number, status: number, error: StreamError | SessionError | null): void {
    this.closed.set(streamId, error);
    const userData = this.userDataOf(streamId);
    this.#add({ cb: 'on_stream_close', streamId, status, userData });
  }

  onRequestRecv(streamId: number): void {
    this.#add({ cb: 'on_request_recv', streamId });
  }

  onCtrlRecvParseError(type: number, head: Buffer, payload: Buffer, errno: number): void {
    this.#add({
      cb: 'on_ctrl_recv_parse_error',
      type: typeName(type),
      headHex: head.toString('hex'),
      payloadHex: payload.toString('hex'),
      error: errno,
    });
  }

  onUnknownCtrlRecv(head: Buffer, payload: Buffer): void {
    this.#add({
      cb: 'on_unknown_ctrl_recv',
      headHex: head.toString('hex'),
      payloadLength: payload.length,
      payloadHex: payload.toString('hex'),
    });
  }

  onStreamError(error: StreamError): void {
    this.streamErrors.push(error);
  }

  onSessionError(error: SessionError): void {
    this.sessionErrors.push(error);
  }

  #add(callback: GoldenCallback): void {
    this.callbacks.push(callback);
    this.afterEach(callback);
  }
}
