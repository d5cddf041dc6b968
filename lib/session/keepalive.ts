/** Sends PING while nothing is received. */
export interface KeepAliveOptions {
  /** Milliseconds without a received byte before PING is sent. */
  readonly intervalMs: number;
  /** Milliseconds after that PING in which something must be received, else the session is destroyed with `ERR_SPDY_TIMEOUT`. */
  readonly timeoutMs: number;
}

/**
 * A timer that runs once and can be started over. It never keeps the process alive: the transport does, as long as
 * it is referenced. All timers of a session are of this kind.
 */
export class Deadline {
  #timer: NodeJS.Timeout | null = null;

  /** Whether it runs. */
  get running(): boolean {
    return this.#timer !== null;
  }

  /** Calls `action` in `ms` milliseconds, instead of what was started before. */
  start(ms: number, action: () => void): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      action();
    }, ms);
    this.#timer.unref();
  }

  /** Starts over, if it runs. */
  refresh(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
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

/** Watches whether the peer is still there, by PING. */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  readonly #ping: () => void;
  readonly #dead: () => void;
  readonly #deadline = new Deadline();
  /** PING was sent and nothing was received since. */
  #asked = false;

  /** `ping` sends one; `dead` is called when nothing comes back. */
  constructor(options: KeepAliveOptions, ping: () => void, dead: () => void) {
    this.#options = options;
    this.#ping = ping;
    this.#dead = dead;
  }

  start(): void {
    this.#asked = false;
    this.#deadline.start(this.#options.intervalMs, () => {
      this.#asked = true;
      this.#deadline.start(this.#options.timeoutMs, this.#dead);
      this.#ping();
    });
  }

  /** Bytes were received. */
  heard(): void {
    if (this.#asked) this.start();
    else this.#deadline.refresh();
  }

  stop(): void {
    this.#deadline.stop();
    this.#asked = false;
  }
}
