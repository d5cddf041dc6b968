import { InvalidArgumentError, SessionError, type StreamError } from '../../errors.ts';
import {
  DEFAULT_WINDOW_SIZE,
  ERR_STREAM_CLOSED,
  OK,
  REFUSED_STREAM,
  type Side,
} from '../../protocol/constants.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';
import type { EngineHandler } from '../engine-handler.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { Budgets } from '../receive/budgets.ts';
import { HeaderAccount } from '../receive/header-account.ts';
import { ReceiveCredit } from '../receive/receive-credit.ts';
import { Reporter } from '../reporter.ts';
import { SendQueue } from '../send/send-queue.ts';
import { EngineStatistics } from '../statistics.ts';
import {
  CLOSED,
  LANE_DATA,
  LANE_HEAD,
  LANE_NONE,
  LOCAL_CLOSED,
  type StreamRecord,
} from './stream-record.ts';
import { StreamTable } from './stream-table.ts';

/** What a stream that ends well allows in further headers: as much as its own ones usually cost. */
const EARNED_BY_STREAM = 4096;

/** The streams of a session, those that wait to be opened among them: when they may send, and how they end. */
export class OpenStreams {
  readonly side: Side;
  readonly version: ProtocolVersion;
  /** Replaced when one of them changes. */
  options: ResolvedOptions;
  readonly report: Reporter;
  readonly streams: StreamTable;
  readonly queue: SendQueue = new SendQueue();
  readonly credit: ReceiveCredit;
  readonly budgets: Budgets;
  readonly headers: HeaderAccount;
  readonly statistics: EngineStatistics = new EngineStatistics();
  /** Whether the peer's windows hold us. */
  readonly sendWindows: boolean;
  /** What we may send on the session. */
  sendWindow: number = DEFAULT_WINDOW_SIZE;
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
    this.headers = new HeaderAccount(this);
    this.sendWindows = options.flowControl && version.streamWindows;
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
    stream.mark(CLOSED);
    this.queue.remove(stream);
    this.streams.remove(stream, error !== null);
    this.credit.streamEnded(stream, error !== null);
    this.headers.release(stream);
    if (error === null) this.budgets.headers.earn(EARNED_BY_STREAM + stream.headerMemory);
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
    stream.mark(LOCAL_CLOSED);
    this.closeIfDone(stream);
  }

  /** A stream has sent a frame, with headers or DATA: now the others of its priority have their turn. */
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

  /** Refuses every request whose SYN_STREAM waits. */
  refuseWaiting(errno: number, error: StreamError | SessionError): void {
    for (let stream = this.queue.nextToOpen(); stream !== null; stream = this.queue.nextToOpen()) {
      this.refuse(stream, errno, REFUSED_STREAM, error);
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
    stream.mark(CLOSED);
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
      this.report.ctrlNotSend(stream.opening.frame, errno);
    }
    this.dropOutbox(stream, silent ? 0 : errno);
    this.report.streamClose(stream.streamId, status, error);
    this.reporting = outer;
  }

  /** What the application keeps with a stream, null if it is nothing or the stream is not open. */
  userDataOf(streamId: number): unknown {
    const { reporting, streams } = this;
    const stream = reporting?.streamId === streamId ? reporting : streams.get(streamId);
    return stream?.userData ?? null;
  }

  /** Keeps something of the application with a stream. */
  keepUserData(streamId: number, userData: unknown): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) throw new InvalidArgumentError(`stream ${streamId} is not open`);
    stream.userData = userData ?? null;
  }
}
