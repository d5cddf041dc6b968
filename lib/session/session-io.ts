import { nextTick } from 'node:process';
import type { Duplex, Readable } from 'node:stream';
import type { Engine } from '../engine/engine.ts';
import type { Side } from '../protocol/constants.ts';
import { destroyedBy } from './end-reasons.ts';
import { TypedDuplex } from './evented-duplex.ts';
import { SessionCore, type SessionShell } from './session-core.ts';
import type { SessionEvents } from './session-events.ts';
import { resolveSessionOptions, type SessionOptions } from './session-options.ts';
import { CHANNELS } from './trace/diagnostics.ts';
import { resolveVersion, type SessionVersion } from './transport/negotiate.ts';
import type { Transport } from './transport/transport.ts';

/** Called when a write was processed, or a step of the end is done. */
type Done = (error?: Error | null) => void;

/**
 * The Duplex of a session: bytes from the transport go into the engine, slabs of frames come out of it, and the life of the
 * transport is followed. What is spoken is the engine's matter, what the application asks for that of `Session`.
 */
export abstract class SessionIo extends TypedDuplex<SessionEvents> implements SessionShell {
  /** What works inside. */
  protected readonly core: SessionCore;

  constructor(side: Side, version: SessionVersion, options: SessionOptions) {
    const protocol = resolveVersion(version);
    const settled = resolveSessionOptions(protocol, options);
    super({
      readableHighWaterMark: settled.highWaterMark,
      writableHighWaterMark: settled.highWaterMark,
    });
    this.core = new SessionCore(this, side, protocol, settled, options);
    this.on('pipe', this.#onPipe);
    this.on('end', this.#onEnd);
    if (CHANNELS.sessionCreated.hasSubscribers) {
      CHANNELS.sessionCreated.publish({ session: this, error: null });
    }
  }

  /** Ends in order. */
  abstract close(): Promise<void>;

  /** What speaks SPDY. */
  protected get engine(): Engine {
    return this.core.engine;
  }

  /** Where the bytes come from and go. */
  protected get transport(): Transport {
    return this.core.transport;
  }

  /** Sends what was submitted at the end of this tick. */
  protected schedule(): void {
    this.core.schedule();
  }

  /** Sends what was submitted now, not only behind the running callback: for those who submit a lot in one. */
  flush(): void {
    this.core.flush();
  }

  // The Duplex

  /** Carries bytes both ways between the session and `socket`. */
  protected carry(socket: Duplex): void {
    this.transport.attach(socket, this, this.#onOutput);
    this.core.redirected();
  }

  /** Pipes what is sent into `destination`, whose life is followed from then on. */
  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    this.transport.setSink(destination as unknown as Parameters<Transport['setSink']>[0], this);
    super.pipe(destination, options);
    this.core.redirected();
    return destination;
  }

  /** Takes away what leads into `destination`, or into anything: pipes, and what `attach()` has made. */
  override unpipe(destination?: NodeJS.WritableStream): this {
    if (this.transport.unpipe(destination)) this.pause();
    return super.unpipe(destination);
  }

  override _read(): void {
    this.core.want();
  }

  /** As of every Duplex; bytes that hold no further ones back are processed at once, without what a Writable does around each. */
  override write(chunk: unknown, encoding?: BufferEncoding | Done, done?: Done): boolean {
    const { access, inlet } = this.core;
    const plain = encoding === undefined && done === undefined && chunk instanceof Buffer;
    const idle = this.writable && this.writableLength === 0 && this.writableCorked === 0;
    if (!plain || !idle || access.busy || !inlet.hasRoom(chunk.length))
      return super.write(chunk, encoding as BufferEncoding, done);
    this.core.receive(chunk);
    return !this.destroyed;
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    const { core } = this;
    if (core.access.busy) {
      // A listener wrote to its own session.
      nextTick(() => this._write(chunk, encoding, done));
      return;
    }
    core.receive(chunk);
    core.inlet.processed(done);
  }

  override _final(done: Done): void {
    if (this.core.access.busy) {
      // A listener ended its own session: what came before that is still being processed.
      nextTick(() => this._final(done));
      return;
    }
    this.core.ending.inputEnd();
    done();
  }

  /**
   * Ends at once: open streams end with a `SessionError` `ERR_SPDY_SESSION_CLOSED`, GOAWAY is sent if it can leave at once and in order, the socket is
   * destroyed, and `error` is emitted. Where the session has ended it is no failure any more: `stream.pipeline()` and `for await` give an error there.
   */
  override destroy(error?: Error): this {
    const over = this.readableEnded && (this.writableFinished || error?.name === 'AbortError');
    return super.destroy(over ? (this.core.ending.failure ?? undefined) : error);
  }

  override _destroy(given: Error | null, done: Done): void {
    const { engine, ending, access } = this.core;
    // Where the input has ended too, a Duplex destroys itself behind 'end', before that 'end' has told the failure.
    const error = given ?? (this.readableEnded ? ending.failure : null);
    if (!engine.failed && !this.readableEnded) {
      // With GOAWAY; what the engine still has to read of the current chunk is dropped.
      const reason = destroyedBy(error);
      engine.failSession(reason.status, reason);
    }
    if (access.busy) nextTick(() => this.#finishDestroy(error, done));
    else this.#finishDestroy(error, done);
  }

  #finishDestroy(error: Error | null, done: Done): void {
    this.core.release(error);
    if (CHANNELS.sessionClosed.hasSubscribers) {
      CHANNELS.sessionClosed.publish({ session: this, error });
    }
    done(error);
  }

  // Listeners of its own, called as methods: one function for all sessions.

  #onPipe(source: Readable): void {
    this.transport.setSource(source);
  }

  #onOutput(chunk: Buffer): void {
    this.transport.carryOutput(chunk);
  }

  #onEnd(): void {
    // All bytes were handed to the transport, GOAWAY included.
    this.transport.endOutput();
    const { failure } = this.core.ending;
    if (failure !== null) nextTick(() => this.destroy(failure));
  }
}
