import { headerCost, PAIR_COST } from '../../common/header-cost.ts';
import { ERROR_CODES, type ErrorCode, StreamError } from '../../errors.ts';
import type { FrameSink, HeaderFault } from '../../framing/frame-sink.ts';
import { presentHeaders } from '../../framing/header-list.ts';
import {
  CANCEL,
  CREDENTIAL,
  CTRL_FLAG_FIN,
  ERR_UNSUPPORTED_VERSION,
  FRAME_TOO_LARGE,
  GOAWAY,
  HEADERS,
  PING,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  UNSUPPORTED_VERSION,
  WINDOW_UPDATE,
} from '../../protocol/constants.ts';
import type {
  ControlFrame,
  HeaderBlockFrame,
  HeadersFrame,
  RstStreamFrame,
  SynReplyFrame,
  SynStreamFrame,
} from '../../protocol/frames.ts';
import type { EngineState } from '../engine-state.ts';
import { REMOTE_CLOSED, REPLIED, type StreamRecord } from '../streams/stream-record.ts';
import {
  ACCEPT,
  DROP,
  INPUT_HEADERS,
  INPUT_SYN_REPLY,
  RECEIVE_INPUTS,
  RECEIVE_STATES,
  receiveVerdicts,
  SESSION_ERROR,
  STATE_IDLE,
  STATE_RESET,
} from '../streams/stream-state.ts';
import { acceptStream, refuseHeaders, takeStreamId } from './receive-opening.ts';
import {
  invalidSession,
  receiveCredential,
  receiveGoaway,
  receivePing,
  receiveSettings,
  receiveWindowUpdate,
} from './receive-session.ts';

/** What each control frame of the peer does. DATA frames are in `DataReceiver`. */
export abstract class ControlReceiver implements FrameSink {
  protected readonly state: EngineState;
  protected readonly verdicts: Uint8Array;

  constructor(state: EngineState) {
    this.state = state;
    this.verdicts = receiveVerdicts(state.version);
  }

  abstract dataStart(streamId: number, flags: number, length: number): void;
  abstract dataChunk(chunk: Buffer): void;
  abstract dataEnd(): void;

  headerBlock(frame: HeaderBlockFrame, length: number): void {
    const { state } = this;
    const { budgets } = state;
    const pairs = frame.headers.length;
    const says = pairs > 0 || frame.type !== HEADERS || (frame.flags & CTRL_FLAG_FIN) !== 0;
    if (!says && !budgets.emptyFrames.spend())
      state.peerFailed('ERR_SPDY_TOO_MANY_EMPTY_FRAMES', 'the peer sends empty HEADERS too fast');
    else if (!budgets.headers.spend(length + PAIR_COST * pairs))
      state.peerFailed('ERR_SPDY_TOO_MANY_HEADERS', 'the peer sends headers too fast');
  }

  control(frame: ControlFrame): void {
    this.state.statistics.framesReceived++;
    switch (frame.type) {
      case SYN_STREAM:
        this.#synStream(this.#present(frame));
        break;
      case SYN_REPLY:
        this.#synReply(this.#present(frame));
        break;
      case HEADERS:
        this.#headers(this.#present(frame));
        break;
      case RST_STREAM:
        this.#rstStream(frame);
        break;
      case SETTINGS:
        receiveSettings(this.state, frame);
        break;
      case PING:
        receivePing(this.state, frame);
        break;
      case GOAWAY:
        receiveGoaway(this.state, frame);
        break;
      case WINDOW_UPDATE:
        receiveWindowUpdate(this.state, frame);
        break;
      case CREDENTIAL:
        receiveCredential(this.state, frame);
        break;
    }
  }

  badHeaders(frame: HeaderBlockFrame, fault: HeaderFault): void {
    const { state } = this;
    state.statistics.framesReceived++;
    if (frame.streamId === 0) {
      invalidSession(this.state, frame, 'a frame with headers for stream 0');
      return;
    }
    if (frame.type === SYN_STREAM) {
      if (!takeStreamId(state, frame)) return;
    } else {
      const stream = state.streams.get(frame.streamId);
      const number = this.#stateOf(stream, frame.streamId);
      if (number === STATE_RESET || this.#isIgnored(frame.streamId, number)) return;
      if (this.#isOverlooked(stream)) return;
    }
    const status = fault === 'size' ? FRAME_TOO_LARGE : PROTOCOL_ERROR;
    const code: ErrorCode =
      fault === 'size' ? 'ERR_SPDY_FRAME_TOO_LARGE' : 'ERR_SPDY_INVALID_HEADER_BLOCK';
    state.streamFault(frame.streamId, status, code, HEADER_FAULTS[fault], frame);
  }

  wrongVersion(type: number, version: number, streamId: number, head: Buffer): void {
    const { state } = this;
    state.statistics.framesReceived++;
    const hasBlock = type === SYN_STREAM || type === SYN_REPLY || type === HEADERS;
    if (!hasBlock && !state.version.extendedStatus) return;
    const message = `a frame of version ${version} in a ${state.version.name} session`;
    if (streamId !== 0) {
      state.streamFault(
        streamId,
        UNSUPPORTED_VERSION,
        'ERR_SPDY_UNSUPPORTED_VERSION',
        message,
        null,
      );
    }
    state.report.ctrlRecvParseError(type, head, Buffer.alloc(0), ERR_UNSUPPORTED_VERSION);
    state.peerFailed('ERR_SPDY_UNSUPPORTED_VERSION', message);
  }

  unknown(head: Buffer, payload: Buffer): void {
    this.state.statistics.framesReceived++;
    this.state.report.unknownCtrlRecv(head, payload);
  }

  parseError(type: number, head: Buffer, payload: Buffer, code: ErrorCode, message: string): void {
    this.state.report.ctrlRecvParseError(type, head, payload, ERROR_CODES[code].errno);
    this.state.peerFailed(code, message);
  }

  /** SPDY/2 names in their SPDY/3 form, as applications see them. */
  #present<T extends HeaderBlockFrame>(frame: T): T {
    if (!this.state.version.plainPseudoNames) return frame;
    return { ...frame, headers: presentHeaders(this.state.version, frame.headers) };
  }

  #synStream(frame: SynStreamFrame): void {
    const stream = acceptStream(this.state, frame);
    if (stream === null) return;
    this.state.report.ctrlRecv(frame);
    this.requestDone(stream, (frame.flags & CTRL_FLAG_FIN) !== 0);
  }

  #synReply(frame: SynReplyFrame): void {
    const stream = this.#headerTarget(frame, INPUT_SYN_REPLY);
    if (stream === null) return;
    stream.mark(REPLIED);
    this.state.report.ctrlRecv(frame);
    if ((frame.flags & CTRL_FLAG_FIN) !== 0) this.remoteFinished(stream);
  }

  #headers(frame: HeadersFrame): void {
    const stream = this.#headerTarget(frame, INPUT_HEADERS);
    if (stream === null) return;
    this.state.report.ctrlRecv(frame);
    if ((frame.flags & CTRL_FLAG_FIN) !== 0) this.remoteFinished(stream);
  }

  /** The stream that takes a SYN_REPLY or HEADERS, null when it was answered otherwise. */
  #headerTarget(frame: SynReplyFrame | HeadersFrame, input: number): StreamRecord | null {
    const { state } = this;
    const { streamId } = frame;
    if (streamId === 0) {
      invalidSession(this.state, frame, 'a frame with headers for stream 0');
      return null;
    }
    const stream = state.streams.get(streamId);
    const verdict = this.verdictOf(stream, streamId, input);
    if (verdict === ACCEPT) return this.#takeHeaders(stream as StreamRecord, frame);
    if (verdict !== DROP) {
      state.streamFault(
        streamId,
        verdict,
        'ERR_SPDY_PROTOCOL',
        this.misfit(stream, streamId, input),
        frame,
      );
    }
    return null;
  }

  /** Counts further headers of a stream; null if there is no room for them. */
  #takeHeaders(stream: StreamRecord, frame: SynReplyFrame | HeadersFrame): StreamRecord | null {
    const { headers } = this.state;
    const cost = headerCost(frame.headers);
    const excess = headers.excessOf(cost, stream.headerMemory);
    if (excess !== null) {
      refuseHeaders(this.state, frame, excess);
      return null;
    }
    headers.charge(stream, cost);
    return stream;
  }

  /** What the tables say about a frame; a lenient session drops what it would answer when the peer had finished the stream. */
  protected verdictOf(stream: StreamRecord | undefined, streamId: number, input: number): number {
    const number = this.#stateOf(stream, streamId);
    const verdict = this.verdicts[number * 3 + input] as number;
    if (verdict < SESSION_ERROR && this.#isOverlooked(stream)) return DROP;
    return this.#isIgnored(streamId, number) ? DROP : verdict;
  }

  /** What is wrong with a frame that the tables do not accept. */
  protected misfit(stream: StreamRecord | undefined, streamId: number, input: number): string {
    const state = RECEIVE_STATES[this.#stateOf(stream, streamId)];
    return `${RECEIVE_INPUTS[input]} arrived in state "${state}"`;
  }

  #stateOf(stream: StreamRecord | undefined, streamId: number): number {
    return stream === undefined
      ? this.state.streams.stateOfMissing(streamId)
      : stream.receiveState();
  }

  /** Whether a lenient session lets a frame pass that it would answer. */
  #isOverlooked(stream: StreamRecord | undefined): boolean {
    return this.state.options.lenientStreams && (stream === undefined || stream.remoteClosed);
  }

  /** Whether a stream was opened behind our GOAWAY: its SYN_STREAM was ignored, so what follows is, too. */
  #isIgnored(streamId: number, number: number): boolean {
    const { goawaySent, streams } = this.state;
    return goawaySent && number === STATE_IDLE && !streams.isOwnId(streamId);
  }

  /** The peer has finished its half of a stream. */
  protected remoteFinished(stream: StreamRecord): void {
    if (stream.closed) return;
    this.requestDone(stream, true);
  }

  /** After a frame with FIN: the request is complete if the peer opened the stream, and the stream may be done. */
  protected requestDone(stream: StreamRecord, fin: boolean): void {
    if (!fin || stream.closed || stream.closing) return;
    if (!stream.own) this.state.report.requestRecv(stream.streamId);
    stream.mark(REMOTE_CLOSED);
    this.state.closeIfDone(stream);
  }

  #rstStream(frame: RstStreamFrame): void {
    const { state } = this;
    const { streamId, status } = frame;
    if (streamId === 0) {
      invalidSession(this.state, frame, 'RST_STREAM for stream 0');
      return;
    }
    if (!state.budgets.streamResets.spend()) {
      state.peerFailed('ERR_SPDY_TOO_MANY_RESETS', 'the peer resets streams too fast');
      return;
    }
    state.report.ctrlRecv(frame);
    const stream = state.streams.get(streamId);
    if (stream === undefined) return;
    state.queue.withdrawReset(stream);
    const code: ErrorCode =
      status === REFUSED_STREAM ? 'ERR_SPDY_STREAM_REFUSED' : 'ERR_SPDY_STREAM_RESET';
    const message = `stream ${streamId} was reset by the peer with status ${status}`;
    state.closeStream(stream, status, new StreamError(code, message, streamId, status, 'peer'));
    if (status === CANCEL) state.cancelPushes(stream);
  }
}

const HEADER_FAULTS: Record<HeaderFault, string> = {
  structure: 'the header block is damaged',
  content: 'the header block has a forbidden name or value',
  size: 'the header block is above the limit',
};
