import { Deadline } from '../../common/deadline.ts';

/** Longest time between two PINGs, in milliseconds. */
const LONGEST_MS = 8000;

/** What a probe needs of its session. */
export interface ProbeHost {
  /** Sends a PING. */
  ping(): void;
}

/**
 * PINGs at growing intervals, to notice that the peer has gone where nothing that is received can tell: its system answers what is sent
 * to a closed connection with a reset.
 */
export class Probe {
  readonly #host: ProbeHost;
  #deadline: Deadline | null = null;

  constructor(host: ProbeHost) {
    this.#host = host;
  }

  /** Sends the first PING in `ms` milliseconds, and goes on as long as `needed`. */
  start(ms: number, needed: () => boolean): void {
    this.#deadline ??= new Deadline();
    this.#deadline.start(ms, () => {
      if (!needed()) return;
      this.#host.ping();
      this.start(Math.min(2 * ms, LONGEST_MS), needed);
    });
  }

  /** Sends no more. */
  stop(): void {
    this.#deadline?.stop();
  }
}
