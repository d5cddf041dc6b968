import type { DumpDirection } from '../events.ts';

/** One direction of a stream, as a third party sees it. */
export interface StreamHalf {
  /** What was given by WINDOW_UPDATE, less what was sent: with the initial window it is what may still be sent. */
  level: number;
  /** Whether an overrun was told. */
  overrun: boolean;
  finished: boolean;
  reset: boolean;
}

/** A stream that was seen. */
export interface StreamView {
  readonly id: number;
  readonly openedBy: DumpDirection;
  /** Both replied to by the other side, and pushes, which need no reply. */
  replied: boolean;
  readonly c2s: StreamHalf;
  readonly s2c: StreamHalf;
}

/** Open streams that are watched; the oldest is forgotten for another one. */
const MOST_OPEN = 16_384;
/** Ended streams that are remembered for frames that come late. */
const MOST_ENDED = 4096;

/** The streams of a connection, ended ones for a while. */
export class StreamViews {
  readonly #open = new Map<number, StreamView>();
  readonly #ended = new Map<number, StreamView>();
  readonly #counts = { c2s: 0, s2c: 0 };

  /** How many of one side are open. */
  countOf(side: DumpDirection): number {
    return this.#counts[side];
  }

  /** The stream of an id, if it is remembered. */
  get(id: number): StreamView | undefined {
    return this.#open.get(id) ?? this.#ended.get(id);
  }

  /** A stream is opened. */
  add(id: number, openedBy: DumpDirection): StreamView {
    const view = { id, openedBy, replied: false, c2s: makeHalf(), s2c: makeHalf() };
    this.#open.set(id, view);
    this.#counts[openedBy]++;
    if (this.#open.size > MOST_OPEN) {
      for (const oldest of this.#open.values()) {
        this.#open.delete(oldest.id);
        this.#counts[oldest.openedBy]--;
        break;
      }
    }
    return view;
  }

  /** Moves a stream to the ended ones if it is. */
  settle(view: StreamView): void {
    const { id, openedBy, c2s, s2c } = view;
    const ended = (c2s.finished && s2c.finished) || c2s.reset || s2c.reset;
    if (!ended || !this.#open.delete(id)) return;
    this.#counts[openedBy]--;
    this.#ended.set(id, view);
    if (this.#ended.size > MOST_ENDED) {
      for (const oldest of this.#ended.keys()) {
        this.#ended.delete(oldest);
        break;
      }
    }
  }
}

function makeHalf(): StreamHalf {
  return { level: 0, overrun: false, finished: false, reset: false };
}
