import { AsyncResource } from 'node:async_hooks';
import type { Duplex } from 'node:stream';
import type { StreamHandle } from '../../engine/streams/stream-record.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { TypedDuplex } from '../evented-duplex.ts';
import { raise } from '../raise.ts';
import { copyTiny, IncomingData, TINY } from './incoming-data.ts';
import { type PackedHeaders, packHeaders, unpackHeaders } from './packed-headers.ts';
import type { StreamEventsOf } from './stream-events.ts';
import { END_PUSHED, INPUT_ENDED, OWN, PUSHES, WANTS } from './stream-marks.ts';
import { duplexOptions } from './stream-options.ts';
import type { StreamInit, StreamPort } from './stream-port.ts';

/**
 * What a stream is and what comes from its peer: headers become events, payload waits here until the reader of the Duplex asks for
 * it. `Stream` is the type of a stream that is pushed. No method is private: for each class that has one V8 keeps a field in every stream.
 */
export abstract class ReadableHalf<Stream> extends TypedDuplex<StreamEventsOf<Stream>> {
  /** 0 is the most urgent. */
  readonly priority: number;
  /** The stream that this one is pushed for, 0 if none. */
  readonly associatedId: number;
  /** Headers that came behind data; null if there were none. */
  trailers: HeaderList | null = null;
  /** Payload bytes received. */
  bytesRead = 0;
  /** Whatever the application keeps with the stream. */
  userData: unknown = null;

  /** Its session. */
  protected readonly port: StreamPort<Stream>;
  /** The context in which it came into being: all that it emits and calls back runs there, whoever brings it about. */
  protected readonly scope: AsyncResource = new AsyncResource('SPDYSTREAM');
  /** Runs while `setTimeout()` is in force. */
  protected timer: NodeJS.Timeout | null = null;
  #headers: PackedHeaders;
  #replyHeaders: PackedHeaders | null = null;
  /** Its id if it is one of the peer's, else what the engine gave for it, which learns the id; 0 before. */
  #which: StreamHandle | number;
  /** What the reader has not asked for yet; made when there is something. */
  #incoming: IncomingData | null = null;
  /** See stream-marks.ts. */
  #marks: number;

  /** The session makes it. @internal */
  constructor(port: StreamPort<Stream>, init: StreamInit) {
    super(duplexOptions(init.readable, init.writable));
    this.port = port;
    this.#which = init.id;
    this.priority = init.priority;
    this.associatedId = init.associatedId;
    this.#headers = packHeaders(init.headers);
    this.#marks = (init.own ? OWN : 0) | (init.readable ? 0 : INPUT_ENDED | PUSHES);
  }

  /** Opened by this side. */
  get own(): boolean {
    return (this.#marks & OWN) !== 0;
  }

  /** The stream's id; 0 until its SYN_STREAM leaves ('ready'). */
  get id(): number {
    return typeof this.#which === 'number' ? this.#which : this.#which.streamId;
  }

  /** The headers that opened the stream: a list made anew each time, as a stream may live long and few ask again. */
  get headers(): HeaderList {
    return unpackHeaders(this.#headers);
  }

  /** The headers of the SYN_REPLY, sent or received, as a list made anew each time; null before. */
  get replyHeaders(): HeaderList | null {
    return this.#replyHeaders === null ? null : unpackHeaders(this.#replyHeaders);
  }

  /** Whether it is the stream with this id of the session of `port`. @internal */
  isOf(port: unknown, id: number): boolean {
    return this.port === port && this.id === id;
  }

  /** Whether SYN_REPLY was sent or received. @internal */
  get hasReply(): boolean {
    return this.#replyHeaders !== null;
  }

  /** Whether the SYN_STREAM has still to leave. */
  get pending(): boolean {
    return this.id === 0;
  }

  /** Whether the peer has finished its direction. */
  get inputEnded(): boolean {
    return (this.#marks & INPUT_ENDED) !== 0;
  }

  /** Calls `report` in the context of the stream. @internal */
  run<Result>(report: () => Result): Result {
    return this.scope.runInAsyncScope(report);
  }

  // Reported by the session. What listeners throw is raised outside: it must not stop the session.

  /** The SYN_STREAM leaves with this id. @internal */
  opened(id: number): void {
    if (this.listenerCount('ready') > 0) this.report(this.emitReady, id);
  }

  /** SYN_REPLY came. @internal */
  replied(headers: HeaderList): void {
    this.report(this.takeReply, headers);
  }

  /** HEADERS came. @internal */
  moreHeaders(headers: HeaderList): void {
    this.report(this.takeHeaders, headers);
  }

  /** Payload came: handed on at once if the reader waits for it. @internal */
  receive(chunk: Buffer): void {
    this.report(this.takePayload, chunk);
  }

  /** The peer has finished its direction. @internal */
  receiveEnd(): void {
    this.#marks |= INPUT_ENDED;
    if (!this.destroyed) this.report(this.drainInput, undefined);
  }

  /** From now on it is what the bit says. */
  protected mark(bit: number): void {
    this.#marks |= bit;
  }

  /** It is that no more. */
  protected unmark(bit: number): void {
    this.#marks &= ~bit;
  }

  /** Whether it is what the bit says. */
  protected is(bit: number): boolean {
    return (this.#marks & bit) !== 0;
  }

  /** Calls `step` in the context of the stream. */
  protected report<Value>(step: (this: this, value: Value) => void, value: Value): void {
    try {
      this.scope.runInAsyncScope(step, this, value);
    } catch (exception) {
      raise(exception);
    }
  }

  protected emitReady(id: number): void {
    this.emit('ready', id);
  }

  protected takeReply(headers: HeaderList): void {
    this.repliedWith(headers);
    this.active();
    this.emit('response', headers);
  }

  protected takeHeaders(headers: HeaderList): void {
    this.active();
    if (this.bytesRead === 0) {
      this.emit('headers', headers);
      return;
    }
    if (headers.length > 0) this.trailers = this.trailers?.concat(headers) ?? headers;
    this.emit('trailers', headers);
  }

  protected takePayload(chunk: Buffer): void {
    this.bytesRead += chunk.length;
    this.active();
    const passes = this.is(WANTS) && this.waitingBytes() === 0;
    if (passes && chunk.length <= TINY) {
      this.hand(copyTiny(chunk));
      return;
    }
    this.#incoming ??= new IncomingData();
    const source = this.port.bytesReceived;
    if (passes) this.hand(this.#incoming.pass(chunk, source));
    else this.#incoming.add(chunk, source);
  }

  /**
   * The payload, for `for await` and what is made of it, as `text()` of `node:stream/consumers`. A stream of the peer that was read to its end can
   * still be answered; one of ours is destroyed there, and either where it is left before.
   */
  override [Symbol.asyncIterator](): ReturnType<Duplex[typeof Symbol.asyncIterator]> {
    // By itself Node 24 destroys no Duplex at its end, and 20, 22 and 26 destroy every one.
    if (this.own) this.once('end', () => this.destroy());
    const iterator = this.iterator({ destroyOnReturn: false });
    const leave = iterator.return;
    const giveUp = (value?: unknown): unknown => {
      this.destroy();
      return leave?.call(iterator, value);
    };
    // Not by assignment, which a frozen prototype refuses (`--frozen-intrinsics`).
    return Object.defineProperty(iterator, 'return', { value: giveUp });
  }

  override _read(): void {
    this.mark(WANTS);
    this.drainInput();
  }

  /** Payload bytes that are kept for the reader. @internal */
  get heldBytes(): number {
    return this.readableLength + this.waitingBytes();
  }

  /** Nobody reads any more: what waits is given back to the peer. */
  protected abandonInput(): void {
    if (this.waitingBytes() > 0) this.port.consume(this.id, this.waitingBytes());
    this.#incoming = null;
  }

  /** The engine has taken the SYN_STREAM with these headers. @internal */
  submitted(handle: StreamHandle, headers: HeaderList): void {
    this.#which = handle;
    this.#headers = packHeaders(headers);
  }

  /** What the engine knows it by. */
  protected get which(): StreamHandle | number {
    return this.#which;
  }

  /** These headers reply to the stream. */
  protected repliedWith(headers: HeaderList): void {
    this.#replyHeaders = packHeaders(headers);
  }

  /** Something was received or sent. */
  protected active(): void {
    this.timer?.refresh();
  }

  /** Received bytes that the reader has not taken. */
  protected waitingBytes(): number {
    return this.#incoming === null ? 0 : this.#incoming.length;
  }

  /** Gives a chunk to the reader and its credit to the peer. */
  protected hand(chunk: Buffer): void {
    if (!this.push(chunk)) this.unmark(WANTS);
    this.port.consume(this.id, chunk.length);
  }

  protected drainInput(): void {
    while (this.is(WANTS)) {
      const chunk = this.#incoming?.take();
      if (chunk === undefined) break;
      this.hand(chunk);
    }
    if ((this.#marks & (INPUT_ENDED | END_PUSHED)) === INPUT_ENDED && this.waitingBytes() === 0) {
      this.#marks |= END_PUSHED;
      this.push(null);
    }
  }
}
