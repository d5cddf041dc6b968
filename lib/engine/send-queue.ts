import type {
  CredentialFrame,
  GoawayFrame,
  HeadersFrame,
  PingFrame,
  RstStreamFrame,
  SettingsFrame,
  SynReplyFrame,
  WindowUpdateFrame,
} from '../protocol/frames.ts';
import { Fifo } from './fifo.ts';
import { LANE_DATA, LANE_HEAD, LANE_NONE, LANE_OPEN, type StreamRecord } from './stream-record.ts';

/** A control frame that goes ahead of all streams; SYN_REPLY and HEADERS stand here only to be refused. */
export type UrgentFrame =
  | RstStreamFrame
  | WindowUpdateFrame
  | CredentialFrame
  | SynReplyFrame
  | HeadersFrame;

/** One place for each priority; nothing is written to it. */
const NO_STREAMS: (StreamRecord | null)[] = new Array(8).fill(null);

/** Streams of one kind of next frame, first come first served inside each priority. */
class Lane {
  /** Made for the first stream: most sessions use some lanes only. */
  heads: (StreamRecord | null)[] = NO_STREAMS;
  tails: (StreamRecord | null)[] = NO_STREAMS;
  /** Bit p is set while priority p has a stream. */
  mask = 0;
  /** Streams in the lane. */
  streams = 0;
  /** Items that they have to send. */
  items = 0;
}

/**
 * What waits to be sent, in the order of sending: PING, SETTINGS, other urgent frames, then streams by priority, GOAWAY behind the
 * SYN_STREAMs that may still go. Every operation takes constant time, whatever the number of streams.
 */
export class SendQueue {
  readonly pings: Fifo<PingFrame> = new Fifo();
  readonly settings: Fifo<SettingsFrame> = new Fifo();
  /** RST_STREAMs that answer the peer. */
  readonly replies: Fifo<RstStreamFrame> = new Fifo();
  readonly urgent: Fifo<UrgentFrame> = new Fifo();
  readonly goaways: Fifo<GoawayFrame> = new Fifo();
  #withdrawn: WeakSet<UrgentFrame> | null = null;
  readonly #lanes: readonly [Lane, Lane, Lane] = [new Lane(), new Lane(), new Lane()];

  /** Puts a stream at the end of its priority in `lane`, or only updates its item count if it stands there already. */
  place(stream: StreamRecord, lane: number, items: number): void {
    if (stream.lane !== lane) {
      this.remove(stream);
      if (lane === LANE_NONE) return;
      this.#append(stream, lane);
    } else if (lane === LANE_NONE) {
      return;
    }
    this.#lane(lane).items += items - stream.counted;
    stream.counted = items;
  }

  /** Moves a stream behind the others of its priority. */
  rotate(stream: StreamRecord): void {
    const { lane, counted } = stream;
    if (lane === LANE_NONE || stream.next === null) return;
    this.remove(stream);
    this.#append(stream, lane);
    this.#lane(lane).items += counted;
    stream.counted = counted;
  }

  /** Takes a stream out of its lane. */
  remove(stream: StreamRecord): void {
    if (stream.lane === LANE_NONE) return;
    const lane = this.#lane(stream.lane);
    const { previous, next, urgency } = stream;
    if (previous === null) lane.heads[urgency] = next;
    else previous.next = next;
    if (next === null) lane.tails[urgency] = previous;
    else next.previous = previous;
    if (lane.heads[urgency] === null) lane.mask &= ~(1 << urgency);
    lane.streams--;
    lane.items -= stream.counted;
    stream.lane = LANE_NONE;
    stream.previous = null;
    stream.next = null;
    stream.counted = 0;
  }

  /**
   * The stream whose turn it is, null if none can send. `openAllowed`: SYN_STREAMs may leave; `dataAllowed`: the session window is
   * open. At equal priority SYN_STREAM goes first, then frames without payload, then DATA.
   */
  nextStream(openAllowed: boolean, dataAllowed: boolean): StreamRecord | null {
    const [open, head, data] = this.#lanes;
    const openMask = openAllowed ? open.mask : 0;
    const dataMask = dataAllowed ? data.mask : 0;
    const mask = openMask | head.mask | dataMask;
    if (mask === 0) return null;
    const priority = 31 - Math.clz32(mask & -mask);
    const bit = 1 << priority;
    const lane = (openMask & bit) !== 0 ? open : (head.mask & bit) !== 0 ? head : data;
    return lane.heads[priority] as StreamRecord;
  }

  /** The most urgent stream whose SYN_STREAM waits. */
  nextToOpen(): StreamRecord | null {
    const { mask, heads } = this.#lanes[LANE_OPEN];
    return mask === 0 ? null : (heads[31 - Math.clz32(mask & -mask)] as StreamRecord);
  }

  /** Whether `nextStream` would give a stream. */
  hasStream(openAllowed: boolean, dataAllowed: boolean): boolean {
    const [open, head, data] = this.#lanes;
    return (head.mask | (openAllowed ? open.mask : 0) | (dataAllowed ? data.mask : 0)) !== 0;
  }

  /** Whether the next frame of a stream is DATA that may go. */
  hasData(dataAllowed: boolean): boolean {
    return dataAllowed && this.#lanes[2].mask !== 0;
  }

  /** Streams whose SYN_STREAM waits. */
  get waitingToOpen(): number {
    return this.#lanes[LANE_OPEN].streams;
  }

  /** Streams whose SYN_STREAM waits, in the order of leaving. */
  toOpen(): StreamRecord[] {
    const streams: StreamRecord[] = [];
    for (const head of this.#lanes[LANE_OPEN].heads) {
      for (let stream = head; stream !== null; stream = stream.next) streams.push(stream);
    }
    return streams;
  }

  /** Frames that wait; DATA counts while it could be sent as far as its stream is concerned. */
  size(dataAllowed: boolean): number {
    const [open, head, data] = this.#lanes;
    return (
      this.pings.length +
      this.settings.length +
      this.replies.length +
      this.urgent.length +
      this.goaways.length +
      open.items +
      head.items +
      (dataAllowed ? data.items : 0)
    );
  }

  /** Whether a frame waits that belongs to no stream's turn. */
  get hasUrgent(): boolean {
    const { pings, settings, replies, urgent, goaways } = this;
    return pings.length + settings.length + replies.length + urgent.length + goaways.length > 0;
  }

  /** The peer has ended a stream that was to be reset: a RST_STREAM that still waits shall not leave any more. */
  withdrawReset(stream: StreamRecord): void {
    if (stream.reset === null) return;
    this.#withdrawn ??= new WeakSet();
    this.#withdrawn.add(stream.reset);
  }

  /** Whether a frame shall not leave. */
  isWithdrawn(frame: UrgentFrame): boolean {
    return this.#withdrawn?.has(frame) === true;
  }

  /** Drops every frame that belongs to no stream's turn. */
  clearFrames(): void {
    this.pings.clear();
    this.settings.clear();
    this.replies.clear();
    this.urgent.clear();
    this.goaways.clear();
  }

  #append(stream: StreamRecord, laneNumber: number): void {
    const lane = this.#lane(laneNumber);
    if (lane.heads === NO_STREAMS) {
      lane.heads = NO_STREAMS.slice();
      lane.tails = NO_STREAMS.slice();
    }
    const { urgency } = stream;
    const tail = lane.tails[urgency] ?? null;
    if (tail === null) {
      lane.heads[urgency] = stream;
      lane.mask |= 1 << urgency;
    } else {
      tail.next = stream;
      stream.previous = tail;
    }
    lane.tails[urgency] = stream;
    lane.streams++;
    stream.lane = laneNumber;
  }

  #lane(number: number): Lane {
    return this.#lanes[number === LANE_DATA ? 2 : number === LANE_HEAD ? 1 : 0];
  }
}
