import { ERROR_CODES, type ErrorCode, StreamError } from '../errors.ts';
import type { FrameSink, HeaderFault } from '../framing/frame-sink.ts';
import { presentHeaders } from '../framing/header-list.ts';
import {
  CANCEL,
  CLIENT,
  CREDENTIAL,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  ERR_SYN_STREAM_NOT_ALLOWED,
  ERR_UNSUPPORTED_VERSION,
  FLOW_CONTROL_ERROR,
  FRAME_TOO_LARGE,
  GOAWAY,
  HEADERS,
  INVALID_CREDENTIALS,
  MAX_WINDOW_SIZE,
  PING,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  UNSUPPORTED_VERSION,
  WINDOW_UPDATE,
} from '../protocol/constants.ts';
import type {
  ControlFrame,
  CredentialFrame,
  GoawayFrame,
  HeaderBlockFrame,
  HeadersFrame,
  PingFrame,
  RstStreamFrame,
  SettingsFrame,
  SynReplyFrame,
  SynStreamFrame,
  WindowUpdateFrame,
} from '../protocol/frames.ts';
import type { SessionState } from './session-state.ts';
import { applyPeerSettings } from './settings.ts';
import { Stream } from './stream.ts';
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
} from './stream-state.ts';

/** What each control frame of the peer does. DATA frames are in `DataReceiver`. */
export abstract class ControlReceiver implements FrameSink {
  protected readonly state: SessionState;
  protected readonly verdicts: Uint8Array;

  constructor(state: SessionState) {
    this.state = state;
    this.verdicts = receiveVerdicts(state.version);
  }

  abstract dataStart(streamId: number, flags: number, length: number): void;
  abstract dataChunk(chunk: Buffer): void;
  abstract dataEnd(): void;

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
        this.#settings(frame);
        break;
      case PING:
        this.#ping(frame);
        break;
      case GOAWAY:
        this.#goaway(frame);
        break;
      case WINDOW_UPDATE:
        this.#windowUpdate(frame);
        break;
      case CREDENTIAL:
        this.#credential(frame);
        break;
    }
  }

  badHeaders(frame: HeaderBlockFrame, fault: HeaderFault): void {
    const { state } = this;
    state.statistics.framesReceived++;
    if (frame.streamId === 0) {
      this.#invalidSession(frame, 'a frame with headers for stream 0');
      return;
    }
    if (frame.type === SYN_STREAM) {
      if (!this.#isNew(frame)) return;
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

  /** A frame that breaks a rule of the session: reported, then GOAWAY. */
  #invalidSession(
    frame: ControlFrame,
    message: string,
    code: ErrorCode = 'ERR_SPDY_PROTOCOL',
  ): void {
    this.state.report.invalidCtrlRecv(frame, PROTOCOL_ERROR);
    this.state.peerFailed(code, message);
  }

  /** SPDY/2 names in their SPDY/3 form, as applications see them. */
  #present<T extends HeaderBlockFrame>(frame: T): T {
    if (!this.state.version.plainPseudoNames) return frame;
    return { ...frame, headers: presentHeaders(this.state.version, frame.headers) };
  }

  /** Whether a SYN_STREAM has an id that the peer may use now (SPDY/3 2.3.2); it is used up then, else it was answered. */
  #isNew(frame: SynStreamFrame): boolean {
    const { state } = this;
    const { streams } = state;
    const { streamId } = frame;
    if (state.goawaySent) return false;
    if (streamId === 0 || streams.isOwnId(streamId) || streamId < streams.lastReceivedId) {
      const wrong = streams.isOwnId(streamId) ? 'belongs to this side' : 'is lower than one before';
      this.#invalidSession(
        frame,
        `SYN_STREAM with stream id ${streamId}, which ${streamId === 0 ? 'is none' : wrong}`,
      );
      return false;
    }
    if (streamId === streams.lastReceivedId) {
      if (streams.get(streamId)?.closing !== true) {
        state.streamFault(
          streamId,
          PROTOCOL_ERROR,
          'ERR_SPDY_PROTOCOL',
          'a second SYN_STREAM',
          frame,
        );
      }
      return false;
    }
    streams.lastReceivedId = streamId;
    return true;
  }

  #synStream(frame: SynStreamFrame): void {
    const { state } = this;
    const { streams, report } = state;
    const { streamId } = frame;
    if (!this.#isNew(frame)) return;
    if (streams.peers >= state.localMaxStreams) {
      const message = `more than ${state.localMaxStreams} streams`;
      state.streamFault(streamId, REFUSED_STREAM, 'ERR_SPDY_TOO_MANY_STREAMS', message, frame);
      return;
    }
    const { certificates } = state;
    if (certificates !== null && frame.slot !== 0 && certificates.get(frame.slot) === null) {
      const message = `certificate slot ${frame.slot} is empty`;
      state.streamFault(streamId, INVALID_CREDENTIALS, 'ERR_SPDY_PROTOCOL', message, frame);
      return;
    }
    streams.lastAcceptedId = streamId;
    state.statistics.streamsAccepted++;
    const fin = (frame.flags & CTRL_FLAG_FIN) !== 0;
    // A push is unidirectional whether it says so or not (some servers do not).
    const push = state.side === CLIENT && frame.associatedToStreamId !== 0;
    const unidirectional = push || (frame.flags & CTRL_FLAG_UNIDIRECTIONAL) !== 0;
    const stream = new Stream(
      streamId,
      false,
      frame.priority,
      state.peerInitialWindow,
      state.credit.newStreamWindow,
    );
    stream.remoteClosed = fin;
    stream.localClosed = unidirectional;
    streams.add(stream);
    report.ctrlRecv(frame);
    this.requestDone(stream, fin);
  }

  #synReply(frame: SynReplyFrame): void {
    const stream = this.#headerTarget(frame, INPUT_SYN_REPLY);
    if (stream === null) return;
    stream.replied = true;
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
  #headerTarget(frame: SynReplyFrame | HeadersFrame, input: number): Stream | null {
    const { state } = this;
    const { streamId } = frame;
    if (streamId === 0) {
      this.#invalidSession(frame, 'a frame with headers for stream 0');
      return null;
    }
    const stream = state.streams.get(streamId);
    const verdict = this.verdictOf(stream, streamId, input);
    if (verdict === ACCEPT) return stream as Stream;
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

  /** What the tables say about a frame; a lenient session drops what it would answer for a stream that is not open. */
  protected verdictOf(stream: Stream | undefined, streamId: number, input: number): number {
    const number = this.#stateOf(stream, streamId);
    const verdict = this.verdicts[number * 3 + input] as number;
    if (verdict < SESSION_ERROR && this.#isOverlooked(stream)) return DROP;
    return this.#isIgnored(streamId, number) ? DROP : verdict;
  }

  /** What is wrong with a frame that the tables do not accept. */
  protected misfit(stream: Stream | undefined, streamId: number, input: number): string {
    const state = RECEIVE_STATES[this.#stateOf(stream, streamId)];
    return `${RECEIVE_INPUTS[input]} arrived in state "${state}"`;
  }

  #stateOf(stream: Stream | undefined, streamId: number): number {
    return stream === undefined
      ? this.state.streams.stateOfMissing(streamId)
      : stream.receiveState();
  }

  /** Whether a lenient session lets a frame pass that it would answer. */
  #isOverlooked(stream: Stream | undefined): boolean {
    return stream === undefined && this.state.options.lenientStreams;
  }

  /** Whether a stream was opened behind our GOAWAY: its SYN_STREAM was ignored, so what follows is, too. */
  #isIgnored(streamId: number, number: number): boolean {
    const { goawaySent, streams } = this.state;
    return goawaySent && number === STATE_IDLE && !streams.isOwnId(streamId);
  }

  /** The peer has finished its half of a stream. */
  protected remoteFinished(stream: Stream): void {
    if (stream.closed) return;
    this.requestDone(stream, true);
  }

  /** After a frame with FIN: the request is complete if the peer opened the stream, and the stream may be done. */
  protected requestDone(stream: Stream, fin: boolean): void {
    if (!fin || stream.closed || stream.closing) return;
    if (!stream.own) this.state.report.requestRecv(stream.streamId);
    stream.remoteClosed = true;
    this.state.closeIfDone(stream);
  }

  #rstStream(frame: RstStreamFrame): void {
    const { state } = this;
    const { streamId, status } = frame;
    if (streamId === 0) {
      this.#invalidSession(frame, 'RST_STREAM for stream 0');
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

  #settings(frame: SettingsFrame): void {
    const { state } = this;
    if (!state.budgets.settings.spend()) {
      state.peerFailed('ERR_SPDY_TOO_MANY_SETTINGS', 'the peer sends SETTINGS too fast');
      return;
    }
    applyPeerSettings(state, frame.entries);
    state.report.ctrlRecv(frame);
  }

  #ping(frame: PingFrame): void {
    const { state } = this;
    if (!state.budgets.pings.spend()) {
      state.peerFailed('ERR_SPDY_TOO_MANY_PINGS', 'the peer sends PING too fast');
      return;
    }
    if (state.streams.isOwnId(frame.id)) {
      if (!state.outstandingPings.delete(frame.id)) return;
    } else {
      const { wire } = state.version;
      state.queue.pings.push({ version: wire, flags: 0, length: 4, type: PING, id: frame.id });
      state.replyQueued();
    }
    state.report.ctrlRecv(frame);
  }

  #goaway(frame: GoawayFrame): void {
    const { state } = this;
    state.goawayReceived = true;
    state.peerLastGoodId = Math.min(state.peerLastGoodId, frame.lastGoodStreamId);
    state.report.ctrlRecv(frame);
    const message = 'the peer accepts no more streams (GOAWAY)';
    const refused = new StreamError('ERR_SPDY_STREAM_REFUSED', message, 0, REFUSED_STREAM, 'peer');
    state.refuseWaiting(ERR_SYN_STREAM_NOT_ALLOWED, refused);
    state.closeUnprocessed();
  }

  #windowUpdate(frame: WindowUpdateFrame): void {
    const { state } = this;
    const { streamId, delta } = frame;
    if (!state.budgets.windowUpdates.spend()) {
      state.peerFailed('ERR_SPDY_TOO_MANY_WINDOW_UPDATES', 'the peer sends WINDOW_UPDATE too fast');
      return;
    }
    const stream = state.streams.get(streamId);
    if (streamId === 0 ? !state.version.sessionWindow : !stream || stream.closing) return;
    // Credit means nothing while flow control is off, and on a stream that we have finished.
    if (!state.sendWindows || stream?.localClosed === true) {
      state.report.ctrlRecv(frame);
      return;
    }
    if (stream === undefined) {
      if (delta === 0) {
        this.#invalidSession(frame, 'WINDOW_UPDATE of 0 for the session', 'ERR_SPDY_FLOW_CONTROL');
      } else if (state.sendWindow > MAX_WINDOW_SIZE - delta) {
        this.#invalidSession(
          frame,
          'WINDOW_UPDATE made the session window overflow',
          'ERR_SPDY_FLOW_CONTROL',
        );
      } else {
        state.sendWindow += delta;
        state.report.ctrlRecv(frame);
      }
      return;
    }
    if (delta === 0 || stream.sendWindow > MAX_WINDOW_SIZE - delta) {
      const message = delta === 0 ? 'WINDOW_UPDATE of 0' : 'WINDOW_UPDATE made its window overflow';
      state.streamFault(streamId, FLOW_CONTROL_ERROR, 'ERR_SPDY_FLOW_CONTROL', message, frame);
      return;
    }
    const wasBlocked = stream.sendWindow <= 0;
    stream.sendWindow += delta;
    if (wasBlocked) state.schedule(stream);
    state.report.ctrlRecv(frame);
  }

  #credential(frame: CredentialFrame): void {
    const { state } = this;
    if (state.certificates?.set(frame.slot, frame.certificates) === false) {
      this.#invalidSession(
        frame,
        `CREDENTIAL for slot ${frame.slot} of ${state.certificates.size}`,
      );
      return;
    }
    state.report.ctrlRecv(frame);
  }
}

const HEADER_FAULTS: Record<HeaderFault, string> = {
  structure: 'the header block is damaged',
  content: 'the header block has a forbidden name or value',
  size: 'the header block is above the limit',
};
