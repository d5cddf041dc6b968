import { clearInterval, setInterval } from 'node:timers';
import { SpdyError } from '../../../errors.ts';
import type { Session } from '../../../session/public.ts';
import type { PodConnection } from './pod-connection.ts';

/** How often a reader that stands still is looked at before its time is up. */
const LOOKS = 4;

/**
 * Resets a forwarded connection that nobody reads, when its bytes have stopped the whole session. SPDY as Kubernetes speaks it has no flow
 * control, so the choice is between memory without limit, an end of the slow, or one that waits for another. Here all wait for a reader as
 * long as it moves at all; one that does not, for too long, is ended.
 */
export class StallWatch {
  readonly #timeoutMs: number;
  readonly #connections: ReadonlySet<PodConnection>;
  /** What each had taken, and how many looks ago. */
  #seen = new Map<PodConnection, { readonly taken: number; readonly looks: number }>();
  #timer: NodeJS.Timeout | null = null;
  #session: Session | null = null;

  /** `timeoutMs` 0: never. */
  constructor(timeoutMs: number, connections: ReadonlySet<PodConnection>) {
    this.#timeoutMs = timeoutMs;
    this.#connections = connections;
  }

  /** Watches while there are connections. */
  start(session: Session): void {
    this.#session = session;
    if (this.#timer !== null || this.#timeoutMs === 0) return;
    const intervalMs = Math.max(1, Math.floor(this.#timeoutMs / LOOKS));
    this.#timer = setInterval(() => this.#look(), intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#seen.clear();
  }

  #look(): void {
    const connections = this.#connections;
    if (connections.size === 0 || this.#session === null) {
      this.stop();
      return;
    }
    // Alone it harms nobody.
    if (connections.size === 1 || !this.#session.state.inputHeld) {
      this.#seen.clear();
      return;
    }
    const seen = new Map<PodConnection, { taken: number; looks: number }>();
    let total = 0;
    let worst: PodConnection | null = null;
    for (const connection of connections) {
      const { unread, taken } = connection;
      if (unread === 0) continue;
      total += unread;
      const before = this.#seen.get(connection);
      const looks = before?.taken === taken ? before.looks + 1 : 0;
      seen.set(connection, { taken, looks });
      if (looks >= LOOKS && unread > (worst?.unread ?? 0)) worst = connection;
    }
    this.#seen = seen;
    // One that holds little does not stop the others.
    if (worst === null || worst.unread < total / connections.size) return;
    const message = `nobody read the connection for ${this.#timeoutMs} ms, and all others had to wait`;
    worst.destroy(new SpdyError('ERR_SPDY_TIMEOUT', message));
  }
}
