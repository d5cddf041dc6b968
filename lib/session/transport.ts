import type { Duplex, Readable, Writable } from 'node:stream';
import { StallDeadline } from './keepalive.ts';

/** What sockets have beyond streams; other transports may lack any of it. */
interface SocketLike {
  ref?(): unknown;
  unref?(): unknown;
  setNoDelay?(noDelay: boolean): unknown;
  readonly allowHalfOpen?: boolean;
}

/** Which directions of the transport are closed, and why if it was an error. */
export interface TransportClosed {
  readonly input: boolean;
  readonly output: boolean;
  readonly error: Error | null;
}

/**
 * The streams around a session: where its bytes come from and where they go, usually one socket. `pipe()` passes no error and no
 * destruction on, so they are watched here. An error of the transport is taken, hence it does not crash a process that
 * listens for none.
 */
export class Transport {
  #source: Readable | null = null;
  #sink: Writable | null = null;
  #error: Error | null = null;
  #referenced = true;
  readonly #closed: (closed: TransportClosed) => void;
  readonly #lingering = new StallDeadline();

  /** `closed` is called when a watched stream emits 'close', and when the sink was ended by somebody. */
  constructor(closed: (closed: TransportClosed) => void) {
    this.#closed = closed;
  }

  /** Where the bytes come from. */
  get source(): Readable | null {
    return this.#source;
  }

  /** The first error of the transport. */
  get error(): Error | null {
    return this.#error;
  }

  /** Bytes that the sink has not passed on. */
  get pendingBytes(): number {
    return this.#sink?.writableLength ?? 0;
  }

  /** Whether output can still be sent after the input has ended. */
  get allowsHalfOpen(): boolean {
    return (this.#source as SocketLike | null)?.allowHalfOpen !== false;
  }

  setSource(source: Readable): void {
    if (source === this.#source) return;
    const former = this.#source;
    this.#source = source;
    this.#exchange(former, source);
  }

  setSink(sink: Writable): void {
    if (sink === this.#sink) return;
    const former = this.#sink;
    this.#sink = sink;
    this.#exchange(former, sink);
    former?.removeListener('finish', this.#onClose);
    sink.on('finish', this.#onClose);
  }

  /** Lets the transport keep the process alive or not, now and when it comes. */
  reference(referenced: boolean): void {
    this.#referenced = referenced;
    for (const stream of this.#streams()) applyReference(stream, referenced);
  }

  /** Writes bytes behind what was written, if the sink is ready for them. */
  write(bytes: Buffer): void {
    if (this.#sink?.writable === true && !this.#sink.writableNeedDrain) this.#sink.write(bytes);
  }

  /** Closes at once. */
  destroy(): void {
    this.#lingering.stop();
    for (const stream of this.#streams()) stream.destroy();
  }

  /**
   * Ends the sink, throws away what still comes, and closes when both directions have ended, or when nothing moved for `ms`
   * milliseconds. Closing at once would lose what the peer has not read yet: its bytes would be answered with a reset.
   */
  linger(ms: number, session: Duplex): void {
    const source = this.#source;
    const sink = this.#sink;
    if (source !== null) {
      source.unpipe(session);
      source.resume();
    }
    sink?.end();
    if (ms === 0 || this.#streams().every((stream) => stream.closed)) return;
    this.#lingering.start(
      ms,
      () => this.pendingBytes,
      () => this.destroy(),
    );
  }

  #streams(): (Readable | Writable)[] {
    const streams: (Readable | Writable)[] = [];
    if (this.#source !== null) streams.push(this.#source);
    if (this.#sink !== null && (this.#sink as unknown) !== this.#source) streams.push(this.#sink);
    return streams;
  }

  #exchange(former: Readable | Writable | null, stream: Readable | Writable): void {
    const inUse = (other: unknown): boolean => other === this.#source || other === this.#sink;
    if (former !== null && !inUse(former)) {
      former.removeListener('close', this.#onClose);
      former.removeListener('error', this.#onError);
    }
    if (stream.listeners('close').includes(this.#onClose)) return;
    stream.on('close', this.#onClose);
    stream.on('error', this.#onError);
    (stream as SocketLike).setNoDelay?.(true);
    if (!this.#referenced) applyReference(stream, false);
    // Its 'close' has been emitted before, or is about to be.
    if (stream.destroyed) process.nextTick(this.#onClose);
  }

  readonly #onError = (error: Error): void => {
    this.#error ??= error;
  };

  readonly #onClose = (): void => {
    const input = this.#source?.destroyed === true;
    const output = this.#sink?.destroyed === true || this.#sink?.writableFinished === true;
    if (this.#streams().every((stream) => stream.destroyed)) this.#lingering.stop();
    this.#closed({ input, output, error: this.#error });
  };
}

function applyReference(stream: object, referenced: boolean): void {
  const socket = stream as SocketLike;
  if (referenced) socket.ref?.();
  else socket.unref?.();
}
