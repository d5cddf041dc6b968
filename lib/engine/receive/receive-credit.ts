import { DEFAULT_WINDOW_SIZE, WINDOW_UPDATE } from '../../protocol/constants.ts';
import type { WindowUpdateFrame } from '../../protocol/frames.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';
import type { ResolvedOptions, WindowUpdateMode } from '../options/options.ts';
import type { SendQueue } from '../send/send-queue.ts';
import type { StreamRecord } from '../streams/stream-record.ts';
import type { StreamTable } from '../streams/stream-table.ts';

/**
 * The receiving side of flow control (SPDY/3 2.6.8): what the peer may send, what was received and consumed, and the WINDOW_UPDATE
 * frames that follow. A stream's window belongs to the stream object, the session's to this one.
 */
export class ReceiveCredit {
  readonly #version: ProtocolVersion;
  readonly #queue: SendQueue;
  readonly #streams: StreamTable;
  /** Whether the peer is held by windows. */
  #enabled: boolean;
  readonly #tolerance: number;
  /** How the application gives bytes back. */
  mode: WindowUpdateMode;
  /** Our INITIAL_WINDOW_SIZE, as far as the peer can know it. */
  initialWindow: number;
  /**
   * What a peer may send on a new stream: the largest value that it may still believe in, since SETTINGS has no acknowledgement and
   * every session starts at 65536.
   */
  #ceiling: number;
  /** Session window: what the peer may still send. */
  #window = DEFAULT_WINDOW_SIZE;
  /** Session window when all is given back. */
  #size = DEFAULT_WINDOW_SIZE;
  #consumed = 0;
  #queuedUpdate: WindowUpdateFrame | null = null;
  /** Bytes of the session received and not yet given back. */
  received = 0;
  /** Bytes handed to the application that it has not consumed (`consume` mode). */
  unconsumed = 0;
  /** Unconsumed bytes up to which the session window is given back on receipt. */
  readonly #onReceipt: number;
  /** Of the unconsumed bytes, those for which the session window was not given back yet. */
  #withheld = 0;

  constructor(
    version: ProtocolVersion,
    options: ResolvedOptions,
    queue: SendQueue,
    streams: StreamTable,
  ) {
    this.#version = version;
    this.#queue = queue;
    this.#streams = streams;
    this.#enabled = options.flowControl && version.streamWindows;
    this.#tolerance = options.receiveWindowTolerance;
    this.mode = options.windowUpdates;
    this.#onReceipt = options.sessionCreditLimit;
    // A larger one counts when it is announced: half of it may be more than the peer can send till then.
    this.initialWindow = Math.min(DEFAULT_WINDOW_SIZE, options.initialWindowSize);
    this.#ceiling = Math.max(DEFAULT_WINDOW_SIZE, options.initialWindowSize);
  }

  /** Window of a new stream in which the peer may send. */
  get newStreamWindow(): number {
    return this.#ceiling;
  }

  /**
   * Our INITIAL_WINDOW_SIZE changes: streams grow with it; when it shrinks, the peer may know the old value for a while, and what
   * was held back for half of the old window may be all that it can have of the new one.
   */
  setInitialWindow(bytes: number): void {
    this.initialWindow = bytes;
    const growth = Math.max(0, bytes - this.#ceiling);
    this.#ceiling += growth;
    for (const stream of this.#streams.values()) {
      stream.receiveWindow += growth;
      this.#creditStream(stream, 0);
    }
  }

  /** Whether windows hold the peer. */
  get streamWindows(): boolean {
    return this.#enabled;
  }

  /** What the peer may still send on the session; null where no window holds it. */
  get sessionWindow(): number | null {
    return this.#enabled && this.#version.sessionWindow ? this.#window : null;
  }

  /** A DATA frame of `length` bytes begins; false if it overruns the session window. */
  chargeSession(length: number): boolean {
    if (!this.#enabled || !this.#version.sessionWindow) return true;
    this.#window -= length;
    return this.#window >= -this.#tolerance;
  }

  /** A DATA frame of `length` bytes begins on a stream; false if it overruns the stream's window. */
  chargeStream(stream: StreamRecord, length: number): boolean {
    if (!this.#enabled) return true;
    stream.receiveWindow -= length;
    return stream.receiveWindow >= -this.#tolerance;
  }

  /** Payload was handed to the application. `last`: the peer sends no more on the stream, so it needs no credit there. */
  deliver(stream: StreamRecord, bytes: number, last: boolean): void {
    if (this.#version.sessionWindow) this.received += bytes;
    if (!last && this.#version.streamWindows) stream.received += bytes;
    if (this.mode === 'auto') {
      if (!last) this.#creditStream(stream, bytes);
      this.#creditSession(bytes);
    } else if (this.mode === 'consume') {
      stream.unconsumed += bytes;
      this.unconsumed += bytes;
      if (this.unconsumed <= this.#onReceipt) this.#creditSession(bytes);
      else this.#withheld += bytes;
    }
  }

  /** Payload was dropped: its session credit goes back at once. */
  discard(bytes: number): void {
    if (!this.#version.sessionWindow) return;
    this.received += bytes;
    if (this.mode !== 'manual') this.#creditSession(bytes);
  }

  /** The application has consumed bytes; more than were delivered to it do not count. */
  consume(stream: StreamRecord | undefined, streamId: number, bytes: number): void {
    const consumed =
      stream === undefined
        ? this.#streams.takeUnconsumed(streamId, bytes)
        : Math.min(bytes, stream.unconsumed);
    if (stream !== undefined) {
      stream.unconsumed -= consumed;
      this.#creditStream(stream, Math.min(consumed, stream.received - stream.consumed));
    }
    this.#release(consumed);
  }

  /**
   * A stream has ended. What a reset stream left unread is given back at once; after a normal end the application still holds the
   * bytes and goes on consuming them.
   */
  streamEnded(stream: StreamRecord, reset: boolean): void {
    if (stream.unconsumed === 0) return;
    if (reset) {
      this.#release(stream.unconsumed);
    } else {
      this.#streams.leaveUnconsumed(stream.streamId, stream.unconsumed);
    }
    stream.unconsumed = 0;
  }

  /** The application sends WINDOW_UPDATE itself: `stream` null is the session. */
  grant(stream: StreamRecord | null, delta: number): void {
    if (stream === null) {
      const returned = Math.min(delta, this.received);
      this.#size += delta - returned;
      this.#window += delta;
      this.received -= returned;
      this.#consumed = Math.max(0, this.#consumed - returned);
    } else {
      const returned = Math.min(delta, stream.received);
      stream.receiveWindow += delta;
      stream.received -= returned;
      stream.consumed = Math.max(0, stream.consumed - returned);
    }
    this.#queue.urgent.push(this.#update(stream === null ? 0 : stream.streamId, delta));
  }

  /** Nothing is sent any more: credit needs no WINDOW_UPDATE. */
  stop(): void {
    this.#enabled = false;
  }

  /** A WINDOW_UPDATE leaves the queue: later credit needs a new one. Whether it is one that nobody submitted. */
  updateLeaves(frame: WindowUpdateFrame, stream: StreamRecord | undefined): boolean {
    if (frame === this.#queuedUpdate) this.#queuedUpdate = null;
    else if (stream !== undefined && frame === stream.queuedUpdate) stream.queuedUpdate = null;
    else return false;
    return true;
  }

  /** Bytes are not held for the application any more. */
  #release(bytes: number): void {
    this.unconsumed -= bytes;
    const credit = Math.min(bytes, this.#withheld);
    this.#withheld -= credit;
    this.#creditSession(credit);
  }

  #creditStream(stream: StreamRecord, bytes: number): void {
    if (!this.#version.streamWindows || stream.remoteClosed || stream.closing || stream.closed)
      return;
    stream.consumed += bytes;
    if (stream.consumed === 0 || stream.consumed < this.initialWindow >> 1) return;
    const delta = stream.consumed;
    stream.consumed = 0;
    stream.received -= delta;
    stream.receiveWindow += delta;
    if (!this.#enabled) return;
    if (stream.queuedUpdate !== null) {
      (stream.queuedUpdate as { delta: number }).delta += delta;
    } else {
      stream.queuedUpdate = this.#update(stream.streamId, delta);
      this.#queue.urgent.push(stream.queuedUpdate);
    }
  }

  #creditSession(bytes: number): void {
    if (!this.#version.sessionWindow) return;
    // Not twice what the application has granted ahead by submitWindowUpdate().
    this.#consumed = Math.min(this.received, this.#consumed + bytes);
    if (this.#consumed === 0 || this.#consumed < this.#size / 2) return;
    const delta = this.#consumed;
    this.#consumed = 0;
    this.received -= delta;
    this.#window += delta;
    if (!this.#enabled) return;
    if (this.#queuedUpdate !== null) {
      (this.#queuedUpdate as { delta: number }).delta += delta;
    } else {
      this.#queuedUpdate = this.#update(0, delta);
      this.#queue.urgent.push(this.#queuedUpdate);
    }
  }

  #update(streamId: number, delta: number): WindowUpdateFrame {
    return {
      version: this.#version.wire,
      flags: 0,
      length: 8,
      type: WINDOW_UPDATE,
      streamId,
      delta,
    };
  }
}
