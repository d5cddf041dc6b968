import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers';

/** What waits in a stream that a source is piped into, in bytes, before the source is told to wait. */
export const INPUT_HIGH_WATER_MARK = 262_144;

/** Writes below this length leave at once: somebody types, or asks something. */
const LEAST_HELD = 16_384;
/** So many writes leave at once behind one that was held and stayed alone: their source has one at a time. */
const MOST_PASSED = 3;

/**
 * Large writes that come within one turn of the event loop, as of a pipe or a socket that has many bytes, leave together: each that leaves
 * alone costs as much as some ten KiB of bytes. The stream is corked meanwhile; it needs `_writev()`.
 */
export class GatheredInput {
  readonly #stream: Writable;
  /** Writes that are held back. */
  #held = 0;
  /** Writes that shall not be. */
  #passing = 0;
  #timed = false;

  /** Gathers what is written to `stream`, which tells it. */
  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Something is about to be written. */
  before(chunk: unknown): void {
    if (this.#held > 0) this.#held += 1;
    else if (isHeld(chunk) && this.#stream.writable && this.#stream.writableCorked === 0) {
      if (this.#passing > 0) this.#passing -= 1;
      else this.#hold();
    }
  }

  /** It was written: a full buffer is not held any longer. */
  after(): void {
    const { writableLength, writableHighWaterMark } = this.#stream;
    if (this.#held > 0 && writableLength >= writableHighWaterMark) this.release();
  }

  /** What is held back leaves. */
  release(): void {
    if (this.#held === 0) return;
    this.#passing = this.#held === 1 ? MOST_PASSED : 0;
    this.#held = 0;
    this.#stream.uncork();
  }

  #hold(): void {
    this.#held = 1;
    this.#stream.cork();
    if (this.#timed) return;
    this.#timed = true;
    setImmediate(() => {
      this.#timed = false;
      this.release();
    });
  }
}

/** Writes them together; `done` is called once, for all of them. */
export function writeTogether(
  stream: Writable,
  writes: readonly { readonly chunk: Buffer }[],
  done: (error?: Error | null) => void,
): void {
  const last = writes.length - 1;
  stream.cork();
  for (let at = 0; at < last; at++) stream.write(writes[at]?.chunk);
  stream.write(writes[last]?.chunk, done);
  stream.uncork();
}

function isHeld(chunk: unknown): boolean {
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return false;
  return chunk.length >= LEAST_HELD && chunk.length < INPUT_HIGH_WATER_MARK;
}
