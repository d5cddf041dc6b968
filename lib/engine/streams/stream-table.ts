import { IdTable } from '../../common/id-table.ts';
import { CLIENT, type Side } from '../../protocol/constants.ts';
import type { StreamRecord } from './stream-record.ts';
import { STATE_CLOSED, STATE_IDLE, STATE_RESET } from './stream-state.ts';

/** How many reset streams are remembered, so that their late frames are dropped without an answer. */
export const RESET_MEMORY = 1024;

/** All open streams of a session, and what is known of those that are gone. */
export class StreamTable {
  readonly #streams = new IdTable<StreamRecord>();
  readonly #side: Side;
  /** Recently reset ids, oldest first. */
  #reset: Set<number> | null = null;
  /** Bytes that ended streams left unconsumed, by id. */
  #unconsumed: Map<number, number> | null = null;
  /** Streams opened by this side that are not closed. */
  own = 0;
  /** Streams opened by the peer that are not closed. */
  peers = 0;
  /** Id that our next stream gets. */
  nextOwnId: number;
  /** Highest id the peer has opened. */
  lastReceivedId = 0;
  /** Highest id of the peer that was accepted (SPDY/3 2.6.6). */
  lastAcceptedId = 0;

  constructor(side: Side) {
    this.#side = side;
    this.nextOwnId = side === CLIENT ? 1 : 2;
  }

  /** Open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /** Whether this side gives out such ids. */
  isOwnId(id: number): boolean {
    return (id & 1) === (this.#side === CLIENT ? 1 : 0);
  }

  get(id: number): StreamRecord | undefined {
    return this.#streams.get(id);
  }

  /** Adds a stream that has its id. */
  add(stream: StreamRecord): void {
    this.#streams.set(stream.streamId, stream);
    if (stream.own) this.own++;
    else this.peers++;
  }

  /** Forgets a stream; its late frames are dropped silently if it was `reset`. */
  remove(stream: StreamRecord, reset: boolean): void {
    if (!this.#streams.delete(stream.streamId)) return;
    if (stream.own) this.own--;
    else this.peers--;
    if (reset) this.rememberReset(stream.streamId);
  }

  /** Late frames of this id will be dropped without an answer. */
  rememberReset(id: number): void {
    this.#reset ??= new Set();
    const reset = this.#reset.add(id);
    if (reset.size > RESET_MEMORY) {
      for (const oldest of reset) {
        reset.delete(oldest);
        break;
      }
    }
  }

  /** State number of an id that has no stream. */
  stateOfMissing(id: number): number {
    if (this.#reset?.has(id) === true) return STATE_RESET;
    const used = this.isOwnId(id) ? id < this.nextOwnId : id <= this.lastReceivedId;
    return used ? STATE_CLOSED : STATE_IDLE;
  }

  /** Keeps what an ended stream has not consumed. */
  leaveUnconsumed(id: number, bytes: number): void {
    this.#unconsumed ??= new Map();
    this.#unconsumed.set(id, bytes);
  }

  /** Takes up to `bytes` of what an ended stream left; returns how many there were. */
  takeUnconsumed(id: number, bytes: number): number {
    const unconsumed = this.#unconsumed;
    const left = unconsumed?.get(id) ?? 0;
    const taken = Math.min(left, bytes);
    if (taken === left) unconsumed?.delete(id);
    else unconsumed?.set(id, left - taken);
    return taken;
  }

  /** Gives memory back that it does not need now. */
  rest(): void {
    this.#streams.rest();
  }

  /** All of them, by their ids. */
  values(): StreamRecord[] {
    return this.#streams.values();
  }
}
