import type { StreamError } from '../../errors.ts';
import { CTRL_FLAG_FIN, HEADERS } from '../../protocol/constants.ts';
import type {
  HeaderList,
  HeadersFrame,
  RstStreamFrame,
  SynReplyFrame,
  SynStreamFrame,
  WindowUpdateFrame,
} from '../../protocol/frames.ts';
import type { DataSource } from '../data-provider.ts';
import {
  STATE_ACCEPTING,
  STATE_INITIAL,
  STATE_OPEN,
  STATE_OPENING,
  STATE_REMOTE_CLOSED,
  STATE_RESET,
} from './stream-state.ts';

/** An empty header list. */
export const NO_HEADERS: HeaderList = Object.freeze([]);

/** Something a stream has to send: a frame with headers, or the data of a provider, or one followed by the other. */
export interface OutItem {
  frame: SynReplyFrame | HeadersFrame | null;
  /** Headers of the frame as they stand on the wire. */
  wireHeaders: HeaderList;
  provider: DataSource | null;
  /** Whether the last DATA frame carries FIN. */
  readonly fin: boolean;
  /** The provider had nothing; waits for `resumeData`. */
  deferred: boolean;
  /** What stands behind it. */
  next: OutItem | null;
}

/** An item with nothing but the data of a provider. */
export function dataItem(provider: DataSource, fin: boolean): OutItem {
  return { frame: null, wireHeaders: NO_HEADERS, provider, fin, deferred: false, next: null };
}

/** A stream that was asked for: its id is 0 until the SYN_STREAM leaves. */
export interface StreamHandle {
  /** The stream's id, 0 until its SYN_STREAM leaves. */
  readonly streamId: number;
}

/** Lane of the send queue that a stream stands in. */
export const LANE_NONE = -1;
/** Streams whose SYN_STREAM waits. */
export const LANE_OPEN = 0;
/** Streams whose next frame needs no window. */
export const LANE_HEAD = 1;
/** Streams whose next frame is DATA. */
export const LANE_DATA = 2;

/** The SYN_STREAM of a stream of ours, until it was written. */
export interface Opening {
  readonly frame: SynStreamFrame;
  /** Its headers as they stand on the wire. */
  readonly wireHeaders: HeaderList;
  /** Priority in the send queue: a push leaves no later than what its request has to send. */
  urgency: number;
}

/** How a stream is being reset. */
export interface Reset {
  /** Status of the RST_STREAM that follows when all that can be sent has been, 0 for none. */
  behind: number;
  /** The RST_STREAM that is queued. */
  frame: RstStreamFrame | null;
  /** Why, reported at the end of the stream. */
  error: StreamError | null;
}

const OWN = 1;
/** SYN_REPLY was sent or received. */
export const REPLIED = 2;
/** We have finished our direction. */
export const LOCAL_CLOSED = 4;
/** The peer has finished its direction. */
export const REMOTE_CLOSED = 8;
/** Our RST_STREAM is queued: nothing but that is sent or received any more. */
export const CLOSING = 16;
/** No longer in the table. */
export const CLOSED = 32;

/**
 * One stream: its state, windows and what it has to send. Behaviour lives in receive, submit and send. There may be 100,000 that are idle:
 * what most have never, or only at their beginning or end, stands in objects that are made when it is there.
 */
export class StreamRecord implements StreamHandle {
  streamId: number;
  readonly priority: number;
  userData: unknown = null;
  /** What has become of it, as bits that are set once. */
  #marks: number;

  opening: Opening | null = null;
  reset: Reset | null = null;

  /** Bytes that we may send. */
  sendWindow: number;
  /** Payload bytes that were written. */
  bytesSent = 0;
  /** Bytes that the peer may still send. */
  receiveWindow: number;
  /** Bytes received and not yet given back by WINDOW_UPDATE. */
  received = 0;
  /** Bytes handed to the application that it has not consumed. */
  unconsumed = 0;
  /** Bytes consumed and not yet given back by WINDOW_UPDATE. */
  consumed = 0;
  /** A WINDOW_UPDATE of this stream that waits: further credit is added to it. */
  queuedUpdate: WindowUpdateFrame | null = null;

  /** Bytes of memory that the headers which the peer sent on it take. */
  headerMemory = 0;

  /** The stream that this one is pushed for. */
  associated: StreamRecord | null = null;
  /** Open streams that are pushed for this one. */
  pushes: Set<StreamRecord> | null = null;

  /** What is to be sent: the first item and the last one, since most streams never have more than one. */
  firstItem: OutItem | null = null;
  lastItem: OutItem | null = null;
  /** Items that wait to be sent. */
  itemCount = 0;

  /** Position in the send queue. */
  lane: number = LANE_NONE;
  previous: StreamRecord | null = null;
  next: StreamRecord | null = null;
  /** Items that the send queue has counted for this stream. */
  counted = 0;

  constructor(
    streamId: number,
    own: boolean,
    priority: number,
    sendWindow: number,
    receiveWindow: number,
  ) {
    this.streamId = streamId;
    this.#marks = own ? OWN : 0;
    this.priority = priority;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /** From now on it is what the bit says: REPLIED, LOCAL_CLOSED, REMOTE_CLOSED, CLOSING or CLOSED. */
  mark(bit: number): void {
    this.#marks |= bit;
  }

  /** Opened by this side. */
  get own(): boolean {
    return (this.#marks & OWN) !== 0;
  }

  /** Whether SYN_REPLY was sent or received. */
  get replied(): boolean {
    return (this.#marks & REPLIED) !== 0;
  }

  /** Whether we have finished our direction. */
  get localClosed(): boolean {
    return (this.#marks & LOCAL_CLOSED) !== 0;
  }

  /** Whether the peer has finished its direction. */
  get remoteClosed(): boolean {
    return (this.#marks & REMOTE_CLOSED) !== 0;
  }

  /** Whether our RST_STREAM is queued: nothing but that is sent or received any more. */
  get closing(): boolean {
    return (this.#marks & CLOSING) !== 0;
  }

  /** Whether it is no longer in the table. */
  get closed(): boolean {
    return (this.#marks & CLOSED) !== 0;
  }

  /** Priority in the send queue. */
  get urgency(): number {
    return this.opening === null ? this.priority : this.opening.urgency;
  }

  /** How it is being reset, to be filled in. */
  resetting(): Reset {
    this.reset ??= { behind: 0, frame: null, error: null };
    return this.reset;
  }

  /** Number of the receiving state (see `RECEIVE_TABLE`). */
  receiveState(): number {
    if (this.closing) return STATE_RESET;
    if (this.opening !== null) return STATE_INITIAL;
    if (this.remoteClosed) return STATE_REMOTE_CLOSED;
    if (!this.own) return STATE_ACCEPTING;
    return this.replied ? STATE_OPEN : STATE_OPENING;
  }

  /** Puts an item behind the others. */
  append(item: OutItem): void {
    if (this.lastItem === null) this.firstItem = item;
    else this.lastItem.next = item;
    this.lastItem = item;
    this.itemCount++;
  }

  /** Takes an item out; false if it does not wait here any more. */
  remove(item: OutItem): boolean {
    let before: OutItem | null = null;
    let found = this.firstItem;
    while (found !== item) {
      if (found === null) return false;
      before = found;
      found = found.next;
    }
    if (before === null) this.firstItem = item.next;
    else before.next = item.next;
    if (item.next === null) this.lastItem = before;
    this.itemCount--;
    return true;
  }

  /** Takes all items out; returns the first one. */
  removeAll(): OutItem | null {
    const first = this.firstItem;
    this.firstItem = null;
    this.lastItem = null;
    this.itemCount = 0;
    return first;
  }

  /**
   * The item to send next, null if nothing can go: the first one, or the first frame behind data that is deferred, or HEADERS behind data
   * that will end the stream (SPDY/3 2.3.4): they would come too late.
   */
  nextItem(): OutItem | null {
    const first = this.firstItem;
    if (first === null || first.frame !== null || !(first.deferred || first.fin)) return first;
    let behind = first.next;
    while (behind !== null && behind.frame === null) behind = behind.next;
    if (first.deferred || (behind !== null && mayPass(behind))) return behind;
    return first;
  }

  /** How many items wait from this one on, and before it if they are not deferred. */
  countFrom(item: OutItem): number {
    let count = this.itemCount;
    if (this.firstItem?.deferred !== true) return count;
    for (
      let before: OutItem | null = this.firstItem;
      before !== item && before !== null;
      before = before.next
    )
      count--;
    return count;
  }
}

/** Whether a frame may stand in front of the data that ends its stream: HEADERS that do not end it. */
function mayPass({ frame }: OutItem): boolean {
  return frame?.type === HEADERS && (frame.flags & CTRL_FLAG_FIN) === 0;
}
