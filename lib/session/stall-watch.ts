import type { Duplex } from 'node:stream';
import { Deadline } from '../common/deadline.ts';
import type { Engine } from '../engine/engine.ts';
import { sessionStalled, streamStalled } from './end-reasons.ts';
import type { StreamRegistry } from './stream-registry.ts';
import type { Transport } from './transport.ts';

/** How often, within the time that a standstill may take, it is looked whether anything moves. */
const LOOKS = 4;

/** What is watched. */
export interface WatchedParts {
  /** The session. */
  readonly duplex: Duplex;
  readonly engine: Engine;
  readonly transport: Transport;
  readonly streams: StreamRegistry;
  /** For how long bytes may wait without any progress, in milliseconds; 0: any time. */
  readonly stallTimeoutMs: number;
}

/**
 * Ends what has bytes to send and sends none, since the peer takes none: a stream whose window stays shut, or a session whose transport
 * takes nothing. No clock is asked when something is sent: streams are looked at a few times within the limit.
 */
export class StallWatch {
  readonly #parts: WatchedParts;
  readonly #deadline = new Deadline();
  /** Bytes that the transport had passed on when it was looked at last, and how often they were the same. */
  #passed = 0;
  #looks = 0;

  constructor(parts: WatchedParts) {
    this.#parts = parts;
  }

  /** Begins to look. */
  start(): void {
    const { stallTimeoutMs } = this.#parts;
    if (stallTimeoutMs === 0) return;
    this.#deadline.start(Math.ceil(stallTimeoutMs / LOOKS), () => {
      this.#look();
      if (!this.#parts.duplex.destroyed) this.start();
    });
  }

  /** Looks no more. */
  stop(): void {
    this.#deadline.stop();
  }

  #look(): void {
    const { duplex, engine, transport, streams, stallTimeoutMs } = this.#parts;
    const waiting = duplex.readableLength + transport.pendingBytes;
    const passed = engine.statistics.bytesSent - waiting;
    this.#looks = waiting > 0 && passed === this.#passed ? this.#looks + 1 : 0;
    this.#passed = passed;
    if (this.#looks >= LOOKS) {
      duplex.destroy(sessionStalled(stallTimeoutMs));
      return;
    }
    for (const stream of streams.all) {
      if (stream.standing() < LOOKS) continue;
      stream.destroy(streamStalled(stream.id, stallTimeoutMs));
      // What was written has had its time: the reset does not wait for it once more.
      if (!stream.pending) engine.submitRstStream(stream.id, stream.rstStatus);
    }
  }
}
