import { Deadline, StallDeadline } from '../../common/deadline.ts';
import { optionNames } from '../../common/option-names.ts';
import { Probe } from './probe.ts';

/** Sends PING while nothing is received. */
export interface KeepAliveOptions {
  /** Milliseconds without a received byte before PING is sent. */
  readonly intervalMs: number;
  /** Milliseconds after that PING in which something must be received, else the session is destroyed with `ERR_SPDY_TIMEOUT`. */
  readonly timeoutMs: number;
}

/** Their names. */
export const KEEP_ALIVE_NAMES: ReadonlySet<string> = optionNames<KeepAliveOptions>({
  intervalMs: true,
  timeoutMs: true,
});

/** What a keep-alive does. */
export interface KeepAliveActions {
  /** Sends a PING. */
  ping(): void;
  /** Nothing was heard. */
  dead(): void;
}

/** Watches whether the peer is still there, by PING. */
class KeepAlive {
  readonly #options: KeepAliveOptions;
  readonly #actions: KeepAliveActions;
  readonly #deadline = new Deadline();
  /** PING was sent and nothing was received since. */
  #asked = false;

  constructor(options: KeepAliveOptions, actions: KeepAliveActions) {
    this.#options = options;
    this.#actions = actions;
  }

  start(): void {
    this.#asked = false;
    this.#deadline.start(this.#options.intervalMs, () => {
      this.#asked = true;
      this.#deadline.start(this.#options.timeoutMs, () => this.#actions.dead());
      this.#actions.ping();
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

/** The options of `SessionTimers`, in milliseconds; 0 switches a timer off. */
export interface TimerOptions {
  readonly keepAlive: KeepAliveOptions | null;
  readonly idleTimeoutMs: number;
  /** PING frames do not count against idleness. */
  readonly idleIgnoresPing: boolean;
  readonly closeTimeoutMs: number;
}

/** Counters of an engine that show whether something useful happens: frames for nothing are none of it. */
export interface ActivityCounters {
  readonly streamsOpened: number;
  readonly streamsAccepted: number;
  readonly streamsClosed: number;
  readonly dataReceived: number;
  readonly dataSent: number;
}

/** What the timers of a session do. */
export interface TimerActions extends KeepAliveActions {
  /** Nothing has happened for `idleTimeoutMs`. */
  idle(): void;
}

/** All timers of a session. */
export class SessionTimers {
  readonly #options: TimerOptions;
  readonly #actions: TimerActions;
  // Made when they are needed: most sessions need none.
  #idle: Deadline | null = null;
  #close: Deadline | null = null;
  #linger: StallDeadline | null = null;
  #probe: Probe | null = null;
  readonly #keepAlive: KeepAlive | null;
  #started = false;
  #activity = 0;

  constructor(options: TimerOptions, actions: TimerActions) {
    this.#options = options;
    this.#actions = actions;
    const { keepAlive } = options;
    this.#keepAlive = keepAlive === null ? null : new KeepAlive(keepAlive, actions);
  }

  /** Notices that a peer has gone which nothing is read of. */
  get probe(): Probe {
    this.#probe ??= new Probe(this.#actions);
    return this.#probe;
  }

  /** Starts keep-alive and the idle timer: somebody takes what the session sends. */
  start(): void {
    this.#started = true;
    this.#keepAlive?.start();
    this.#active();
  }

  /** Bytes were received. */
  heard(): void {
    this.#keepAlive?.heard();
  }

  /** Bytes were received or sent; `pings` is how many PING frames were. Only streams, payload and PING count against idleness. */
  note(counters: ActivityCounters, pings: number): void {
    const { streamsOpened, streamsAccepted, streamsClosed, dataReceived, dataSent } = counters;
    let activity = streamsOpened + streamsAccepted + streamsClosed + dataReceived + dataSent;
    if (!this.#options.idleIgnoresPing) activity += pings;
    if (activity === this.#activity) return;
    this.#activity = activity;
    this.#active();
  }

  /** Calls `action` when `close()` takes too long. */
  startClose(action: () => void): void {
    const { closeTimeoutMs } = this.#options;
    if (closeTimeoutMs === 0) return;
    this.#close ??= new Deadline();
    this.#close.start(closeTimeoutMs, action);
  }

  /** Calls `action` when what is left does not move any more. */
  startLinger(timeoutMs: number, progress: () => number, action: () => void): void {
    if (timeoutMs === 0) return;
    this.#linger ??= new StallDeadline();
    if (!this.#linger.running) this.#linger.start(timeoutMs, progress, action);
  }

  /** The peer will answer no PING any more. */
  stopKeepAlive(): void {
    this.#keepAlive?.stop();
  }

  /** Streams are done: only the transport is waited for. */
  stopClose(): void {
    this.#close?.stop();
  }

  stop(): void {
    this.#started = false;
    this.#idle?.stop();
    this.#close?.stop();
    this.#linger?.stop();
    this.#probe?.stop();
    this.#keepAlive?.stop();
  }

  #active(): void {
    const { idleTimeoutMs } = this.#options;
    if (idleTimeoutMs === 0 || !this.#started) return;
    this.#idle ??= new Deadline();
    if (this.#idle.running) this.#idle.refresh();
    else this.#idle.start(idleTimeoutMs, () => this.#actions.idle());
  }
}
