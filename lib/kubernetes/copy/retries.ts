import { setTimeout as delay } from 'node:timers/promises';
import { SpdyError } from '../../errors.ts';
import { isWorthRetrying } from '../client/forward/port-forward-connect.ts';
import { ConnectionLostError } from '../errors.ts';

/** Milliseconds before the first further try, twice as many before each further one, and most of them. */
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;

/** How often a copy whose connection is lost is gone on with. */
export class Retries {
  readonly #signal: AbortSignal | undefined;
  #left: number;
  #delayMs = FIRST_DELAY_MS;
  #begun = false;

  constructor(count: number, signal: AbortSignal | undefined) {
    this.#left = count;
    this.#signal = signal;
  }

  /** Whether there are any. */
  get any(): boolean {
    return this.#left > 0;
  }

  /**
   * Waits for the time of the next try, after an error on the way to the container.
   *
   * @throws the error when there is none, or it would change nothing; `ERR_SPDY_ABORTED`
   */
  async next(error: unknown): Promise<void> {
    // What cannot be connected to in the first place is wrong in another way.
    const isLoss = error instanceof ConnectionLostError || (this.#begun && isWorthRetrying(error));
    if (!isLoss || this.#left === 0) throw error;
    this.#begun = true;
    this.#left -= 1;
    const signal = this.#signal;
    await delay(this.#delayMs, null, signal === undefined ? {} : { signal }).catch((cause) => {
      throw new SpdyError('ERR_SPDY_ABORTED', 'the copy was aborted', 'local', { cause });
    });
    this.#delayMs = Math.min(2 * this.#delayMs, MAX_DELAY_MS);
  }

  /**
   * The same where not all that goes wrong does so on the way to the container: what is no error of this package is one of the local files, or of
   * who is told of progress, and thrown again.
   */
  async nextOfRemote(error: unknown): Promise<void> {
    if (!(error instanceof SpdyError)) throw error;
    await this.next(error);
  }
}
