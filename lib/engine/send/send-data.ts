import { CallbackFailureError, StreamError, TemporalCallbackFailureError } from '../../errors.ts';
import { NO_BYTES, toBuffer } from '../../framing/bytes.ts';
import { writeDataHeader } from '../../framing/encode.ts';
import { LEAST_PIECE, type OutputBuffer } from '../../framing/output-buffer.ts';
import {
  DATA_FLAG_FIN,
  DATA_FLAG_NONE,
  ERR_DEFERRED,
  ERR_STREAM_CLOSING,
  FRAME_HEADER_LENGTH,
  INTERNAL_ERROR,
  READ_EOF,
} from '../../protocol/constants.ts';
import type { DataSource, ReadCtrl } from '../data-provider.ts';
import type { EngineState } from '../engine-state.ts';
import type { OutItem, StreamRecord } from '../streams/stream-record.ts';

/** Encodes DATA frames (SPDY/3 2.2.2): asks the provider of a stream for as much as the windows allow. */
export class DataSender {
  readonly #state: EngineState;
  readonly #out: OutputBuffer;
  readonly #control: ReadCtrl = { flags: 0 };
  // The frame that was encoded last.
  #flags = 0;
  #length = 0;

  constructor(state: EngineState, out: OutputBuffer) {
    this.#state = state;
    this.#out = out;
  }

  encode(stream: StreamRecord, item: OutItem): boolean {
    const state = this.#state;
    if (stream.localClosed || (!stream.own && !stream.replied)) {
      stream.remove(item);
      state.schedule(stream);
      state.report.closeProvider(item.provider);
      return false;
    }
    const provider = item.provider as DataSource;
    let bytes: Uint8Array | null = null;
    let end = provider.ended === true;
    if (!end) {
      const control = this.#control;
      control.flags = 0;
      state.report.enter();
      try {
        bytes = this.#read(stream, provider);
      } catch (exception) {
        state.report.leave();
        this.#providerFailed(stream, item, exception);
        return false;
      }
      state.report.leave();
      // The provider may have ended the stream or the session from inside.
      if (stream.closed || stream.closing) return false;
      end = (control.flags & READ_EOF) !== 0;
      if (!end && (bytes === null || bytes.length === 0)) {
        item.deferred = true;
        state.schedule(stream);
        state.resetIfIdle(stream);
        return false;
      }
    }
    const length = bytes === null ? 0 : bytes.length;
    if (end) {
      stream.remove(item);
      state.report.closeProvider(provider);
    }
    if (length === 0 && !item.fin) {
      state.schedule(stream);
      state.resetIfIdle(stream);
      return false;
    }
    this.#flags = end && item.fin ? DATA_FLAG_FIN : DATA_FLAG_NONE;
    this.#length = length;
    if (state.sendWindows) {
      stream.sendWindow -= length;
      if (state.version.sessionWindow) state.sendWindow -= length;
    }
    this.#write(stream.streamId, bytes ?? NO_BYTES, provider.stable === true);
    return true;
  }

  written(stream: StreamRecord): void {
    const state = this.#state;
    state.statistics.dataSent += this.#length;
    stream.bytesSent += this.#length;
    state.budgets.windowUpdates.earn(4);
    state.budgets.headers.earn(this.#length);
    state.report.dataSend(this.#flags, stream.streamId, this.#length);
    if (stream.closed) return;
    if ((this.#flags & DATA_FLAG_FIN) !== 0) state.localFinished(stream);
    if (!stream.closed) state.turnTaken(stream);
  }

  #write(streamId: number, bytes: Uint8Array, stable: boolean): void {
    const out = this.#out;
    const { length } = bytes;
    const asPiece = stable && out.gathering && length >= LEAST_PIECE;
    if (!asPiece) out.reserve(FRAME_HEADER_LENGTH + length);
    writeDataHeader(out, streamId, this.#flags, length);
    if (asPiece) out.append(toBuffer(bytes));
    else out.writeBytes(bytes);
  }

  /** Asks the provider for as much as may be sent; null when it has nothing. */
  #read(stream: StreamRecord, provider: DataSource): Uint8Array | null {
    const state = this.#state;
    let limit = state.options.maxDataSize;
    if (state.sendWindows) {
      limit = Math.min(limit, stream.sendWindow);
      if (state.version.sessionWindow) limit = Math.min(limit, state.sendWindow);
    }
    const result = provider.readCb(stream.streamId, limit, this.#control, provider.source);
    if (result instanceof Uint8Array) {
      if (result.length <= limit) return result;
      throw new RangeError(`it returned ${result.length} bytes when asked for ${limit}`);
    }
    if (result === ERR_DEFERRED) {
      this.#control.flags = 0;
      return null;
    }
    if (result === null || result === undefined) return null;
    throw new TypeError(`it returned ${String(result)}`);
  }

  #providerFailed(stream: StreamRecord, item: OutItem, exception: unknown): void {
    const state = this.#state;
    if (stream.remove(item)) state.report.closeProvider(item.provider);
    if (exception instanceof TemporalCallbackFailureError) {
      if (stream.closed || stream.closing) return;
      const { streamId } = stream;
      const message = `stream ${streamId}: ${exception.message}`;
      const fault = { cause: exception };
      const { code } = exception;
      const error = new StreamError(code, message, streamId, INTERNAL_ERROR, 'local', fault);
      stream.resetting().error = error;
      state.queueReset(streamId, INTERNAL_ERROR, ERR_STREAM_CLOSING, false);
      return;
    }
    if (!stream.closed) state.schedule(stream);
    if (exception instanceof CallbackFailureError) throw exception;
    const reason = exception instanceof Error ? exception.message : String(exception);
    throw new CallbackFailureError(
      `the data provider of stream ${stream.streamId} failed: ${reason}`,
      { cause: exception },
    );
  }
}
