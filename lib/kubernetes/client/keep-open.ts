import type { Session } from '../../session/public.ts';

/**
 * Sends PING now and then, so that nobody on the way takes the connection for dead. No answer is waited for: spdystream answers none
 * while one of its streams is not read. A dead peer is noticed by TCP keep-alive.
 */
export class KeepOpen {
  #timer: NodeJS.Timeout | null = null;

  /** `intervalMs` 0: no PING. */
  constructor(session: Session, intervalMs: number) {
    if (intervalMs === 0) return;
    this.#timer = setInterval(() => {
      if (session.state.phase !== 'open') this.stop();
      // One that is not answered yet will do; more would only fill the queue of a server that is stuck.
      else if (session.state.pendingPings === 0) void session.ping(() => {});
    }, intervalMs);
    this.#timer.unref();
    session.once('close', () => this.stop());
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
