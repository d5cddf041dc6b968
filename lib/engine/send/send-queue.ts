import type {
  CredentialFrame,
  GoawayFrame,
  HeadersFrame,
  PingFrame,
  RstStreamFrame,
  SettingsFrame,
  SynReplyFrame,
  WindowUpdateFrame,
} from '../../protocol/frames.ts';
import { LANE_DATA, LANE_HEAD, LANE_NONE, type StreamRecord } from '../streams/stream-record.ts';
import { Fifo } from './fifo.ts';

/** A control frame that goes ahead of all streams; SYN_REPLY and HEADERS stand here only to be refused. */
export type UrgentFrame =
  | RstStreamFrame
  | WindowUpdateFrame
  | CredentialFrame
  | SynReplyFrame
  | HeadersFrame;

/** Streams of one kind of next frame, first come first served inside each priority. */
class Lane {
  readonly heads: (StreamRecord | null)[] = new Array(8).fill(null);
  readonly tails: (StreamRecord | null)[] = new Array(8).fill(null);
  /** Bit p is set while priority p has a stream. */
  mask = 0;
  /** Streams in the lane. */
  streams = 0;
  /** Items that they have to send. */
  items = 0;
}

/** What a queue has where no stream stands; nothing is written to it. */
const NO_LANE = new Lane();

/** Lanes that were left empty: a queue takes one for as long as a stream stands there. As many as that are kept. */
const spareLanes: Lane[] = [];
const MOST_SPARE = 64;

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
  #open = NO_LANE;
  #head = NO_LANE;
  #data = NO_LANE;

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
    if (lane.streams === 0) this.#giveLane(stream.lane, lane);
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
    const openMask = openAllowed ? this.#open.mask : 0;
    const headMask = this.#head.mask;
    const mask = openMask | headMask | (dataAllowed ? this.#data.mask : 0);
    if (mask === 0) return null;
    const priority = 31 - Math.clz32(mask & -mask);
    const bit = 1 << priority;
    const behind = (headMask & bit) !== 0 ? this.#head : this.#data;
    const lane = (openMask & bit) !== 0 ? this.#open : behind;
    return lane.heads[priority] as StreamRecord;
  }

  /** The most urgent stream whose SYN_STREAM waits. */
  nextToOpen(): StreamRecord | null {
    const { mask, heads } = this.#open;
    return mask === 0 ? null : (heads[31 - Math.clz32(mask & -mask)] as StreamRecord);
  }

  /** Whether `nextStream` would give a stream. */
  hasStream(openAllowed: boolean, dataAllowed: boolean): boolean {
    const openMask = openAllowed ? this.#open.mask : 0;
    return (this.#head.mask | openMask | (dataAllowed ? this.#data.mask : 0)) !== 0;
  }

  /** Whether the next frame of a stream is DATA that may go. */
  hasData(dataAllowed: boolean): boolean {
    return dataAllowed && this.#data.mask !== 0;
  }

  /** Streams whose SYN_STREAM waits. */
  get waitingToOpen(): number {
    return this.#open.streams;
  }

  /** Streams whose SYN_STREAM waits, in the order of leaving. */
  toOpen(): StreamRecord[] {
    const streams: StreamRecord[] = [];
    for (const head of this.#open.heads) {
      for (let stream = head; stream !== null; stream = stream.next) streams.push(stream);
    }
    return streams;
  }

  /** Frames that wait; DATA counts while it could be sent as far as its stream is concerned. */
  size(dataAllowed: boolean): number {
    return (
      this.pings.length +
      this.settings.length +
      this.replies.length +
      this.urgent.length +
      this.goaways.length +
      this.#open.items +
      this.#head.items +
      (dataAllowed ? this.#data.items : 0)
    );
  }

  /** Whether a frame waits that belongs to no stream's turn. */
  get hasUrgent(): boolean {
    const { pings, settings, replies, urgent, goaways } = this;
    return pings.length + settings.length + replies.length + urgent.length + goaways.length > 0;
  }

  /** The peer has ended a stream that was to be reset: a RST_STREAM that still waits shall not leave any more. */
  withdrawReset(stream: StreamRecord): void {
    const frame = stream.reset?.frame ?? null;
    if (frame === null) return;
    this.#withdrawn ??= new WeakSet();
    this.#withdrawn.add(frame);
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
    const known = this.#lane(laneNumber);
    const lane = known === NO_LANE ? this.#takeLane(laneNumber) : known;
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
    if (number === LANE_DATA) return this.#data;
    return number === LANE_HEAD ? this.#head : this.#open;
  }

  #setLane(number: number, lane: Lane): void {
    if (number === LANE_DATA) this.#data = lane;
    else if (number === LANE_HEAD) this.#head = lane;
    else this.#open = lane;
  }

  #takeLane(number: number): Lane {
    const lane = spareLanes.pop() ?? new Lane();
    this.#setLane(number, lane);
    return lane;
  }

  #giveLane(number: number, lane: Lane): void {
    this.#setLane(number, NO_LANE);
    if (spareLanes.length < MOST_SPARE) spareLanes.push(lane);
  }
}
