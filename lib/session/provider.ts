import { Readable } from 'node:stream';
import type { DataSource, ReadCtrl } from '../engine/data-provider.ts';
import { InvalidArgumentError, TemporalCallbackFailureError } from '../errors.ts';
import { ERR_DEFERRED, READ_EOF } from '../protocol/constants.ts';
import { raise } from './raise.ts';

/**
 * Where the payload of a stream may come from: Spdylay's provider, bytes or a string (UTF-8) that are there already, a Readable, or
 * anything that can be iterated, at once or asynchronously, for bytes and strings. Bytes that
 * were handed over must not be changed any more.
 */
export type DataInput =
  | DataSource
  | Uint8Array
  | string
  | Readable
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>;

/** What a provider needs of its session. */
export interface ProviderHost {
  /** There is something again for a stream. */
  resumeData(streamId: number): unknown;
}

/**
 * Makes a data source of what the application gave. `host.resumeData()` is called with the stream's id when there is something
 * again after the source had nothing. Failures of a Readable or an iterator reset their stream with INTERNAL_ERROR.
 *
 * @throws InvalidArgumentError for anything else
 */
export function toDataSource(
  input: DataInput | null | undefined,
  host: ProviderHost,
): DataSource | null {
  if (input === null || input === undefined) return null;
  if (typeof input === 'string') return new BytesSource(Buffer.from(input));
  if (input instanceof Uint8Array) return new BytesSource(input);
  if (typeof input === 'object') {
    if (input instanceof Readable) return new ReadableSource(input, host);
    if (Symbol.asyncIterator in input) {
      return new IteratorSource(input[Symbol.asyncIterator](), host);
    }
    if (Symbol.iterator in input) return new IteratorSource(input[Symbol.iterator](), host);
    // As in Spdylay, an object without a read function counts as no provider.
    if ('readCb' in input) return typeof input.readCb === 'function' ? input : null;
  }
  throw new InvalidArgumentError(
    'a data provider must have readCb, or be bytes, a string, a Readable or iterable',
  );
}

/** Bytes that are all there. */
class BytesSource implements DataSource {
  readonly stable = true;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  readCb(_streamId: number, length: number, control: ReadCtrl): Uint8Array {
    const piece = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += piece.length;
    if (this.ended) control.flags = READ_EOF;
    return piece;
  }
}

/** No chunk: any value, null as well, may come out of an iterator. */
const NOTHING = Symbol('nothing');

/** What a Readable and an iterator have in common: chunks of any size come now or later, cut to what is asked for. */
abstract class FeedSource implements DataSource {
  readonly stable: boolean = true;
  readonly #host: ProviderHost;
  /** Known from the first question on. */
  #streamId = 0;
  /** What was read and not yet handed over. */
  #rest: Uint8Array | null = null;
  #failure: TemporalCallbackFailureError | null = null;
  /** Nothing more will come. */
  protected finished = false;
  protected closed = false;

  constructor(host: ProviderHost) {
    this.#host = host;
  }

  get ended(): boolean {
    return this.finished && this.#rest === null && this.#failure === null;
  }

  readCb(
    streamId: number,
    length: number,
    control: ReadCtrl,
  ): Uint8Array | typeof ERR_DEFERRED | null {
    this.#streamId = streamId;
    if (this.#rest === null && this.#failure === null && !this.finished) this.#readMore(length);
    if (this.#failure !== null) throw this.#failure;
    const rest = this.#rest;
    if (rest === null) {
      if (!this.finished) return ERR_DEFERRED;
      control.flags = READ_EOF;
      return null;
    }
    const piece = rest.length > length ? rest.subarray(0, length) : rest;
    this.#rest = rest.length > length ? rest.subarray(length) : null;
    if (this.ended) control.flags = READ_EOF;
    return piece;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#rest = null;
    this.stop();
  }

  /** The next chunk, or NOTHING when it comes later (then `wake` follows) or never (`finished`). */
  protected abstract next(length: number): unknown;

  /** Nobody asks any more. */
  protected abstract stop(): void;

  /** Takes a chunk that came later. */
  protected deliver(chunk: unknown): void {
    try {
      const bytes = toBytes(chunk);
      if (bytes.length > 0) this.#rest = bytes;
    } catch (exception) {
      this.fail(exception);
    }
  }

  protected fail(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#failure ??= new TemporalCallbackFailureError(`the data source failed: ${reason}`, {
      cause,
    });
  }

  /** There is something to say after `next` had nothing. */
  protected wake(): void {
    if (this.#streamId !== 0 && !this.closed) this.#host.resumeData(this.#streamId);
  }

  #readMore(length: number): void {
    try {
      while (this.#rest === null && this.#failure === null && !this.finished) {
        const chunk = this.next(length);
        if (chunk === NOTHING) return;
        this.deliver(chunk);
      }
    } catch (exception) {
      this.fail(exception);
    }
  }
}

/** A Readable in paused mode: it reads ahead up to its own high-water mark and no further while nobody asks. */
class ReadableSource extends FeedSource {
  readonly #readable: Readable;
  #listening = false;

  constructor(readable: Readable, host: ProviderHost) {
    super(host);
    this.#readable = readable;
    if (readable.readableEnded) this.finished = true;
    else if (readable.errored !== null) this.fail(readable.errored);
    else if (readable.destroyed) this.fail(new Error('the Readable was destroyed'));
    readable.once('end', this.#onEnd);
    readable.on('error', this.#onError);
    readable.once('close', this.#onClose);
  }

  protected next(length: number): unknown {
    const readable = this.#readable;
    if (!this.#listening) {
      this.#listening = true;
      readable.on('readable', this.#onReadable);
    }
    // A count keeps it from joining all its chunks into one.
    const count = readable.readableObjectMode ? 0 : Math.min(readable.readableLength, length);
    const chunk: unknown = count > 0 ? readable.read(count) : readable.read();
    if (chunk === null) return NOTHING;
    return typeof chunk === 'string'
      ? Buffer.from(chunk, readable.readableEncoding ?? 'utf8')
      : chunk;
  }

  protected stop(): void {
    const readable = this.#readable;
    readable.removeListener('readable', this.#onReadable);
    readable.removeListener('end', this.#onEnd);
    readable.removeListener('close', this.#onClose);
    // The listener for 'error' stays: what happens to an abandoned source is nobody's business any more.
    if (!this.finished) readable.destroy();
  }

  readonly #onReadable = (): void => this.wake();

  readonly #onEnd = (): void => {
    this.finished = true;
    this.wake();
  };

  readonly #onError = (error: Error): void => {
    this.fail(error);
    this.wake();
  };

  readonly #onClose = (): void => {
    if (this.finished) return;
    this.fail(new Error('the Readable was closed before its end'));
    this.wake();
  };
}

/** An iterator, asked for one chunk at a time. */
class IteratorSource extends FeedSource {
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;
  #pending = false;

  constructor(iterator: AsyncIterator<unknown> | Iterator<unknown>, host: ProviderHost) {
    super(host);
    this.#iterator = iterator;
  }

  protected next(): unknown {
    if (this.#pending) return NOTHING;
    const result = this.#iterator.next();
    if (!isPromise(result)) return this.#take(result);
    this.#pending = true;
    result.then(this.#onResult, this.#onError);
    return NOTHING;
  }

  protected stop(): void {
    if (this.finished) return;
    this.finished = true;
    try {
      const result: unknown = this.#iterator.return?.();
      if (isPromise(result)) result.then(undefined, raise);
    } catch (exception) {
      raise(exception);
    }
  }

  #take(result: IteratorResult<unknown>): unknown {
    if (result.done !== true) return result.value;
    this.finished = true;
    return NOTHING;
  }

  readonly #onResult = (result: IteratorResult<unknown>): void => {
    this.#pending = false;
    if (this.closed) return;
    const chunk = this.#take(result);
    if (!this.finished) this.deliver(chunk);
    this.wake();
  };

  readonly #onError = (error: unknown): void => {
    this.#pending = false;
    // A failed iterator is done: return() would not reach it.
    this.finished = true;
    this.fail(error);
    this.wake();
  };
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function';
}

function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  throw new TypeError(
    `a data source delivered ${chunk === null ? 'null' : typeof chunk}, not bytes or a string`,
  );
}
