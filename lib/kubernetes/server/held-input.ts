import { Deadline } from '../../common/deadline.ts';
import type { Session } from '../../session/public.ts';

/** How long input is held back before the first PINGs, in milliseconds; twice as long before each one behind these. */
const FIRST_MS = 2000;
const FIRST_PINGS = 5;
const LONGEST_MS = 60_000;

/**
 * Notices that a client is gone while nobody reads its input. Its end stands behind bytes that are not taken then, and is not seen; but what is
 * written to one that is gone fails. So a PING is written now and then. Answers are not waited for: they stand behind those bytes too.
 */
export class HeldInputWatch {
  readonly #session: Session;
  readonly #deadline = new Deadline();

  constructor(session: Session) {
    this.#session = session;
    this.#wait(0);
    session.once('close', () => this.#deadline.stop());
  }

  #wait(pings: number): void {
    const ms = FIRST_MS * 2 ** Math.max(0, pings - FIRST_PINGS);
    this.#deadline.start(Math.min(ms, LONGEST_MS), () => {
      const { phase, inputHeld } = this.#session.state;
      if (phase === 'closed') return;
      if (inputHeld) void this.#session.ping(() => {});
      this.#wait(inputHeld ? pings + 1 : 0);
    });
  }
}
