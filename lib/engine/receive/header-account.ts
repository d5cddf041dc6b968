import { type ResolvedOptions, STREAM_SHARE } from '../options/options.ts';
import type { StreamRecord } from '../streams/stream-record.ts';

/** Whose limits count. */
interface Limited {
  readonly options: ResolvedOptions;
}

/** Which limit headers do not fit into. */
export type HeaderExcess = 'stream' | 'session';

/**
 * What the headers that the peer sent hold in memory (see `headerCost`): first ones, further ones, trailers, replies and pushes, for
 * each open stream and for all of them.
 */
export class HeaderAccount {
  readonly #limited: Limited;
  /** Room for the streams that the peer may open since that is more than the options say. */
  #expected = 0;
  /** Bytes held for all open streams. */
  held = 0;

  constructor(limited: Limited) {
    this.#limited = limited;
  }

  /** The peer may open so many streams from now on: more than before have more room. */
  expectStreams(count: number): void {
    if (count > this.#limited.options.maxConcurrentStreams)
      this.#expected = Math.max(this.#expected, STREAM_SHARE * count);
  }

  /** What stands against headers that cost so much for a stream that holds `held` bytes, null if nothing does. */
  excessOf(cost: number, held: number): HeaderExcess | null {
    const { maxStreamHeaderMemory, maxSessionHeaderMemory } = this.#limited.options;
    if (held + cost > maxStreamHeaderMemory) return 'stream';
    return this.held + cost > Math.max(maxSessionHeaderMemory, this.#expected) ? 'session' : null;
  }

  /** Counts headers that cost so much for a stream. */
  charge(stream: StreamRecord, cost: number): void {
    stream.headerMemory += cost;
    this.held += cost;
  }

  /** A stream has ended. */
  release(stream: StreamRecord): void {
    this.held -= stream.headerMemory;
  }
}
