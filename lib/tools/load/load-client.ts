import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { nextTick } from 'node:process';
import { Deadline, StallDeadline } from '../../common/deadline.ts';
import { SpdyError } from '../../errors.ts';
import type { ConnectionOwner, LoadConnection } from './connections/connection.ts';
import { connectionOn, dial } from './connections/dial.ts';
import { Exchange } from './connections/exchange.ts';
import type { LoadSocket } from './connections/load-socket.ts';
import type { LoadMessage } from './connections/message.ts';
import { SlowSocket } from './connections/slow-socket.ts';
import { Pacer } from './pacer.ts';
import { Pauses } from './pauses.ts';
import type { LoadPlan } from './plan.ts';
import type { LoadCounts, Recorder } from './results/recorder.ts';

/** What a client has of its own. */
export interface ClientPart {
  /** Requests to be sent. */
  readonly quota: number;
  /** Bytes that it reads in a second; 0 for no limit. */
  readonly readRate: number;
}

/** A client: one connection at a time, its requests in turn. */
export class LoadClient implements ConnectionOwner {
  readonly counts: LoadCounts;
  readonly #plan: LoadPlan;
  readonly #recorder: Recorder;
  readonly #whenOver: () => void;
  readonly #readRate: number;
  /** Requests that are still to be sent. */
  #left: number;
  #underWay = 0;
  /** Requests that may still be sent on this connection. */
  #room = 0;
  #next = 0;
  #begun = 0;
  #succeeded = 0;
  #connection: LoadConnection | null = null;
  #socket: Socket | null = null;
  #pacer: Pacer | null = null;
  readonly #pauses: Pauses | null;
  readonly #lifetime = new Deadline();
  readonly #silence = new StallDeadline();
  /** When connecting began. */
  #connecting = 0;
  /** Until the first reply on this connection. */
  #awaitsReply = true;
  /** Whether a request has ended well on this connection. */
  #useful = false;
  #timedOut = false;
  #over = false;

  /** `whenOver` is called once, when all is done or nothing more can be. */
  constructor(plan: LoadPlan, part: ClientPart, recorder: Recorder, whenOver: () => void) {
    this.#plan = plan;
    this.#left = part.quota;
    this.#readRate = part.readRate;
    this.#recorder = recorder;
    this.counts = recorder.counts;
    this.#whenOver = whenOver;
    this.#pauses = plan.think === null ? null : new Pauses(plan.think, () => this.#fillAndFlush());
  }

  /** Connects and begins. */
  start(): void {
    this.#begun = performance.now();
    void this.#connect();
  }

  /** The warm-up is over. */
  restart(): void {
    this.#begun = performance.now();
    this.#succeeded = 0;
  }

  /** Ends at once: what is under way is not told. */
  stop(): void {
    if (this.#over) return;
    this.#end();
    this.#connection?.destroy();
    this.#socket?.destroy();
  }

  replied(): void {
    if (!this.#awaitsReply) return;
    this.#awaitsReply = false;
    this.#recorder.firstByte.add(performance.now() - this.#connecting);
  }

  finished(exchange: Exchange, error: Error | null): void {
    if (exchange.over || this.#over) return;
    exchange.over = true;
    this.#underWay--;
    if (error === null) this.#useful = true;
    const now = performance.now();
    if (
      this.#recorder.ended(exchange, now, this.#reasonOf(error), this.#timedOut) &&
      exchange.counted
    )
      this.#succeeded++;
    if (this.#left > 0) this.#pauses?.begin();
    this.#fill(now);
  }

  roomChanged(): void {
    if (!this.#over) this.#fill(performance.now());
  }

  ended(error: Error | null): void {
    if (this.#over) return;
    this.#connection = null;
    this.#underWay = 0;
    const retry = this.#useful && !this.#timedOut;
    if (retry && this.#left > 0) void this.#connect();
    else this.#giveUp(error ?? new Error('the server closed the connection'));
  }

  async #connect(): Promise<void> {
    this.#connecting = performance.now();
    this.#awaitsReply = true;
    this.#useful = false;
    this.#room = this.#plan.connectionRequests;
    const { socket, ready } = dial(this.#plan);
    this.#socket = socket;
    try {
      const dialled = await ready;
      const now = performance.now();
      const stream = this.#readRate > 0 ? new SlowSocket(socket, this.#readRate) : socket;
      const connection = await connectionOn(stream, dialled.protocol, this.#plan, this);
      if (this.#over) return;
      this.#recorder.connect.add(now - this.#connecting);
      this.#recorder.protocol ??= dialled.protocol;
      this.#recorder.tls ??= dialled.tls;
      this.#recorder.connections++;
      this.#connection = connection;
      this.#watch(stream);
    } catch (error) {
      if (!this.#over) this.#giveUp(error as Error);
      return;
    }
    if (this.#plan.requestRate > 0)
      this.#pacer ??= new Pacer(this.#plan.requestRate, () => this.#fillAndFlush());
    this.#fillAndFlush();
  }

  /** The limits of the time that a connection has. */
  #watch(socket: LoadSocket): void {
    const { inactivityTimeoutMs, activeTimeoutMs } = this.#plan;
    const expire = (what: string): void => {
      this.#timedOut = true;
      socket.destroy(new SpdyError('ERR_SPDY_TIMEOUT', what));
    };
    const moved = (): number => socket.bytesRead + socket.bytesWritten;
    this.#silence.stop();
    if (inactivityTimeoutMs > 0)
      this.#silence.start(inactivityTimeoutMs, moved, () => expire('the connection is silent'));
    if (activeTimeoutMs > 0)
      this.#lifetime.start(activeTimeoutMs, () => expire('the connection lasts too long'));
  }

  #fillAndFlush(): void {
    this.#fill(performance.now());
    this.#connection?.flush();
  }

  /** Sends what may be sent; ends when nothing is left. */
  #fill(now: number): void {
    const connection = this.#connection;
    if (connection === null) return;
    const { messages, streams } = this.#plan;
    const most = Math.min(streams, connection.maxStreams) - (this.#pauses?.count ?? 0);
    while (this.#left > 0 && this.#room > 0 && this.#underWay < most && !connection.retiring) {
      const due = this.#pacer === null ? now : this.#pacer.take(now);
      if (due === null) return;
      const { counting } = this.#recorder;
      if (counting) this.counts.started++;
      this.#left--;
      this.#room--;
      this.#underWay++;
      const message = messages[this.#next] as LoadMessage;
      this.#next = this.#next + 1 === messages.length ? 0 : this.#next + 1;
      connection.request(message, new Exchange(due, counting));
    }
    if (this.#underWay > 0) return;
    if (this.#left === 0) {
      this.#end();
      nextTick(() => connection.close());
    } else if (connection.retiring || this.#room === 0) {
      nextTick(() => connection.close());
    }
  }

  /** Why requests fail when the connection was ended from here. */
  #reasonOf(error: Error | null): Error | null {
    return error !== null && this.#timedOut ? new Error('timeout') : error;
  }

  #giveUp(error: Error): void {
    this.#recorder.abandon(this.#left, this.#reasonOf(error), this.#timedOut);
    this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#pacer?.stop();
    this.#pauses?.stop();
    this.#lifetime.stop();
    this.#silence.stop();
    const seconds = (performance.now() - this.#begun) / 1000;
    if (seconds > 0) this.#recorder.rates.push(this.#succeeded / seconds);
    this.#whenOver();
  }
}
