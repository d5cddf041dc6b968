import { type ErrorCode, SessionError, StreamError } from '../errors.ts';
import type { FrameReader } from '../framing/frame-reader.ts';
import {
  CANCEL,
  CLIENT,
  DEFAULT_WINDOW_SIZE,
  ERR_STREAM_CLOSED,
  ERR_STREAM_CLOSING,
  ERR_SYN_STREAM_NOT_ALLOWED,
  GOAWAY,
  GOAWAY_INTERNAL_ERROR,
  GOAWAY_OK,
  GOAWAY_PROTOCOL_ERROR,
  INTERNAL_ERROR,
  REFUSED_STREAM,
  RST_STREAM,
  SERVER,
  type Side,
} from '../protocol/constants.ts';
import type { ControlFrame, RstStreamFrame } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import type { EngineHandler } from './engine-handler.ts';
import type { ResolvedOptions } from './options/options.ts';
import { CertificateVector } from './streams/certificate-vector.ts';
import { OpenStreams } from './streams/open-streams.ts';
import { CLOSING, type StreamRecord } from './streams/stream-record.ts';
import { sendableStatus } from './streams/stream-state.ts';

/** How far the session is from its end. */
export type Phase =
  /** Frames flow. */
  | 'open'
  /** The session failed; GOAWAY has still to be written. */
  | 'failing'
  /** Nothing is read or written any more. */
  | 'ended';

/** The state that receive, submit and send share, with the changes that more than one of them makes: how the session goes on and fails. */
export class EngineState extends OpenStreams {
  /** The client certificates of a SPDY/3 server that takes CREDENTIAL. */
  readonly certificates: CertificateVector | null;
  /** Set by the input, which makes the reader: a failing session reads no more. */
  reader: FrameReader | null = null;

  phase: Phase = 'open';
  /** Send window of a new stream: the peer's INITIAL_WINDOW_SIZE. */
  peerInitialWindow: number = DEFAULT_WINDOW_SIZE;
  /** Streams we may have open: the peer's MAX_CONCURRENT_STREAMS. */
  peerMaxStreams: number = Number.POSITIVE_INFINITY;
  /** Streams the peer may have open: our MAX_CONCURRENT_STREAMS. */
  localMaxStreams: number;
  goawaySent = false;
  goawayReceived = false;
  /** The lowest last-good-stream-id that the peer has told. */
  peerLastGoodId: number = Number.POSITIVE_INFINITY;
  /** Why no stream can be opened, once the peer has ended its direction of the transport. */
  inputEnded: StreamError | null = null;
  /** PINGs written and not answered; made for the first one. */
  outstandingPings: Set<number> | null = null;
  /** Id of our next PING. */
  nextPingId: number;
  /** PINGs of ours that wait to be written. */
  queuedPings = 0;

  constructor(
    side: Side,
    version: ProtocolVersion,
    options: ResolvedOptions,
    handler: EngineHandler,
  ) {
    super(side, version, options, handler);
    this.localMaxStreams = options.maxConcurrentStreams;
    this.nextPingId = side === CLIENT ? 1 : 2;
    const takesCredentials = options.credentials && version.hasCredential && side === SERVER;
    this.certificates = takesCredentials ? new CertificateVector() : null;
  }

  /** Whether a SYN_STREAM of ours may leave the queue: to be written, or to be refused after GOAWAY. */
  get mayOpen(): boolean {
    return this.streams.own < this.peerMaxStreams || this.goawayReceived || this.goawaySent;
  }

  /**
   * Queues RST_STREAM, as a reply to something of the peer or on our own account. A stream that exists gets nothing but
   * that from now on, and ends when it was written.
   */
  queueReset(streamId: number, status: number, errno: number, reply: boolean): void {
    const stream = this.streams.get(streamId);
    if (stream !== undefined) {
      stream.mark(CLOSING);
      this.queue.remove(stream);
      this.dropOutbox(stream, errno);
    } else {
      this.streams.rememberReset(streamId);
    }
    const frame: RstStreamFrame = {
      version: this.version.wire,
      flags: 0,
      length: 8,
      type: RST_STREAM,
      streamId,
      status: sendableStatus(this.version, status),
    };
    // A provider that was closed may have ended the session: nothing leaves any more.
    if (this.phase === 'ended') return;
    if (stream !== undefined) stream.resetting().frame = frame;
    const queue = reply ? this.queue.replies : this.queue.urgent;
    queue.push(frame);
  }

  override turnTaken(stream: StreamRecord): void {
    super.turnTaken(stream);
    if (stream.reset !== null) this.resetIfIdle(stream);
  }

  /** Resets a stream for which RST_STREAM waits, if it can send nothing else any more. */
  resetIfIdle(stream: StreamRecord): void {
    const status = stream.reset?.behind ?? 0;
    if (status === 0 || stream.closing || stream.nextItem() !== null) return;
    this.queueReset(stream.streamId, status, ERR_STREAM_CLOSING, false);
  }

  /** Whether bytes of the peer are still of interest. */
  get wantsInput(): boolean {
    if (this.phase !== 'open') return false;
    return !this.goawayKnown || this.streams.size > 0 || this.queue.waitingToOpen > 0;
  }

  /** See `Engine.rest()`. */
  rest(): void {
    this.streams.rest();
    this.reader?.blocks.rest();
  }

  /** Whether there is a frame that may be sent now. */
  get hasOutput(): boolean {
    if (this.phase === 'ended') return false;
    return this.queue.hasUrgent || this.queue.hasStream(this.mayOpen, this.mayData);
  }

  /** Whether a GOAWAY, sent or received, forbids new streams. */
  get goawayKnown(): boolean {
    return this.goawaySent || this.goawayReceived;
  }

  /** A reply was queued: a peer that lets too many pile up loses the session. */
  replyQueued(): void {
    if (this.queue.pings.length + this.queue.replies.length > this.options.maxQueuedReplies) {
      this.peerFailed(
        'ERR_SPDY_TOO_MANY_REPLIES',
        `more than ${this.options.maxQueuedReplies} replies wait for the peer to read`,
      );
    }
  }

  /** The peer broke a rule on one stream: answers with RST_STREAM. `frame` is reported as invalid if there is one. */
  streamFault(
    streamId: number,
    status: number,
    code: ErrorCode,
    message: string,
    frame: ControlFrame | null,
  ): void {
    const stream = this.streams.get(streamId);
    // Reports of one fault may have caused another.
    if (this.phase !== 'open' || stream?.closing === true) return;
    if (!this.budgets.streamResets.spend()) {
      this.peerFailed('ERR_SPDY_TOO_MANY_RESETS', 'the peer makes streams fail too fast');
      return;
    }
    const sent = sendableStatus(this.version, status);
    const error = new StreamError(code, `stream ${streamId}: ${message}`, streamId, sent, 'peer');
    if (stream !== undefined) stream.resetting().error = error;
    this.queueReset(streamId, sent, ERR_STREAM_CLOSED, true);
    if (frame !== null) this.report.invalidCtrlRecv(frame, sent);
    this.report.streamError(error);
    this.replyQueued();
  }

  /** The peer broke a rule of the session. */
  peerFailed(code: ErrorCode, message: string): void {
    this.fail(new SessionError(code, message, GOAWAY_PROTOCOL_ERROR, 'peer'));
  }

  /** The session fails: nothing more is read, all streams end, GOAWAY is the last thing written. */
  fail(error: SessionError, status: number = error.status): void {
    if (this.phase !== 'open') return;
    this.phase = 'failing';
    this.reader?.stop();
    this.queue.pings.clear();
    this.queue.settings.clear();
    this.queue.goaways.clear();
    this.queue.goaways.push(this.goaway(status));
    this.report.sessionError(error);
    this.endStreams(INTERNAL_ERROR, error);
  }

  /** Nothing is read or written any more. */
  end(): void {
    this.phase = 'ended';
    this.reader?.stop();
    this.queue.clearFrames();
    this.credit.stop();
  }

  /** The transport has ended: every stream ends with an error. */
  endTransport(error?: SessionError): void {
    if (this.phase === 'ended') return;
    this.end();
    this.endStreams(INTERNAL_ERROR, error ?? transportEnded());
  }

  /** Ends everything that is open or waits to be opened. */
  endStreams(status: number, error: SessionError): void {
    this.refuseWaiting(ERR_SYN_STREAM_NOT_ALLOWED, error);
    for (const stream of this.streams.values()) {
      const reason = stream.reset?.error ?? null;
      this.closeStream(stream, reason?.status ?? status, reason ?? error);
    }
  }

  /**
   * The peer has ended its direction of the transport: streams that it had not finished end, and are reset since it may still
   * read; those that only have to send go on.
   */
  endInput(): void {
    if (this.phase !== 'open') return;
    const message = 'the peer ended the transport before it finished the stream';
    const code = 'ERR_SPDY_TRANSPORT_CLOSED';
    this.inputEnded = new StreamError(code, message, 0, REFUSED_STREAM, 'peer');
    this.refuseWaiting(ERR_SYN_STREAM_NOT_ALLOWED, this.inputEnded);
    for (const stream of this.streams.values()) {
      if (stream.remoteClosed || stream.closing || stream.closed) continue;
      const { streamId } = stream;
      const text = `stream ${streamId}: ${message}`;
      this.closeStream(stream, CANCEL, new StreamError(code, text, streamId, CANCEL, 'peer'));
      this.queueReset(streamId, CANCEL, ERR_STREAM_CLOSED, false);
    }
  }

  /** Ends our streams that the peer has not processed according to its GOAWAY (SPDY/3 2.6.6). */
  closeUnprocessed(): void {
    const unprocessed = this.streams
      .values()
      .filter(({ own, streamId }) => own && streamId > this.peerLastGoodId);
    for (const stream of unprocessed) {
      const { streamId } = stream;
      this.queue.withdrawReset(stream);
      const error = new StreamError(
        'ERR_SPDY_STREAM_REFUSED',
        `stream ${streamId} was not processed: the peer accepts no more streams (GOAWAY)`,
        streamId,
        REFUSED_STREAM,
        'peer',
      );
      this.closeStream(stream, REFUSED_STREAM, error);
    }
  }

  /** Stops the pushes that belong to a stream which the peer has cancelled (SPDY/3 3.3.2); without RST_STREAM it would wait for them. */
  cancelPushes(stream: StreamRecord): void {
    if (stream.pushes === null) return;
    for (const push of [...stream.pushes]) {
      if (push.closed || push.closing) continue;
      const error = new StreamError(
        'ERR_SPDY_STREAM_RESET',
        `stream ${push.streamId}: its request ${stream.streamId} was cancelled by the peer`,
        push.streamId,
        CANCEL,
        'peer',
      );
      this.closeStream(push, CANCEL, error);
      this.queueReset(push.streamId, CANCEL, ERR_STREAM_CLOSED, false);
    }
  }

  /** A GOAWAY frame; the id is filled in when it is written. */
  goaway(status: number): Extract<ControlFrame, { type: typeof GOAWAY }> {
    return {
      version: this.version.wire,
      flags: 0,
      length: this.version.goawayStatus ? 8 : 4,
      type: GOAWAY,
      lastGoodStreamId: this.streams.lastAcceptedId,
      status: this.version.goawayStatus ? status : GOAWAY_OK,
    };
  }
}

function transportEnded(): SessionError {
  const message = 'the transport ended while the stream was open';
  return new SessionError('ERR_SPDY_TRANSPORT_CLOSED', message, GOAWAY_INTERNAL_ERROR, 'peer');
}
