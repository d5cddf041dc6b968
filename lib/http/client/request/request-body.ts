import { nextTick } from 'node:process';
import type { HeaderList } from '../../../protocol/frames.ts';
import { httpError } from '../../http-error.ts';
import type { BodySink } from '../exchange/exchange.ts';
import { BODY_HIGH_WATER_MARK, BodyStream } from './body-stream.ts';

/** Is called back when a piece of the body was sent, or cannot be. */
export type BodyCallback = (error?: Error | null) => void;

/** The request that a body belongs to. */
export interface BodyOwner {
  emit(event: 'drain' | 'error' | 'finish', ...args: unknown[]): boolean;
  listenerCount(event: 'finish'): number;
  /** The head may leave: there are bytes that want to follow it, or there are none. */
  flushHeaders(): void;
}

/** The body of a request. Most have none, so that the stream that carries its bytes is made with the first of them. */
export class RequestBody {
  /** Fields to be sent behind the body. */
  trailers: HeaderList = [];
  readonly #owner: BodyOwner;
  readonly #limit: number;
  #stream: BodyStream | null = null;
  #exchange: BodySink | null = null;
  #released = false;
  #destroyed = false;
  /** Ended without a stream. */
  #ended = false;
  #finished = false;
  #onFinish: BodyCallback[] | null = null;

  /** `limit`: bytes that are kept for another attempt. */
  constructor(owner: BodyOwner, limit: number) {
    this.#owner = owner;
    this.#limit = limit;
  }

  /** Writes a piece. False: wait for 'drain'. */
  write(
    chunk: unknown,
    encoding?: BufferEncoding | BodyCallback,
    callback?: BodyCallback,
  ): boolean {
    return this.#open().write(chunk, encoding as BufferEncoding, callback);
  }

  /** Ends it, with a last piece if one is given. */
  end(chunk: unknown, encoding?: BufferEncoding | BodyCallback, callback?: BodyCallback): void {
    const given = typeof chunk === 'function' || chunk === null ? undefined : chunk;
    if (given !== undefined) {
      this.#open().end(chunk, encoding as BufferEncoding, callback);
      return;
    }
    if (this.#stream !== null || this.#destroyed) {
      const stream = this.#stream ?? this.#made();
      stream.end(chunk, encoding as BufferEncoding, callback);
      return;
    }
    this.#ended = true;
    for (const done of [chunk, encoding, callback]) {
      if (typeof done === 'function') this.#whenFinished(done as BodyCallback);
    }
    // The head may have left long ago.
    if (this.#exchange !== null) this.#endBy(this.#exchange);
  }

  /** The encoding of text that is written without one. */
  setDefaultEncoding(encoding: BufferEncoding): void {
    this.#open().setDefaultEncoding(encoding);
  }

  /** Holds pieces back until `uncork()`. */
  cork(): void {
    this.#open().cork();
  }

  /** Lets pieces go that `cork()` held back. */
  uncork(): void {
    this.#stream?.uncork();
  }

  /** Whether `end()` was called. */
  get writableEnded(): boolean {
    return this.#ended || this.#stream?.writableEnded === true;
  }

  /** Whether all of it was sent. */
  get writableFinished(): boolean {
    return this.#finished || this.#stream?.writableFinished === true;
  }

  /** Bytes that wait to be sent. */
  get writableLength(): number {
    return this.#stream?.writableLength ?? 0;
  }

  /** Bytes that may wait before `write()` returns false. */
  get writableHighWaterMark(): number {
    return BODY_HIGH_WATER_MARK;
  }

  /** How often `uncork()` has to be called until pieces leave. */
  get writableCorked(): number {
    return this.#stream?.writableCorked ?? 0;
  }

  /** Whether `write()` has returned false and 'drain' will come. */
  get writableNeedDrain(): boolean {
    return this.#stream?.writableNeedDrain === true;
  }

  /** Whether all of it could be sent once more. */
  get repeatable(): boolean {
    return this.#stream?.repeatable ?? !this.#released;
  }

  /** How many bytes of it were taken so far. */
  get bytes(): number {
    return this.#stream?.bytes ?? 0;
  }

  /** Its length in bytes, null as long as that is not known. */
  get length(): number | null {
    if (this.#stream !== null) return this.#stream.length;
    return this.#ended ? 0 : null;
  }

  /** From now on it goes to this exchange, from its beginning. */
  sendTo(exchange: BodySink): void {
    this.#exchange = exchange;
    if (this.#stream !== null) this.#stream.sendTo(exchange);
    else if (this.#ended) this.#endBy(exchange);
  }

  /** The exchange has failed; there may be another one. */
  detach(): void {
    this.#exchange = null;
    this.#stream?.detach();
  }

  /** There will be no other attempt. */
  release(): void {
    this.#released = true;
    this.#stream?.release();
  }

  /** Nobody wants the rest: whoever still writes is not left waiting. */
  settle(): void {
    this.release();
    this.#exchange = null;
    if (this.#stream !== null) this.#stream.settle();
    else if (this.#ended && !this.#finished) nextTick(() => this.#finish());
  }

  /** Takes no more. */
  destroy(): void {
    this.#destroyed = true;
    this.#stream?.destroy();
  }

  /** The stream for what is written. Behind the end it is one for the errors that it makes: what was written before goes on. */
  #open(): BodyStream {
    const stream = this.#stream;
    return stream === null || stream.writableEnded ? this.#made() : stream;
  }

  #made(): BodyStream {
    const owner = this.#owner;
    const ended = this.writableEnded;
    const begun = ended ? () => {} : () => owner.flushHeaders();
    const stream = new BodyStream(this.#limit, begun, () => this.trailers);
    stream.on('error', (error) => owner.emit('error', error));
    if (ended) {
      stream.end();
      return stream;
    }
    stream.on('drain', () => owner.emit('drain'));
    stream.on('finish', () => owner.emit('finish'));
    this.#stream = stream;
    if (this.#released) stream.release();
    if (this.#exchange !== null) stream.sendTo(this.#exchange);
    if (this.#destroyed) stream.destroy();
    return stream;
  }

  #whenFinished(done: BodyCallback): void {
    if (this.#finished) {
      const message = 'Cannot call end after a stream was finished';
      nextTick(done, httpError(Error, 'ERR_STREAM_ALREADY_FINISHED', message));
      return;
    }
    this.#onFinish ??= [];
    this.#onFinish.push(done);
  }

  #endBy(exchange: BodySink): void {
    if (this.#onFinish === null && this.#owner.listenerCount('finish') === 0) {
      this.#finished = true;
      exchange.end(this.trailers, null);
      return;
    }
    exchange.end(this.trailers, () => {
      if (exchange === this.#exchange) this.#finish();
    });
  }

  #finish(): void {
    if (this.#finished || this.#destroyed) return;
    this.#finished = true;
    for (const done of this.#onFinish ?? []) done();
    this.#owner.emit('finish');
  }
}
