import type { Readable } from 'node:stream';
import { onAbort } from '../common/abort.ts';
import { Engine } from '../engine/engine.ts';
import type { SessionError } from '../errors.ts';
import { CLIENT, GOAWAY_OK, type Side } from '../protocol/constants.ts';
import { CHANNELS } from './diagnostics.ts';
import {
  abortedBy,
  closeTimedOut,
  destroyedBy,
  keepAliveTimedOut,
  transportClosed,
} from './end-reasons.ts';
import { EventReporter } from './event-reporter.ts';
import { TypedDuplex } from './evented-duplex.ts';
import { SessionTimers } from './keepalive.ts';
import { resolveVersion, type SessionVersion } from './negotiate.ts';
import { Outlet, type Pull } from './outlet.ts';
import { Pings } from './pings.ts';
import { raise } from './raise.ts';

import type { Emit, SessionEvents } from './session-events.ts';
import {
  type ResolvedSessionOptions,
  resolveSessionOptions,
  type SessionOptions,
} from './session-options.ts';
import { keepSettings, queueStart } from './session-start.ts';
import { StreamRegistry } from './stream-registry.ts';
import { Transport, type TransportClosed } from './transport.ts';

type Done = (error?: Error | null) => void;

/**
 * The Duplex of a session: bytes from the transport go into the engine, slabs of frames come out of it, and the life of the
 * transport is followed. What is spoken is the engine's matter, what the application asks for that of `Session`.
 */
export abstract class SessionIo extends TypedDuplex<SessionEvents> {
  protected readonly engine: Engine;
  protected readonly settled: ResolvedSessionOptions;
  protected readonly transport: Transport;
  protected readonly streams: StreamRegistry;
  protected readonly pings: Pings = new Pings();
  /** Why the session was destroyed, if it was for an error. */
  protected closeError: Error | null = null;
  protected closing = false;
  protected goawaySent = false;
  protected goawayReceived = false;
  /** GOAWAY was asked for: a second one would be refused. */
  protected goawayQueued = false;

  readonly #reporter: EventReporter;
  readonly #outlet: Outlet;
  /** Somebody has ever asked for bytes. */
  #started = false;
  /** The engine is at work: it must not be entered again. */
  #inEngine = false;
  #scheduled = false;
  /** No more bytes come out of this side. */
  #outputEnded = false;
  #outputDead = false;
  /** The callback of a write that waits for the application to consume. */
  #held: Done | null = null;
  #failure: SessionError | null = null;
  /** The peer's input is complete and was processed. */
  #inputEnded = false;
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
        this.goawaySent = true;
      },
      goawayReceived: () => {
        this.goawayReceived = true;
        // The peer may read nothing more (spdystream).
        this.#timers.stopKeepAlive();
      },
      failed: (error) => {
        if (this.destroyed) return;
        this.#failure = error;
        this.closing = true;
        this.schedule();
      },
    });
    this.engine = new Engine(
      side,
      protocol.id,
      { now: () => performance.now(), ...options },
      this.#reporter,
    );
    this.streams = new StreamRegistry(
      this.engine,
      {
        flush: () => this.schedule(),
        wantsStreams: () => this.listenerCount('stream') > 0,
        afterWrite: (departure) => this.#outlet.afterWrite(departure),
        offer: (stream, { headers, flags }) => this.emit('stream', stream, headers, flags),
      },
      options.windowUpdates ?? 'auto',
    );
    this.#reporter.streams = this.streams;
    this.transport = new Transport({
      closed: (closed) => this.#transportClosed(closed),
      drained: () => this.#flush(),
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
    this.on('pipe', (source: Readable) => this.transport.setSource(source));
    this.on('end', () => {
      // All bytes were handed to the transport, GOAWAY included.
      const failure = this.#failure;
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
    return this.#held !== null;
  }

  /** Whether the session has failed and its GOAWAY is on its way. */
  protected get failing(): boolean {
    return this.#failure !== null;
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
    this.#flush();
    this.#releaseInput();
  };

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
    }
    this.#flush();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    if (this.#inEngine) {
      // A listener wrote to its own session.
      process.nextTick(() => this._write(chunk, encoding, done));
      return;
    }
    this.#receive(chunk);
    this.#flush();
    if (this.#isOverfull()) this.#held = done;
    else done();
  }

  override _final(done: Done): void {
    this.#inputEnded = true;
    if (this.#outputDead) {
      process.nextTick(() => this.#loseTransport());
    } else if (!this.transport.allowsHalfOpen) {
      this.#endTransport();
      this.#endOutput();
    } else if (!this.#outputEnded) {
      this.engine.inputEnd();
      this.#queueGoaway();
      // A stream that waits for a window waits in vain now.
      this.#startLinger(this.settled.closeTimeoutMs);
      this.schedule();
    }
    done();
  }

  override _destroy(given: Error | null, done: Done): void {
    // Where the input has ended too, a Duplex destroys itself behind 'end', before that 'end' has told the failure.
    const error = given ?? (this.readableEnded ? this.#failure : null);
    if (!this.engine.failed && !this.readableEnded) {
      // With GOAWAY; what the engine still has to read of the current chunk is dropped.
      const reason = destroyedBy(error);
      this.engine.failSession(reason.status, reason);
    }
    if (this.#inEngine) process.nextTick(() => this.#finishDestroy(error, done));
    else this.#finishDestroy(error, done);
  }

  #finishDestroy(error: Error | null, done: Done): void {
    this.closeError = error;
    this.#timers.stop();
    this.#stopAbort();
    if (this.readableEnded) {
      this.engine.transportEnd();
      this.transport.linger(this.settled.lingerTimeoutMs, this);
    } else {
      this.#sendLastWords();
      this.engine.transportEnd();
      this.transport.destroy();
    }
    this.pings.cancel();
    this.#held = null;
    if (CHANNELS.sessionClosed.hasSubscribers) {
      CHANNELS.sessionClosed.publish({ session: this, error });
    }
    done(error);
  }

  /** GOAWAY before the transport is closed on purpose (SPDY/3 2.1), if it can leave at once and in order. */
  #sendLastWords(): void {
    if (this.readableLength > 0 || this.#outputEnded) return;
    const bytes = this.engine.pull();
    if (bytes !== null) this.transport.write(bytes);
  }

  #receive(chunk: Buffer): void {
    // After the end of our output no answer could leave any more.
    if (this.#outputEnded) return;
    this.#timers.heard();
    this.#inEngine = true;
    try {
      this.engine.receive(chunk);
    } catch (exception) {
      this.destroy(exception as Error);
    }
    this.#inEngine = false;
    this.#timers.note(this.engine.statistics, this.#reporter.pings);
    if (this.#startPending && this.engine.statistics.framesReceived > 0) {
      this.#startPending = false;
      queueStart(this.engine, this.settled);
    }
  }

  #flush(): void {
    if (this.destroyed) return;
    if (this.#inEngine || this.#outlet.busy) {
      this.schedule();
      return;
    }
    if (!this.#outputEnded && !this.#outputDead) this.#outlet.send(this.#pull);
    this.#checkEnd();
  }

  readonly #pull: Pull = (take) => {
    this.#inEngine = true;
    try {
      const output = take(this.engine);
      if (output !== null) this.#timers.note(this.engine.statistics, this.#reporter.pings);
      return output;
    } catch (exception) {
      // A data provider failed for the whole session.
      this.destroy(exception as Error);
      return null;
    } finally {
      this.#inEngine = false;
    }
  };

  /** Ends the output when there is nothing left to read and to write. */
  #checkEnd(): void {
    if (this.destroyed || this.#outputEnded || this.engine.wantRead()) return;
    this.#startLinger(this.settled.lingerTimeoutMs);
    if (this.engine.wantWrite()) return;
    if (!this.engine.failed && !this.goawaySent && !this.goawayQueued) {
      this.#queueGoaway();
      this.schedule();
      return;
    }
    this.#endOutput();
  }

  #queueGoaway(): void {
    if (!this.goawayQueued) this.engine.submitGoaway(GOAWAY_OK);
    this.goawayQueued = true;
  }

  #endOutput(): void {
    if (this.#outputEnded || this.destroyed) return;
    this.#outputEnded = true;
    this.#timers.stopClose();
    this.#timers.stopKeepAlive();
    this.#startLinger(this.settled.lingerTimeoutMs);
    this.push(null);
  }

  #startLinger(timeoutMs: number): void {
    this.#timers.startLinger(
      timeoutMs,
      () => this.readableLength + this.transport.pendingBytes + this.engine.statistics.bytesSent,
      () => this.#loseTransport(),
    );
  }

  #isOverfull(): boolean {
    return this.engine.unconsumedBytes > this.settled.inboundLimit;
  }

  #releaseInput(): void {
    const held = this.#held;
    if (held === null || this.#isOverfull()) return;
    this.#held = null;
    held();
  }

  // The transport

  #transportClosed({ input, output, error }: TransportClosed): void {
    if (this.destroyed) return;
    const inputLost = input && !this.writableEnded;
    const outputLost = output && !this.readableEnded;
    if (!inputLost && !outputLost) return;
    if (this.writableEnded && !this.#inputEnded) {
      // All input is there, but the application has not taken it yet.
      this.#outputDead = true;
      this.#timers.stopKeepAlive();
      return;
    }
    this.#loseTransport(error);
  }

  #loseTransport(cause: Error | null = this.transport.error): void {
    this.#endTransport(cause);
    this.destroy(this.#failure ?? undefined);
  }

  #endTransport(cause: Error | null = this.transport.error): void {
    this.engine.transportEnd(transportClosed(cause));
    this.pings.cancel();
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
