import type { Duplex } from 'node:stream';
import { Deadline } from '../../common/deadline.ts';
import type { Engine } from '../../engine/engine.ts';
import { sessionStalled, streamStalled } from '../end-reasons.ts';
import type { StreamRegistry } from '../streams/stream-registry.ts';
import type { Transport } from '../transport/transport.ts';

/** How often, within the time that a standstill may take, it is looked whether anything moves. */
const LOOKS = 4;

/** A stream that a window holds. */
interface Standing {
  /** What had been sent of it. */
  readonly bytesSent: number;
  /** How often that was the same. */
  readonly looks: number;
}

const NONE: ReadonlyMap<number, Standing> = new Map();

/** What is watched. */
export interface WatchedParts {
  /** The session. */
  readonly duplex: Duplex;
  readonly engine: Engine;
  readonly transport: Transport;
  readonly streams: StreamRegistry;
  readonly settled: {
    /** For how long bytes may wait without any progress, in milliseconds; 0: any time. */
    readonly stallTimeoutMs: number;
  };
  /** Lets what was queued leave soon. */
  schedule(): void;
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
  /** Frames that had come and gone then: while these stay the same, the session rests. */
  #frames = 0;
  /** Payload that the session had sent when it was looked at last. */
  #dataSent = 0;
  /** Streams that a window held then, by their ids. */
  #standing: ReadonlyMap<number, Standing> = NONE;

  constructor(parts: WatchedParts) {
    this.#parts = parts;
  }

  /** Begins to look. */
  start(): void {
    const { stallTimeoutMs } = this.#parts.settled;
    if (stallTimeoutMs === 0) return;
    this.#deadline.start(Math.ceil(stallTimeoutMs / LOOKS), () => this.#elapsed());
  }

  /** Looks no more. */
  stop(): void {
    this.#deadline.stop();
  }

  #elapsed(): void {
    this.#look();
    if (!this.#parts.duplex.destroyed) this.start();
  }

  #look(): void {
    const { duplex, engine, transport, settled } = this.#parts;
    const { framesReceived, framesSent } = engine.statistics;
    const frames = framesReceived + framesSent;
    if (frames === this.#frames) engine.rest();
    this.#frames = frames;
    const waiting = duplex.readableLength + transport.pendingBytes;
    const passed = engine.statistics.bytesSent - waiting;
    this.#looks = waiting > 0 && passed === this.#passed ? this.#looks + 1 : 0;
    this.#passed = passed;
    if (this.#looks >= LOOKS) {
      duplex.destroy(sessionStalled(settled.stallTimeoutMs));
      return;
    }
    this.#lookAtStreams();
  }

  #lookAtStreams(): void {
    const { engine, streams, settled } = this.#parts;
    const { dataSent } = engine.statistics;
    const sessionMoved = dataSent !== this.#dataSent;
    this.#dataSent = dataSent;
    let standing: Map<number, Standing> | null = null;
    for (const { id, sending, bytesSent } of streams.states()) {
      if (sending !== 'streamWindow' && (sending !== 'sessionWindow' || sessionMoved)) continue;
      const before = this.#standing.get(id);
      const looks = before?.bytesSent === bytesSent ? before.looks + 1 : 0;
      if (looks < LOOKS) {
        standing ??= new Map();
        standing.set(id, { bytesSent, looks });
        continue;
      }
      const stalled = streamStalled(id, settled.stallTimeoutMs);
      streams.find(id)?.fail(stalled);
      // What was written has had its time: the reset does not wait for it once more.
      engine.submitRstStream(id, stalled.status);
      this.#parts.schedule();
    }
    this.#standing = standing ?? NONE;
  }
}
