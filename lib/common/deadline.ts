import { clearImmediate, clearTimeout, setImmediate, setTimeout } from 'node:timers';

/**
 * A timer that runs once and can be started over. It never keeps the process alive: the transport does, as long as
 * it is referenced. All timers of a session are of this kind. When the event loop has stood still, what has come in the
 * meantime is read before the time is up: a pause of this process is no silence of the peer.
 */
export class Deadline {
  #action = nothing;
  #timer: NodeJS.Timeout | null = null;
  #lastTurn: NodeJS.Immediate | null = null;

  /** Whether it runs. */
  get running(): boolean {
    return this.#timer !== null;
  }

  /** Calls `action` in `ms` milliseconds, instead of what was started before. */
  start(ms: number, action: () => void): void {
    this.stop();
    this.#action = action;
    this.#timer = setTimeout(Deadline.#elapsed, ms, this);
    this.#timer.unref();
  }

  /** Starts over, if it runs. */
  refresh(): void {
    this.#endLastTurn();
    this.#timer?.refresh();
  }

  stop(): void {
    this.#endLastTurn();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#action = nothing;
  }

  // One function for all of them: a process may have a deadline for each of many connections.

  static #elapsed(deadline: Deadline): void {
    deadline.#lastTurn = setImmediate(Deadline.#over, deadline);
  }

  static #over(deadline: Deadline): void {
    const action = deadline.#action;
    deadline.stop();
    action();
  }

  #endLastTurn(): void {
    if (this.#lastTurn !== null) clearImmediate(this.#lastTurn);
    this.#lastTurn = null;
  }
}

/**
 * A deadline for something that may take long as long as it moves: when the time is up and `progress()` has another value than
 * before, it waits once more.
 */
export class StallDeadline {
  readonly #deadline = new Deadline();

  /** Whether it runs. */
  get running(): boolean {
    return this.#deadline.running;
  }

  /** Calls `action` when `progress()` has not changed for `ms` milliseconds. */
  start(ms: number, progress: () => number, action: () => void): void {
    const before = progress();
    this.#deadline.start(ms, () => {
      if (progress() === before) action();
      else this.start(ms, progress, action);
    });
  }

  stop(): void {
    this.#deadline.stop();
  }
}

function nothing(): void {}
