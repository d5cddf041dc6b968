import type { Readable } from 'node:stream';
import { onAbort } from '../common/abort.ts';
import { Engine } from '../engine/engine.ts';
import { CLIENT, type Side } from '../protocol/constants.ts';
import { CHANNELS } from './diagnostics.ts';
import { abortedBy, closeTimedOut, destroyedBy, keepAliveTimedOut } from './end-reasons.ts';
import { EngineAccess } from './engine-access.ts';
import { EventReporter } from './event-reporter.ts';
import { TypedDuplex } from './evented-duplex.ts';
import { Inlet } from './inlet.ts';
import { SessionTimers } from './keepalive.ts';
import { resolveVersion, type SessionVersion } from './negotiate.ts';
import { Outlet } from './outlet.ts';
import { Pings } from './pings.ts';
import { Probe } from './probe.ts';
import { raise } from './raise.ts';
import { SessionEnding } from './session-ending.ts';
import type { Emit, SessionEvents } from './session-events.ts';
import {
  engineOptions,
  type ResolvedSessionOptions,
  resolveSessionOptions,
  type SessionOptions,
} from './session-options.ts';
import { keepSettings, queueStart } from './session-start.ts';
import { StreamRegistry } from './stream-registry.ts';
import { Transport } from './transport.ts';

/** Called when a write was processed, or a step of the end is done. */
type Done = (error?: Error | null) => void;

const now = (): number => performance.now();

/**
 * The Duplex of a session: bytes from the transport go into the engine, slabs of frames come out of it, and the life of the
 * transport is followed. What is spoken is the engine's matter, what the application asks for that of `Session`.
 */
export abstract class SessionIo extends TypedDuplex<SessionEvents> {
  /** What speaks SPDY. */
  protected readonly engine: Engine;
  /** The options with their defaults. */
  protected readonly settled: ResolvedSessionOptions;
  /** Where the bytes come from and go. */
  protected readonly transport: Transport;
  /** The SpdyStreams. */
  protected readonly streams: StreamRegistry;
  /** Measurements of the round-trip time that wait. */
  protected readonly pings: Pings = new Pings();
  /** Why the session was destroyed, if it was for an error. */
  protected closeError: Error | null = null;
  /** No stream is opened any more. */
  protected closing = false;
  /** The peer has sent GOAWAY. */
  protected goawayReceived = false;
  /** How it ends. */
  protected readonly ending: SessionEnding;

  readonly #reporter: EventReporter;
  readonly #outlet: Outlet;
  /** Somebody has ever asked for bytes. */
  #started = false;
  readonly #access: EngineAccess;
  readonly #probe = new Probe(() => this.sendPing());
  #scheduled = false;
  readonly #inlet: Inlet;
  /** The first SETTINGS wait for a frame of the peer. */
  #startPending = false;
  readonly #timers: SessionTimers;
  readonly #stopAbort: () => void;

  constructor(side: Side, version: SessionVersion, options: SessionOptions) {
    const protocol = resolveVersion(version);
    const settled = resolveSessionOptions(protocol, options);
    super({
      readableHighWaterMark: settled.highWaterMark,
      writableHighWaterMark: settled.highWaterMark,
    });
    this.settled = settled;
    const parity = side === CLIENT ? 1 : 0;
    this.#reporter = new EventReporter(this, (id) => (id & 1) === parity, this.#emitSafely, {
      pingSent: (id) => this.pings.sent(id),
      pingReceived: (id) => this.pings.received(id),
      settingsReceived: (frame) => keepSettings(this.engine, settled, frame),
      goawaySent: () => {
        this.ending.goawaySent = true;
      },
      goawayReceived: () => {
        this.goawayReceived = true;
        // The peer may read nothing more (spdystream).
        this.#timers.stopKeepAlive();
      },
      failed: (error) => {
        if (this.destroyed) return;
        this.ending.failure = error;
        this.closing = true;
        this.schedule();
      },
    });
    this.engine = new Engine(
      side,
      protocol.id,
      {
        now,
        sessionCreditLimit: Math.floor(settled.inboundLimit),
        ...engineOptions(options),
      },
      this.#reporter,
    );
    this.#access = new EngineAccess(this.engine, {
      worked: () => this.#timers.note(this.engine.statistics, this.#reporter.pings),
      failed: (error) => this.destroy(error),
    });
    this.streams = new StreamRegistry(
      this.engine,
      {
        flush: () => this.schedule(),
        stalled: () => ({ output: this.transport.full, input: this.inputHeld }),
        wantsStreams: () => this.listenerCount('stream') > 0,
        afterWrite: (departure) => this.#outlet.afterWrite(departure),
        offer: (stream, { headers, flags }) => this.emit('stream', stream, headers, flags),
      },
      options.windowUpdates ?? 'auto',
      settled.lingerTimeoutMs,
    );
    this.#reporter.streams = this.streams;
    this.#inlet = new Inlet(this.engine, settled.inboundLimit, this.#probe);
    this.transport = new Transport({
      closed: (closed) => this.ending.transportClosed(closed),
      drained: () => this.flush(),
      unpiped: () => this.schedule(),
    });
    this.#outlet = new Outlet(this, this.transport, () => this.schedule());
    this.#timers = new SessionTimers(settled, {
      idle: () => {
        if (!this.emit('timeout')) this.closeIdle();
      },
      ping: () => this.sendPing(),
      dead: () => this.destroy(keepAliveTimedOut(settled.keepAlive?.timeoutMs ?? 0)),
    });
    this.ending = new SessionEnding({
      duplex: this,
      engine: this.engine,
      transport: this.transport,
      timers: this.#timers,
      pings: this.pings,
      probe: this.#probe,
      streams: this.streams,
      stallTimeoutMs: settled.stallTimeoutMs,
      closeTimeoutMs: settled.closeTimeoutMs,
      lingerTimeoutMs: settled.lingerTimeoutMs,
      schedule: () => this.schedule(),
    });
    this.on('pipe', (source: Readable) => this.transport.setSource(source));
    this.on('end', () => {
      // All bytes were handed to the transport, GOAWAY included.
      const { failure } = this.ending;
      if (failure !== null) process.nextTick(() => this.destroy(failure));
    });
    if (settled.settingsTiming === 'afterFirstFrame') this.#startPending = true;
    else queueStart(this.engine, settled);
    this.#stopAbort = onAbort(settled.signal, (reason) => this.destroy(abortedBy(reason)));
    if (CHANNELS.sessionCreated.hasSubscribers) {
      CHANNELS.sessionCreated.publish({ session: this, error: null });
    }
  }

  /** The round-trip measurement of the keep-alive. */
  protected abstract sendPing(): void;

  /** Ends in order when nobody listens for 'timeout'. */
  protected abstract closeIdle(): void;

  /** Whether reading is held back until the application consumes. */
  protected get inputHeld(): boolean {
    return this.#inlet.held;
  }

  /** Whether the session has failed and its GOAWAY is on its way. */
  protected get failing(): boolean {
    return this.ending.failure !== null;
  }

  /**
   * Sends what was submitted, once, after the running callback and the promise jobs that follow it: `process.nextTick` lets all of
   * them share a slab, and still comes before the event loop turns to anything else, so nothing waits.
   */
  protected schedule(): void {
    if (this.#scheduled || this.destroyed) return;
    this.#scheduled = true;
    process.nextTick(this.#onTick);
  }

  readonly #onTick = (): void => {
    this.#scheduled = false;
    this.flush();
    this.#inlet.release();
  };

  /** Sends what was submitted now, not only behind the running callback: for those who submit a lot in one. */
  flush(): void {
    if (this.destroyed) return;
    if (this.#access.busy || this.#outlet.busy) {
      this.schedule();
      return;
    }
    if (!this.ending.outputEnded && !this.ending.outputDead) this.#outlet.send(this.#access.pull);
    this.ending.check();
  }

  /** Watches that `close()` comes to an end. */
  protected startCloseDeadline(): void {
    this.#timers.startClose(() => this.destroy(closeTimedOut(this.settled.closeTimeoutMs)));
    if (this.#started) return;
    // When nobody reads, not even a pipe that begins in this tick, nothing can leave.
    setImmediate(() => {
      if (!this.#started) this.destroy();
    });
  }

  // The Duplex

  /** Pipes what is sent into `destination`, whose life is followed from then on. */
  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    this.transport.setSink(destination as unknown as Parameters<Transport['setSink']>[0], this);
    super.pipe(destination, options);
    // The last sink may have been full, and this one says nothing while it is empty.
    if (this.#started) this.schedule();
    return destination;
  }

  override _read(): void {
    this.#outlet.want();
    if (!this.#started) {
      this.#started = true;
      this.#timers.start();
      this.ending.started();
    }
    this.flush();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    if (this.#access.busy) {
      // A listener wrote to its own session.
      process.nextTick(() => this._write(chunk, encoding, done));
      return;
    }
    this.#receive(chunk);
    this.flush();
    this.#inlet.processed(done);
  }

  override _final(done: Done): void {
    this.ending.inputEnd();
    done();
  }

  override _destroy(given: Error | null, done: Done): void {
    // Where the input has ended too, a Duplex destroys itself behind 'end', before that 'end' has told the failure.
    const error = given ?? (this.readableEnded ? this.ending.failure : null);
    if (!this.engine.failed && !this.readableEnded) {
      // With GOAWAY; what the engine still has to read of the current chunk is dropped.
      const reason = destroyedBy(error);
      this.engine.failSession(reason.status, reason);
    }
    if (this.#access.busy) process.nextTick(() => this.#finishDestroy(error, done));
    else this.#finishDestroy(error, done);
  }

  #finishDestroy(error: Error | null, done: Done): void {
    this.closeError = error;
    this.#stopAbort();
    this.ending.release();
    this.#inlet.close();
    if (CHANNELS.sessionClosed.hasSubscribers) {
      CHANNELS.sessionClosed.publish({ session: this, error });
    }
    done(error);
  }

  #receive(chunk: Buffer): void {
    // After the end of our output no answer could leave any more.
    if (this.ending.outputEnded) return;
    this.#timers.heard();
    this.#access.receive(chunk);
    if (this.#startPending && this.engine.statistics.framesReceived > 0) {
      this.#startPending = false;
      queueStart(this.engine, this.settled);
    }
  }

  // What the engine reports

  readonly #emitSafely: Emit = (event, ...args) => {
    try {
      this.emit(event, ...args);
    } catch (exception) {
      raise(exception);
    }
  };
}
