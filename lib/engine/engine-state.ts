import { type ErrorCode, SessionError, StreamError } from '../errors.ts';
import type { FrameReader } from '../framing/frame-reader.ts';
import {
  CANCEL,
  CLIENT,
  DEFAULT_WINDOW_SIZE,
  ERR_STREAM_CLOSED,
  ERR_SYN_STREAM_NOT_ALLOWED,
  GOAWAY,
  GOAWAY_OK,
  GOAWAY_PROTOCOL_ERROR,
  INTERNAL_ERROR,
  OK,
  REFUSED_STREAM,
  RST_STREAM,
  SERVER,
  type Side,
} from '../protocol/constants.ts';
import type { ControlFrame, RstStreamFrame } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { Budgets } from './budgets.ts';
import { CertificateVector } from './certificate-vector.ts';
import type { EngineHandler } from './engine-handler.ts';
import type { ResolvedOptions } from './options.ts';
import { ReceiveCredit } from './receive-credit.ts';
import { Reporter } from './reporter.ts';
import { SendQueue } from './send-queue.ts';
import { EngineStatistics } from './statistics.ts';
import { LANE_DATA, LANE_HEAD, LANE_NONE, type StreamRecord } from './stream-record.ts';
import { sendableStatus } from './stream-state.ts';
import { StreamTable } from './stream-table.ts';

/** How far the session is from its end. */
export type Phase =
  /** Frames flow. */
  | 'open'
  /** The session failed; GOAWAY has still to be written. */
  | 'failing'
  /** Nothing is read or written any more. */
  | 'ended';

/** The state that receive, submit and send share, with the changes that more than one of them makes. */
export class EngineState {
  readonly side: Side;
  readonly version: ProtocolVersion;
  readonly options: ResolvedOptions;
  readonly report: Reporter;
  readonly streams: StreamTable;
  readonly queue: SendQueue = new SendQueue();
  readonly credit: ReceiveCredit;
  readonly budgets: Budgets;
  readonly statistics: EngineStatistics = new EngineStatistics();
  /** The client certificates of a SPDY/3 server that takes CREDENTIAL. */
  readonly certificates: CertificateVector | null;
  /** Set by the engine once the reader exists: a failing session reads no more. */
  reader: FrameReader | null = null;

  phase: Phase = 'open';
  /** Whether the peer's windows hold us. */
  readonly sendWindows: boolean;
  /** What we may send on the session. */
  sendWindow: number = DEFAULT_WINDOW_SIZE;
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
  /** PINGs written and not answered. */
  readonly outstandingPings: Set<number> = new Set();
  /** Id of our next PING. */
  nextPingId: number;
  /** PINGs of ours that wait to be written. */
  queuedPings = 0;
  /** The stream whose end is being reported: no longer in the table, but its user data is still reachable. */
  reporting: StreamRecord | null = null;

  constructor(
    side: Side,
    version: ProtocolVersion,
    options: ResolvedOptions,
    handler: EngineHandler,
  ) {
    this.side = side;
    this.version = version;
    this.options = options;
    this.report = new Reporter(handler);
    this.streams = new StreamTable(side);
    this.credit = new ReceiveCredit(version, options, this.queue, this.streams);
    this.budgets = new Budgets(options);
    this.sendWindows = options.flowControl && version.streamWindows;
    this.localMaxStreams = options.maxConcurrentStreams;
    this.nextPingId = side === CLIENT ? 1 : 2;
    const takesCredentials = options.credentials && version.hasCredential && side === SERVER;
    this.certificates = takesCredentials ? new CertificateVector() : null;
  }

  /** Whether a SYN_STREAM of ours may leave the queue: to be written, or to be refused after GOAWAY. */
  get mayOpen(): boolean {
    return this.streams.own < this.peerMaxStreams || this.goawayReceived || this.goawaySent;
  }

  /** Whether the session window lets DATA out. */
  get mayData(): boolean {
    return !this.sendWindows || !this.version.sessionWindow || this.sendWindow > 0;
  }

  /** Puts a stream where it belongs in the send queue, after anything that decides that has changed. */
  schedule(stream: StreamRecord): void {
    const idle = stream.closing || stream.streamId === 0 || stream.closed;
    const item = idle ? null : stream.nextItem();
    if (item === null) {
      this.queue.remove(stream);
      return;
    }
    let lane = LANE_HEAD;
    if (item.frame === null && item.provider?.ended !== true) {
      lane = this.sendWindows && stream.sendWindow <= 0 ? LANE_NONE : LANE_DATA;
    }
    this.queue.place(stream, lane, stream.countFrom(item));
  }

  /** Ends a stream: out of the table and the queue, what it had to send is reported as not sent, then its end is reported. */
  closeStream(
    stream: StreamRecord,
    status: number,
    error: StreamError | SessionError | null,
  ): void {
    if (stream.closed) return;
    stream.closed = true;
    this.queue.remove(stream);
    this.streams.remove(stream, error !== null);
    this.credit.streamEnded(stream, error !== null);
    this.statistics.streamsClosed++;
    stream.associated?.pushes?.delete(stream);
    this.#reportEnd(stream, ERR_STREAM_CLOSED, status, error);
  }

  /** Closes a stream when both sides have finished. */
  closeIfDone(stream: StreamRecord): void {
    if (stream.localClosed && stream.remoteClosed && !stream.closing)
      this.closeStream(stream, OK, null);
  }

  /** Our half of a stream is finished: what is still queued for it will be refused when its turn comes. */
  localFinished(stream: StreamRecord): void {
    stream.localClosed = true;
    this.closeIfDone(stream);
  }

  /** A stream has sent a frame: now the others of its priority have their turn. */
  turnTaken(stream: StreamRecord): void {
    this.schedule(stream);
    this.queue.rotate(stream);
  }

  /** Drops what a stream had to send; with an `errno` its frames are reported. */
  dropOutbox(stream: StreamRecord, errno: number): void {
    for (let item = stream.removeAll(); item !== null; item = item.next) {
      const { frame, provider } = item;
      if (frame !== null && errno !== 0) this.report.ctrlNotSend(frame, errno);
      this.report.closeProvider(provider);
    }
  }

  /**
   * Queues RST_STREAM, as a reply to something of the peer or on our own account. A stream that exists gets nothing but
   * that from now on, and ends when it was written.
   */
  queueReset(streamId: number, status: number, errno: number, reply: boolean): void {
    const stream = this.streams.get(streamId);
    if (stream !== undefined) {
      stream.closing = true;
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
    if (stream !== undefined) stream.reset = frame;
    const queue = reply ? this.queue.replies : this.queue.urgent;
    queue.push(frame);
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
    if (stream !== undefined) stream.error = error;
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

  /** Ends everything that is open or waits to be opened. */
  endStreams(status: number, error: SessionError): void {
    this.refuseWaiting(ERR_SYN_STREAM_NOT_ALLOWED, error);
    for (const stream of this.streams.values())
      this.closeStream(stream, stream.error?.status ?? status, stream.error ?? error);
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

  /** Refuses every request whose SYN_STREAM waits. */
  refuseWaiting(errno: number, error: StreamError | SessionError): void {
    for (let stream = this.queue.nextToOpen(); stream !== null; stream = this.queue.nextToOpen()) {
      this.refuse(stream, errno, REFUSED_STREAM, error);
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

  /** Drops a request before its SYN_STREAM was written. Its user data is reachable under stream id 0 meanwhile. */
  refuse(
    stream: StreamRecord,
    errno: number,
    status: number,
    error: StreamError | SessionError,
  ): void {
    this.queue.remove(stream);
    stream.closed = true;
    this.#reportEnd(stream, errno, status, error);
  }

  #reportEnd(
    stream: StreamRecord,
    errno: number,
    status: number,
    error: StreamError | SessionError | null,
  ): void {
    const outer = this.reporting;
    this.reporting = stream;
    // With the session everything is lost: single frames are not reported then.
    const silent = error instanceof SessionError;
    if (!silent && stream.streamId === 0 && stream.opening !== null) {
      this.report.ctrlNotSend(stream.opening, errno);
    }
    this.dropOutbox(stream, silent ? 0 : errno);
    this.report.streamClose(stream.streamId, status, error);
    this.reporting = outer;
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
