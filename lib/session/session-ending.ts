import { nextTick } from 'node:process';
import type { Duplex } from 'node:stream';
import type { Engine } from '../engine/engine.ts';
import type { SessionError } from '../errors.ts';
import { GOAWAY_OK } from '../protocol/constants.ts';
import { transportClosed } from './end-reasons.ts';
import type { SessionTimers } from './liveness/keepalive.ts';
import type { Pings } from './liveness/pings.ts';
import { StallWatch } from './liveness/stall-watch.ts';
import type { StreamRegistry } from './streams/stream-registry.ts';
import type { Transport, TransportClosed } from './transport/transport.ts';

/** How soon behind the peer's end of the transport it is asked whether it is still there, in milliseconds. */
const FIRST_PROBE_MS = 20;

/** What the end of a session has to do with. */
export interface EndingParts {
  /** The session. */
  readonly duplex: Duplex;
  readonly engine: Engine;
  readonly transport: Transport;
  readonly timers: SessionTimers;
  readonly pings: Pings;
  readonly streams: StreamRegistry;
  readonly settled: {
    /** For how long bytes may wait without any progress, in milliseconds. */
    readonly stallTimeoutMs: number;
    /** For how long, without any progress, streams may still send behind the peer's end, in milliseconds. */
    readonly closeTimeoutMs: number;
    /** For how long, without any progress, the last bytes may leave, in milliseconds. */
    readonly lingerTimeoutMs: number;
  };
  /** Lets what was queued leave soon. */
  schedule(): void;
}

/**
 * How a session comes to its end: by GOAWAY when its streams are done, by a failure, by the peer's end of the transport, or by its loss.
 * Each direction ends on its own.
 */
export class SessionEnding {
  readonly #parts: EndingParts;
  readonly #watch: StallWatch;
  /** Why the session has failed; its GOAWAY is on its way. */
  failure: SessionError | null = null;
  /** GOAWAY was asked for: a second one would be refused. */
  goawayQueued = false;
  /** GOAWAY was written. */
  goawaySent = false;
  /** No more bytes come out of this side. */
  outputEnded = false;
  /** Bytes of this side reach nobody any more. */
  outputDead = false;
  /** The peer's input is complete and was processed. */
  inputEnded = false;

  constructor(parts: EndingParts) {
    this.#parts = parts;
    this.#watch = new StallWatch(parts);
  }

  /** Somebody takes what is sent. */
  started(): void {
    this.#watch.start();
  }

  /** The peer has ended its direction, and all that came before is processed. */
  inputEnd(): void {
    const { duplex, engine, transport, timers, settled } = this.#parts;
    this.inputEnded = true;
    if (this.outputDead) {
      nextTick(() => this.#loseTransport());
    } else if (!transport.allowsHalfOpen) {
      this.#endTransport();
      this.#endOutput();
    } else if (!this.outputEnded) {
      engine.inputEnd();
      this.#queueGoaway();
      // A stream that waits for a window waits in vain now.
      this.#startLinger(settled.closeTimeoutMs);
      // A peer that has only finished takes a PING; one that has closed is noticed by it.
      timers.probe.start(FIRST_PROBE_MS, () => !duplex.destroyed && engine.wantRead());
      this.#parts.schedule();
    }
  }

  /** Ends the output when there is nothing left to read and to write. */
  check(): void {
    const { duplex, engine, settled } = this.#parts;
    if (duplex.destroyed || this.outputEnded || engine.wantRead()) return;
    this.#startLinger(settled.lingerTimeoutMs);
    if (engine.wantWrite()) return;
    if (!engine.failed && !this.goawaySent && !this.goawayQueued) {
      this.#queueGoaway();
      this.#parts.schedule();
      return;
    }
    this.#endOutput();
  }

  /** A direction of the transport is closed. */
  transportClosed({ input, output, error }: TransportClosed): void {
    const { duplex, timers } = this.#parts;
    if (duplex.destroyed) return;
    const inputLost = input && !duplex.writableEnded;
    const outputLost = output && !duplex.readableEnded;
    if (!inputLost && !outputLost) return;
    if (duplex.writableEnded && !this.inputEnded) {
      // All input is there, but the application has not taken it yet.
      this.outputDead = true;
      timers.stopKeepAlive();
      return;
    }
    this.#loseTransport(error);
  }

  /** The session is destroyed: its last words leave if they can at once, and the transport is let go. */
  release(): void {
    const { duplex, engine, transport, timers, pings, settled } = this.#parts;
    timers.stop();
    this.#watch.stop();
    if (duplex.readableEnded) {
      engine.transportEnd();
      transport.linger(settled.lingerTimeoutMs, duplex);
    } else {
      // GOAWAY before the transport is closed on purpose (SPDY/3 2.1), in order.
      const bytes = duplex.readableLength > 0 || this.outputEnded ? null : engine.pull();
      if (bytes !== null) transport.write(bytes);
      engine.transportEnd();
      transport.destroy();
    }
    pings.cancel();
  }

  #queueGoaway(): void {
    if (!this.goawayQueued) this.#parts.engine.submitGoaway(GOAWAY_OK);
    this.goawayQueued = true;
  }

  #endOutput(): void {
    const { duplex, timers, settled } = this.#parts;
    if (this.outputEnded || duplex.destroyed) return;
    this.outputEnded = true;
    timers.stopClose();
    timers.stopKeepAlive();
    this.#startLinger(settled.lingerTimeoutMs);
    duplex.push(null);
  }

  #startLinger(timeoutMs: number): void {
    const { duplex, engine, transport, timers } = this.#parts;
    timers.startLinger(
      timeoutMs,
      () => duplex.readableLength + transport.pendingBytes + engine.statistics.bytesSent,
      () => this.#loseTransport(),
    );
  }

  #loseTransport(cause: Error | null = this.#parts.transport.error): void {
    this.#endTransport(cause);
    this.#parts.duplex.destroy(this.failure ?? undefined);
  }

  #endTransport(cause: Error | null = this.#parts.transport.error): void {
    this.#parts.engine.transportEnd(transportClosed(cause));
    this.#parts.pings.cancel();
  }
}
