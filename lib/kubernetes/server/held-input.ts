import { Deadline } from '../../common/deadline.ts';

/** How long input is held back before the first PINGs, in milliseconds; twice as long before each one behind these. */
const FIRST_MS = 2000;
const FIRST_PINGS = 5;
const LONGEST_MS = 60_000;

/** A client, as it is watched. */
export interface WatchedClient {
  /** Whether its input is held back. */
  readonly held: boolean;
  /** Writes something that it may answer, and need not. */
  ping(): void;
}

/**
 * Notices that a client is gone while nobody reads its input. Its end stands behind bytes that are not taken then, and is not seen; but what is
 * written to one that is gone fails. So a PING is written now and then. Answers are not waited for: they stand behind those bytes too.
 */
export class HeldInputWatch {
  readonly #client: WatchedClient;
  readonly #deadline = new Deadline();

  constructor(client: WatchedClient) {
    this.#client = client;
    this.#wait(0);
  }

  /** The client is gone. */
  stop(): void {
    this.#deadline.stop();
  }

  #wait(pings: number): void {
    const ms = FIRST_MS * 2 ** Math.max(0, pings - FIRST_PINGS);
    this.#deadline.start(Math.min(ms, LONGEST_MS), () => {
      const { held } = this.#client;
      // It may end by that, which stops this.
      this.#wait(held ? pings + 1 : 0);
      if (held) this.#client.ping();
    });
  }
}
