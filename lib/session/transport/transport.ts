import net from 'node:net';
import { nextTick } from 'node:process';
import type { Duplex, Readable, Writable } from 'node:stream';
import { StallDeadline } from '../../common/deadline.ts';
import { explainTls } from '../../common/network/tls-error.ts';
import { Carrier } from './carrier.ts';

/** What sockets have beyond streams; other transports may lack any of it. */
interface SocketLike {
  ref?(): unknown;
  unref?(): unknown;
  setNoDelay?(noDelay: boolean): unknown;
  readonly allowHalfOpen?: boolean | undefined;
}

/** Which directions of the transport are closed, and why if it was an error. */
export interface TransportClosed {
  readonly input: boolean;
  readonly output: boolean;
  readonly error: Error | null;
}

/** What a transport tells its session. */
export interface TransportHost {
  /** A watched stream has emitted 'close', or the sink was ended by somebody. */
  closed(closed: TransportClosed): void;
  /** The sink takes bytes again. */
  drained(): void;
  /** The pipe into the sink was taken away: what the sink did not take may go elsewhere. */
  unpiped(): void;
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
  readonly #host: TransportHost;
  /** What is piped into the sink. */
  #piped: Duplex | null = null;
  /** What carries the bytes where no pipes do. */
  #carrier: Carrier | null = null;
  #lingering: StallDeadline | null = null;
  // Made when they are needed: most sinks are no end of a pipe, and always ready.
  #onDrain: (() => void) | null = null;
  #onUnpipe: ((source: unknown) => void) | null = null;

  constructor(host: TransportHost) {
    this.#host = host;
  }

  /** Where the bytes come from. */
  get source(): Readable | null {
    return this.#source;
  }

  /** The first error of the transport. */
  get error(): Error | null {
    return this.#error;
  }

  /** Whether a pipe leads into the sink. */
  get piped(): boolean {
    return this.#piped !== null;
  }

  /** Bytes that the sink has not passed on. */
  get pendingBytes(): number {
    return this.#sink?.writableLength ?? 0;
  }

  /** Whether the sink has asked to be given no more, or there is none. */
  get full(): boolean {
    return this.#sink === null || this.#sink.writableNeedDrain;
  }

  /** Whether output can still be sent after the input has ended. */
  get allowsHalfOpen(): boolean {
    return (this.#source as SocketLike | null)?.allowHalfOpen !== false;
  }

  /** Lets bytes flow both ways between `socket` and `session`, whose listener for 'data' is `output`: it calls `carryOutput()`. */
  attach(socket: Duplex, session: Duplex, output: (this: Duplex, chunk: Buffer) => void): void {
    this.setSource(socket);
    this.#lead(session, socket);
    this.#carrier = new Carrier(socket, session, output);
  }

  /** A piece came out of the session. */
  carryOutput(chunk: Buffer): void {
    this.#carrier?.carryOutput(chunk);
  }

  /** The bytes come through a pipe from now on, which is this one. */
  setSource(source: Readable): void {
    this.#carrier?.stopInput();
    if (source === this.#source) return;
    const former = this.#source;
    this.#source = source;
    this.#exchange(former, source);
  }

  /** The session has pushed all of its bytes. */
  endOutput(): void {
    this.#carrier?.endOutput();
  }

  /** What `attach()` takes to `sink`, or to anything if that is undefined, is taken no more. Whether nothing leads into a sink now. */
  unpipe(sink: unknown): boolean {
    const carrier = this.#carrier;
    if (carrier?.takesTo(sink) !== true) return false;
    carrier.stopOutput();
    if (sink !== undefined && sink !== this.#sink) return false;
    this.#unpiped(this.#piped);
    return true;
  }

  /** `session` is being piped into the sink. */
  setSink(sink: Writable, session: Duplex): void {
    this.#lead(session, sink);
    if (this.#onUnpipe !== null) return;
    this.#onUnpipe = (source) => this.#unpiped(source);
    sink.on('unpipe', this.#onUnpipe);
  }

  /** Tells the host when the sink takes bytes again, which it does not now. */
  awaitDrain(): void {
    if (this.#onDrain !== null) return;
    this.#onDrain = () => this.#host.drained();
    this.#sink?.on('drain', this.#onDrain);
  }

  /**
   * The socket into which a pipe carries all that `session` pushes, while that is all that happens to its bytes; else null. Other
   * sinks may keep bytes longer than they say.
   */
  socketOf(session: Duplex): net.Socket | null {
    const sink = this.#sink;
    if (this.#piped === null || !(sink instanceof net.Socket) || !sink.writable) return null;
    const idle = session.readableFlowing === true && session.readableLength === 0;
    return idle && session.listenerCount('data') === 1 ? sink : null;
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
    this.#lingering?.stop();
    for (const stream of this.#streams()) stream.destroy();
  }

  /**
   * Ends the sink, throws away what still comes, and closes when both directions have ended, or when nothing moved for `ms`
   * milliseconds. Closing at once would lose what the peer has not read yet: its bytes would be answered with a reset.
   */
  linger(ms: number, session: Duplex): void {
    const source = this.#source;
    const sink = this.#sink;
    this.#carrier?.stopInput();
    if (source !== null) {
      source.unpipe(session);
      source.resume();
    }
    sink?.end();
    if (ms === 0 || this.#streams().every((stream) => stream.closed)) return;
    this.#lingering ??= new StallDeadline();
    this.#lingering.start(
      ms,
      () => this.pendingBytes,
      () => this.destroy(),
    );
  }

  /** The bytes of `session` go into the sink from now on. */
  #lead(session: Duplex, sink: Writable): void {
    this.#piped = session;
    // All would leave twice.
    if (this.#carrier?.takesTo(sink) === true) this.#carrier.stopOutput();
    if (sink === this.#sink) return;
    const former = this.#sink;
    this.#sink = sink;
    this.#exchange(former, sink);
    former?.removeListener('finish', this.#onClose);
    if (this.#onDrain !== null) former?.removeListener('drain', this.#onDrain);
    if (this.#onUnpipe !== null) former?.removeListener('unpipe', this.#onUnpipe);
    this.#onDrain = null;
    this.#onUnpipe = null;
    sink.on('finish', this.#onClose);
  }

  #unpiped(source: unknown): void {
    if (source !== this.#piped) return;
    this.#piped = null;
    this.#host.unpiped();
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
      makeRoom(former, -1);
    }
    if (stream.listeners('close').includes(this.#onClose)) return;
    makeRoom(stream, 1);
    stream.on('close', this.#onClose);
    stream.on('error', this.#onError);
    (stream as SocketLike).setNoDelay?.(true);
    if (!this.#referenced) applyReference(stream, false);
    // Its 'close' has been emitted before, or is about to be.
    if (stream.destroyed) nextTick(this.#onClose);
  }

  readonly #onError = (error: Error): void => {
    this.#error ??= explainTls(error);
  };

  readonly #onClose = (): void => {
    const input = this.#source?.destroyed === true;
    const output = this.#sink?.destroyed === true || this.#sink?.writableFinished === true;
    if (this.#streams().every((stream) => stream.destroyed)) this.#lingering?.stop();
    this.#host.closed({ input, output, error: this.#error });
  };
}

/** So many listeners more are no leak: `stream.pipeline()` alone has as many at a TLS socket as one may have without a warning. */
function makeRoom(stream: Readable | Writable, listeners: number): void {
  const most = stream.getMaxListeners();
  if (most !== 0) stream.setMaxListeners(most + listeners);
}

function applyReference(stream: object, referenced: boolean): void {
  const socket = stream as SocketLike;
  if (referenced) socket.ref?.();
  else socket.unref?.();
}
