import {
  DATA_FLAG_COMPRESS,
  DATA_FLAG_FIN,
  FLOW_CONTROL_ERROR,
  PROTOCOL_ERROR,
} from '../../protocol/constants.ts';
import type { StreamRecord } from '../streams/stream-record.ts';
import { ACCEPT, DROP, INPUT_DATA, SESSION_ERROR } from '../streams/stream-state.ts';
import { ControlReceiver } from './receive-control.ts';

/** What DATA frames of the peer do (SPDY/3 2.2.2), on top of the control frames. */
export class Receiver extends ControlReceiver {
  #stream: StreamRecord | null = null;
  #streamId = 0;
  #flags = 0;
  #length = 0;
  #left = 0;

  dataStart(streamId: number, flags: number, length: number): void {
    const { state } = this;
    this.#stream = null;
    this.#streamId = streamId;
    this.#flags = flags;
    this.#length = length;
    this.#left = length;
    if (streamId === 0) {
      state.peerFailed('ERR_SPDY_PROTOCOL', 'DATA for stream 0');
      return;
    }
    if (length === 0 && (flags & DATA_FLAG_FIN) === 0 && !state.budgets.emptyFrames.spend()) {
      state.peerFailed(
        'ERR_SPDY_TOO_MANY_EMPTY_FRAMES',
        'the peer sends empty DATA frames too fast',
      );
      return;
    }
    if (!state.credit.chargeSession(length)) {
      state.peerFailed('ERR_SPDY_FLOW_CONTROL', 'the peer overran the session window');
      return;
    }
    const stream = state.streams.get(streamId);
    const verdict = this.#verdict(stream);
    if (verdict === ACCEPT) this.#accept(stream as StreamRecord, length);
    else if (verdict === SESSION_ERROR) {
      state.peerFailed('ERR_SPDY_PROTOCOL', `DATA on stream ${streamId} before SYN_REPLY`);
    } else if (verdict !== DROP) {
      state.streamFault(
        streamId,
        verdict,
        'ERR_SPDY_PROTOCOL',
        this.misfit(stream, streamId, INPUT_DATA),
        null,
      );
    }
  }

  dataChunk(chunk: Buffer): void {
    const { state } = this;
    const stream = this.#stream;
    const { length } = chunk;
    this.#left -= length;
    state.statistics.dataReceived += length;
    if (stream === null || stream.closed || stream.closing || stream.reset !== null) {
      state.credit.discard(length);
      return;
    }
    state.budgets.headers.earn(length);
    state.credit.deliver(stream, length, this.#left === 0 && (this.#flags & DATA_FLAG_FIN) !== 0);
    state.report.dataChunkRecv(this.#flags, this.#streamId, chunk);
  }

  dataEnd(): void {
    const stream = this.#stream;
    this.state.statistics.framesReceived++;
    this.#stream = null;
    if (stream === null || stream.closed || stream.closing) return;
    this.state.report.dataRecv(this.#flags, this.#streamId, this.#length);
    if ((this.#flags & DATA_FLAG_FIN) !== 0) this.remoteFinished(stream);
  }

  #verdict(stream: StreamRecord | undefined): number {
    const verdict = this.verdictOf(stream, this.#streamId, INPUT_DATA);
    // Frames that were under way when GOAWAY left belong to streams that we have ignored.
    return stream === undefined && verdict < SESSION_ERROR && this.state.goawaySent
      ? DROP
      : verdict;
  }

  #accept(stream: StreamRecord, length: number): void {
    const { state } = this;
    const streamId = this.#streamId;
    if ((this.#flags & DATA_FLAG_COMPRESS) !== 0) {
      state.streamFault(
        streamId,
        PROTOCOL_ERROR,
        'ERR_SPDY_PROTOCOL',
        'compressed DATA is not supported',
        null,
      );
    } else if (!state.credit.chargeStream(stream, length)) {
      state.streamFault(
        streamId,
        FLOW_CONTROL_ERROR,
        'ERR_SPDY_FLOW_CONTROL',
        'the peer overran its window',
        null,
      );
    } else if (state.credit.unconsumed + length > state.options.maxUnconsumedBytes) {
      const message = `more than ${state.options.maxUnconsumedBytes} received bytes are not consumed`;
      state.streamFault(streamId, FLOW_CONTROL_ERROR, 'ERR_SPDY_TOO_MUCH_BUFFERED', message, null);
    } else {
      this.#stream = stream;
    }
  }
}
