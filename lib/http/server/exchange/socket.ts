import type { EventEmitter } from 'node:events';
import { nextTick } from 'node:process';
import { Deadline } from '../../../common/deadline.ts';
import { hearsErrors } from '../../../common/hears-errors.ts';
import { InvalidStateError } from '../../../errors.ts';
import { CANCEL, INTERNAL_ERROR } from '../../../protocol/constants.ts';
import type { Session, SpdyStream } from '../../../session/public.ts';
import { ConnectionFacts } from '../connection/connection-facts.ts';

/** How long a complete reply may take to leave when its stream was destroyed. */
const LEAVE_MS = 5000;

/**
 * What `request.socket` is: the facts of the connection that all streams share (addresses, TLS, the client's certificate), and the life
 * of one stream. `destroy()` resets the stream, `setTimeout()` watches it, 'close' tells its end; the connection goes on.
 */
export class ServerSocket extends ConnectionFacts {
  /** The SPDY stream of the request. */
  readonly stream: SpdyStream;
  /** The session that the stream belongs to. Its `socket` is the real one. */
  readonly session: Session;
  /** The server that the request came to. */
  readonly server: EventEmitter;
  /** Whether the client speaks TLS, if only as far as a terminator in front of this server. May be set, as middleware does. */
  encrypted: boolean;
  /** Payload bytes of the reply that were written. */
  bytesWritten = 0;
  /** How often `cork()` was called without `uncork()`. It holds nothing back. */
  writableCorked = 0;
  /** Milliseconds given to `setTimeout()`, undefined before. */
  timeout: number | undefined;
  #destroyed = false;
  #closed = false;
  #error: Error | null = null;

  /** The server makes it. @internal */
  constructor(stream: SpdyStream, session: Session, server: EventEmitter, secure: boolean) {
    super();
    this.stream = stream;
    this.session = session;
    this.server = server;
    this.encrypted = secure;
  }

  /** Whether the stream is there still. */
  get readable(): boolean {
    return !this.destroyed;
  }

  /** Whether the response may still be written. */
  get writable(): boolean {
    return !this.destroyed && this.stream.writable;
  }

  /** Whether the stream has ended or was reset. */
  get destroyed(): boolean {
    return this.#destroyed || this.stream.destroyed;
  }

  /** Whether the stream has emitted 'close'. */
  get closed(): boolean {
    return this.#closed;
  }

  /** False: a stream has its connection from birth. */
  get connecting(): boolean {
    return false;
  }

  /** False, as `connecting`. */
  get pending(): boolean {
    return false;
  }

  /** `'open'`, or `'closed'` when the stream has ended. */
  get readyState(): string {
    return this.destroyed ? 'closed' : 'open';
  }

  /** Bytes of the request body received. */
  get bytesRead(): number {
    return this.stream.bytesRead;
  }

  /** Bytes that the stream keeps unread before it stops reading. */
  get readableHighWaterMark(): number {
    return this.stream.readableHighWaterMark;
  }

  /** Bytes that may be written before `write()` of the response gives false. */
  get writableHighWaterMark(): number {
    return this.stream.writableHighWaterMark;
  }

  /** Bytes written that have not left. */
  get writableLength(): number {
    return this.stream.writableLength;
  }

  /** The old name of `writableLength`. */
  get bufferSize(): number {
    return this.writableLength;
  }

  /** Pieces that were written and have not left: not told, see `writableLength`. */
  get writableBuffer(): unknown[] {
    return [];
  }

  /** Whether the response was ended. */
  get writableEnded(): boolean {
    return this.stream.writableEnded;
  }

  /** Whether all bytes of the response have left. */
  get writableFinished(): boolean {
    return this.stream.writableFinished;
  }

  /** Whether whoever writes the response waits for 'drain'. */
  get writableNeedDrain(): boolean {
    return this.stream.writableNeedDrain;
  }

  /** Whether the stream ended before the response was complete. */
  get writableAborted(): boolean {
    return this.stream.writableAborted;
  }

  /** Bytes of the request that nobody has read. */
  get readableLength(): number {
    return this.stream.readableLength;
  }

  /** Pieces of the request that nobody has read: not told, see `readableLength`. */
  get readableBuffer(): unknown[] {
    return [];
  }

  /** Whether the request is read; null if nobody has begun to. */
  get readableFlowing(): boolean | null {
    return this.stream.readableFlowing;
  }

  /** Whether the request was read to its end. */
  get readableEnded(): boolean {
    return this.stream.readableEnded;
  }

  /** Whether the stream ended before the request was read. */
  get readableAborted(): boolean {
    return this.stream.readableAborted;
  }

  /** Whether anything of the request was read. */
  get readableDidRead(): boolean {
    return this.stream.readableDidRead;
  }

  /** False: it carries bytes. */
  get writableObjectMode(): boolean {
    return false;
  }

  /** False: it carries bytes. */
  get readableObjectMode(): boolean {
    return false;
  }

  /** Null: bytes are read from the request. */
  get readableEncoding(): BufferEncoding | null {
    return null;
  }

  /** Why the stream has ended, null as long as it has not, and for an end in order. */
  get errored(): Error | null {
    return this.#error;
  }

  /**
   * Resets the stream: with CANCEL, or with INTERNAL_ERROR for an error, which is emitted before 'close' for those who listen. What was
   * written before still leaves, a complete reply for 5 seconds at most.
   */
  destroy(error?: Error | null): this {
    if (this.destroyed) return this;
    this.#destroyed = true;
    this.#error = error ?? null;
    const { stream } = this;
    const status = this.#error === null ? CANCEL : INTERNAL_ERROR;
    // Who destroys a request hears of that first, and of the end of the stream then.
    nextTick(() => {
      if (!stream.writableEnded || stream.writableFinished) {
        stream.close(status);
        return;
      }
      const deadline = new Deadline();
      deadline.start(LEAVE_MS, () => stream.close(status));
      stream.once('finish', () => nextTick(() => stream.close(status)));
      stream.once('close', () => deadline.stop());
    });
    return this;
  }

  /** Resets the stream with CANCEL, as `destroy()` without an error. */
  resetAndDestroy(): this {
    return this.destroy();
  }

  /** Resets the stream when what was written has left. */
  destroySoon(): void {
    this.destroy();
  }

  /** The stream has ended, for this reason if it was one: 'error' for those who listen. @internal */
  failed(cause: Error | null): void {
    this.#error ??= cause;
    this.#destroyed = true;
    if (this.#error !== null && hearsErrors(this)) this.emit('error', this.#error);
  }

  /** Nothing follows: 'close'. @internal */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Much middleware (`on-finished`) learns only from here that a client has gone.
    this.emit('close', this.#error !== null);
  }

  /** 'timeout' is emitted on the request, the response, the server and here; when nobody listens the stream is reset. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    this.stream.setTimeout(milliseconds);
    this.timeout = milliseconds;
    if (listener !== undefined) this.once('timeout', listener);
    return this;
  }

  /** Does nothing: pause the request. */
  pause(): this {
    return this;
  }

  /** Does nothing, as `pause()`. */
  resume(): this {
    return this;
  }

  /** False: the request is what is paused. */
  isPaused(): boolean {
    return false;
  }

  /** Null: bytes are read from the request. */
  read(): null {
    return null;
  }

  /** Does nothing: bytes are read from the request. */
  setEncoding(): this {
    return this;
  }

  /** Does nothing: bytes are written to the response. */
  setDefaultEncoding(): this {
    return this;
  }

  /** Only counts: what is written in one tick leaves together. */
  cork(): void {
    this.writableCorked++;
  }

  /** Only counts, as `cork()`. */
  uncork(): void {
    if (this.writableCorked > 0) this.writableCorked--;
  }

  /** Bytes that are no frames have no place on the connection: always throws. */
  write(): never {
    throw new InvalidStateError('write to the response: the connection carries SPDY frames');
  }

  /** Ends the stream, as servers do that close connections in order: `destroySoon()`. With a chunk it throws as `write()` does. */
  end(chunk?: unknown): this {
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') this.write();
    this.destroySoon();
    return this;
  }
}
