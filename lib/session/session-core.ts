import { nextTick } from 'node:process';
import { setImmediate } from 'node:timers';
import { onAbort } from '../common/abort.ts';
import { now } from '../common/clock.ts';
import { Engine } from '../engine/engine.ts';
import { InvalidStateError, type SessionError, type SpdyError } from '../errors.ts';
import { CLIENT, type Side } from '../protocol/constants.ts';
import type { SettingsFrame, SynStreamFrame } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { abortedBy, closeTimedOut, keepAliveTimedOut } from './end-reasons.ts';
import { EventReporter, type SessionHooks } from './event-reporter.ts';
import type { EventedDuplex } from './evented-duplex.ts';
import { SessionTimers, type TimerActions } from './liveness/keepalive.ts';
import { type PingCallback, Pings } from './liveness/pings.ts';
import { raise } from './raise.ts';
import { type EndingParts, SessionEnding } from './session-ending.ts';
import type { SessionEvents } from './session-events.ts';
import {
  engineOptions,
  type ResolvedSessionOptions,
  type SessionOptions,
} from './session-options.ts';
import { begin, keepSettings, queueStart } from './session-start.ts';
import type { Departure } from './streams/outgoing-data.ts';
import type { RegistryHost } from './streams/registry-host.ts';
import type { SpdyStream } from './streams/stream.ts';
import { StreamRegistry } from './streams/stream-registry.ts';
import { EngineAccess, type EngineAccessHost } from './transport/engine-access.ts';
import { Inlet } from './transport/inlet.ts';
import { Outlet } from './transport/outlet.ts';
import { Transport, type TransportClosed, type TransportHost } from './transport/transport.ts';

/** The session as its parts know it. */
export interface SessionShell extends EventedDuplex<SessionEvents> {
  /** Ends it in order. */
  close(): Promise<void>;
}

/**
 * What works inside of a session: makes the parts, hears what they report, and passes it on to those whom it concerns. The parts know
 * it by what they need of it, which is an interface for each, so that a session is few objects and no function of its own.
 */
export class SessionCore
  implements EndingParts, EngineAccessHost, RegistryHost, SessionHooks, TimerActions, TransportHost
{
  readonly duplex: SessionShell;
  /** What speaks SPDY. */
  readonly engine: Engine;
  /** The options with their defaults. */
  readonly settled: ResolvedSessionOptions;
  /** Where the bytes come from and go. */
  readonly transport: Transport;
  /** The SpdyStreams. */
  readonly streams: StreamRegistry;
  readonly timers: SessionTimers;
  readonly inlet: Inlet;
  /** The way into the engine. */
  readonly access: EngineAccess;
  /** How it ends. */
  readonly ending: SessionEnding;
  /** Why the session was destroyed, if it was for an error. */
  closeError: Error | null = null;
  /** No stream is opened any more. */
  closing = false;
  /** The peer has sent GOAWAY. */
  goawayReceived = false;

  readonly #reporter: EventReporter;
  readonly #outlet: Outlet;
  #pings: Pings | null = null;
  /** Somebody has ever asked for bytes. */
  #started = false;
  #scheduled = false;
  /** The first SETTINGS wait for a frame of the peer. */
  #startPending: boolean;
  /** Takes the signal of the options back, where there is one. */
  readonly #stopAbort: (() => void) | null;

  constructor(
    duplex: SessionShell,
    side: Side,
    version: ProtocolVersion,
    settled: ResolvedSessionOptions,
    options: SessionOptions,
  ) {
    this.duplex = duplex;
    this.settled = settled;
    this.#reporter = new EventReporter(duplex, side === CLIENT ? 1 : 0, this);
    this.engine = new Engine(
      side,
      version.id,
      {
        now,
        sessionCreditLimit: Math.floor(settled.inboundLimit),
        ...engineOptions(options),
      },
      this.#reporter,
    );
    this.access = new EngineAccess(this.engine, this);
    this.streams = new StreamRegistry(
      this.engine,
      this,
      options.windowUpdates ?? 'auto',
      settled.lingerTimeoutMs,
    );
    this.timers = new SessionTimers(settled, this);
    this.inlet = new Inlet(this.engine, settled, this.timers);
    this.transport = new Transport(this);
    this.#outlet = new Outlet(duplex, this.transport, this);
    this.ending = new SessionEnding(this);
    this.#startPending = begin(this.engine, settled);
    const { signal } = settled;
    this.#stopAbort =
      signal === null ? null : onAbort(signal, (reason) => duplex.destroy(abortedBy(reason)));
  }

  /** Measurements of the round-trip time that wait. */
  get pings(): Pings {
    this.#pings ??= new Pings();
    return this.#pings;
  }

  /**
   * Sends what was submitted, once, after the running callback and the promise jobs that follow it: `nextTick()` lets all of
   * them share a slab, and still comes before the event loop turns to anything else, so nothing waits.
   */
  schedule(): void {
    // What is submitted while bytes are received leaves behind that.
    if (this.#scheduled || this.access.receiving || this.duplex.destroyed) return;
    this.#scheduled = true;
    nextTick(runTick, this);
  }

  tick(): void {
    this.#scheduled = false;
    this.flush();
    this.inlet.release();
  }

  /** Sends what was submitted now. */
  flush(): void {
    const { access, duplex, ending } = this;
    if (duplex.destroyed) return;
    if (access.busy || this.#outlet.busy) {
      this.schedule();
      return;
    }
    if (!ending.outputEnded && !ending.outputDead) this.#outlet.send(access);
    ending.check();
  }

  /** Somebody asks for bytes. */
  want(): void {
    this.#outlet.want();
    if (!this.#started) {
      this.#started = true;
      this.timers.start();
      this.ending.started();
    }
    this.flush();
  }

  /** Bytes go another way from now on: the sink before may have been full, and this one says nothing while it is empty. */
  redirected(): void {
    if (this.#started) this.schedule();
  }

  /** Bytes of the peer came: what they bring about is sent. */
  receive(chunk: Buffer): void {
    // After the end of our output no answer could leave any more.
    if (this.ending.outputEnded) return;
    this.timers.heard();
    this.access.receive(chunk);
    if (this.#startPending && this.engine.statistics.framesReceived > 0) {
      this.#startPending = false;
      queueStart(this.engine, this.settled);
    }
    this.flush();
  }

  /** Watches that `close()` comes to an end. */
  startCloseDeadline(): void {
    const { duplex, settled } = this;
    this.timers.startClose(() => duplex.destroy(closeTimedOut(settled.closeTimeoutMs)));
    // When nobody reads, not even a pipe that begins in this tick, nothing can leave.
    setImmediate(() => {
      if (!this.#started) duplex.destroy();
    });
  }

  /** Sends PING; `done` is called once. */
  measurePing(done: PingCallback): void {
    if (this.duplex.destroyed || this.engine.failed) {
      done(new InvalidStateError('the session is closed', 'ERR_SPDY_SESSION_CLOSED'), 0);
      return;
    }
    try {
      this.pings.add(this.engine.submitPing(), done);
      this.schedule();
    } catch (exception) {
      done(exception as SpdyError, 0);
    }
  }

  /** The session is destroyed. */
  release(error: Error | null): void {
    this.closeError = error;
    this.#stopAbort?.();
    this.ending.release();
    this.inlet.close();
  }

  // What the timers ask

  ping(): void {
    // Where too many wait already, one of them will do.
    this.measurePing(ignore);
  }

  idle(): void {
    if (!this.duplex.emit('timeout')) void this.duplex.close();
  }

  dead(): void {
    this.duplex.destroy(keepAliveTimedOut(this.settled.keepAlive?.timeoutMs ?? 0));
  }

  // What the engine reports

  emit<K extends keyof SessionEvents>(event: K, ...args: SessionEvents[K]): void {
    try {
      this.duplex.emit(event, ...args);
    } catch (exception) {
      raise(exception);
    }
  }

  worked(): void {
    this.timers.note(this.engine.statistics, this.#reporter.pings);
  }

  settingsReceived(frame: SettingsFrame): void {
    keepSettings(this.engine, this.settled, frame);
  }

  goawaySent(): void {
    this.ending.goawaySent = true;
  }

  goawayCame(): void {
    this.goawayReceived = true;
    // The peer may read nothing more (spdystream).
    this.timers.stopKeepAlive();
  }

  failed(error: SessionError): void {
    if (this.duplex.destroyed) return;
    this.ending.failure = error;
    this.closing = true;
    this.schedule();
  }

  // What streams ask

  stalled(): { readonly output: boolean; readonly input: boolean } {
    return { output: this.transport.full, input: this.inlet.held };
  }

  wantsStreams(): boolean {
    return this.duplex.listenerCount('stream') > 0;
  }

  afterWrite(departure: Departure): void {
    this.#outlet.afterWrite(departure);
  }

  offer(stream: SpdyStream, { headers, flags }: SynStreamFrame): boolean {
    return this.duplex.emit('stream', stream, headers, flags);
  }

  // What becomes of the transport

  closed(closed: TransportClosed): void {
    this.ending.transportClosed(closed);
  }

  drained(): void {
    this.flush();
  }

  unpiped(): void {
    this.schedule();
  }
}

function runTick(core: SessionCore): void {
  core.tick();
}

function ignore(): void {}
