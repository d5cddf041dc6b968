import type { StreamHandle } from '../engine/stream-record.ts';
import { InvalidArgumentError, InvalidStateError, SessionError, StreamError } from '../errors.ts';
import { CANCEL, FRAME_TOO_LARGE, INTERNAL_ERROR, OK } from '../protocol/constants.ts';
import type { HeaderList } from '../protocol/frames.ts';
import { TypedDuplex } from './evented-duplex.ts';
import { IncomingData } from './incoming-data.ts';
import { type Departure, type Done, OutgoingData, type OutgoingOwner } from './outgoing-data.ts';
import { packHeaders, unpackHeaders } from './packed-headers.ts';
import type { StreamEventsOf } from './stream-events.ts';
import { duplexOptions, type StreamOptions } from './stream-options.ts';
import type { StreamInit, StreamPort } from './stream-port.ts';

/** What the HEADERS frames behind the first headers of a stream may hold together, with 8 bytes for each pair. */
const MAX_LATE_HEADER_BYTES = 65536;

/** Events of a SpdyStream with their arguments, besides those of a Duplex. */
export type StreamEvents = StreamEventsOf<SpdyStream>;

/**
 * One SPDY stream as a Duplex, with the peer's flow control as its backpressure: bytes count as consumed when the application has taken
 * them. FIN ends a direction; `destroy()` and `close()` send RST_STREAM. Made by `session.request()`, `stream.pushStream()`, or
 * received with the event 'stream'.
 */
export class SpdyStream extends TypedDuplex<StreamEventsOf<SpdyStream>> implements OutgoingOwner {
  /** Opened by this side. */
  readonly own: boolean;
  /** 0 is the most urgent. */
  readonly priority: number;
  /** The stream that this one is pushed for, 0 if none. */
  readonly associatedId: number;
  /** The headers of the SYN_REPLY, sent or received; null before. */
  replyHeaders: HeaderList | null = null;
  /** Headers that came behind data; null if there were none. */
  trailers: HeaderList | null = null;
  /** Status of the RST_STREAM that ended the stream, 0 if none did. */
  rstStatus: number = OK;
  /** Whether the peer reset the stream, or its session ended, before it was finished. */
  aborted = false;
  /** Payload bytes received. */
  bytesRead = 0;
  /** Whatever the application keeps with the stream. */
  userData: unknown = null;

  /** What the engine gave for a stream of ours. */
  handle: StreamHandle | null = null;
  /** Made when there is something: many streams send nothing but headers. */
  #outgoing: OutgoingData | null = null;
  readonly #port: StreamPort<SpdyStream>;
  #headers: readonly string[];
  #id: number;
  #open = true;
  /** What the reader has not asked for yet; made when there is something. */
  #incoming: IncomingData | null = null;
  #wants = false;
  #inputEnded: boolean;
  /** Nothing ever comes from the peer. */
  readonly #pushes: boolean;
  #lateHeaderBytes = 0;
  #pushedEnd = false;
  /** The last byte and FIN are on their way. */
  #finished = false;
  #finalDone: Done | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(port: StreamPort<SpdyStream>, init: StreamInit) {
    const { readable, writable } = init;
    super(duplexOptions(readable, writable));
    this.#port = port;
    this.#id = init.id;
    this.own = init.own;
    this.priority = init.priority;
    this.associatedId = init.associatedId;
    this.#headers = packHeaders(init.headers);
    this.#inputEnded = !readable;
    this.#pushes = !readable;
    this.#finished = !writable;
  }

  /** The stream's id; 0 until its SYN_STREAM leaves ('ready'). */
  get id(): number {
    return this.#id;
  }

  /** The headers that opened the stream: a list made anew each time, as a stream may live long and few ask again. */
  get headers(): HeaderList {
    return unpackHeaders(this.#headers);
  }

  /** Whether the SYN_STREAM has still to leave. */
  get pending(): boolean {
    return this.#id === 0;
  }

  /** Whether the peer has finished its direction. */
  get inputEnded(): boolean {
    return this.#inputEnded;
  }

  /**
   * Accepts a stream of the peer with SYN_REPLY; `endStream` finishes it at once. Writing without it accepts with no headers.
   *
   * @throws InvalidStateError for a stream that needs no reply, or was replied to
   */
  respond(headers: HeaderList = [], options: { readonly endStream?: boolean } = {}): void {
    if (this.own || this.associatedId !== 0)
      throw new InvalidStateError('only streams that the peer opened are replied to');
    if (this.replyHeaders !== null)
      throw new InvalidStateError(`stream ${this.#id} was replied to already`);
    if (!this.#open) return;
    const end = options.endStream === true;
    this.#port.reply(this, headers, end);
    this.replyHeaders = headers;
    if (end) this.end();
  }

  /** Sends further headers behind what was written. */
  sendHeaders(headers: HeaderList): void {
    this.#assertWritable();
    this.#port.checkHeaders(headers);
    this.#acceptFirst();
    this.outgoing.addHeaders(headers, ignore);
    this.#resume();
  }

  /** Ends the stream with headers behind the last byte: HEADERS, then an empty DATA frame with FIN, which every peer understands. */
  sendTrailers(headers: HeaderList): void {
    this.#assertWritable();
    this.#port.checkHeaders(headers);
    this.outgoing.setTrailers(headers);
    this.end();
  }

  /**
   * Pushes a stream in association with this one of the client (SPDY/3 3.3.1): it can only be written to. Call it before the
   * reply is ended; what is pushed for a stream that has ended is destroyed.
   */
  pushStream(headers: HeaderList, options: StreamOptions = {}): SpdyStream {
    if (this.own) throw new InvalidStateError('pushes belong to a stream of the client');
    return this.#port.push(this, headers, options);
  }

  /** Ends the stream both ways with RST_STREAM (1 to 11; default CANCEL), unless it has ended. */
  close(status: number = CANCEL): void {
    if (!Number.isInteger(status) || status < 1 || status > 11) {
      throw new InvalidArgumentError(
        `status must be an integer from 1 to 11, got ${String(status)}`,
      );
    }
    if (this.destroyed) return;
    this.rstStatus = this.#open ? status : this.rstStatus;
    this.destroy();
  }

  /** Emits 'timeout' when nothing is received or sent for so many milliseconds; 0 switches it off. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (milliseconds > 0 && !this.destroyed) {
      this.#timer = setTimeout(() => this.emit('timeout'), milliseconds);
      this.#timer.unref();
    }
    if (listener !== undefined) this.once('timeout', listener);
    return this;
  }

  // Reported by the session

  /** Given to the engine as the data provider of the stream. */
  get outgoing(): OutgoingData {
    this.#outgoing ??= new OutgoingData(this);
    return this.#outgoing;
  }

  /** Whether it was opened through this port and has this id. */
  isOpenedBy(port: StreamPort<SpdyStream>, id: number): boolean {
    return this.#port === port && this.handle?.streamId === id;
  }

  /** The engine has taken the SYN_STREAM with these headers. */
  submitted(handle: StreamHandle, headers: HeaderList): void {
    this.handle = handle;
    this.#headers = packHeaders(headers);
  }

  /** The SYN_STREAM leaves with this id. */
  opened(id: number): void {
    this.#id = id;
    this.emit('ready', id);
  }

  /** SYN_REPLY came. */
  replied(headers: HeaderList): void {
    this.replyHeaders = headers;
    this.#active();
    this.emit('response', headers);
  }

  /** HEADERS came. */
  moreHeaders(headers: HeaderList): void {
    this.#active();
    for (const [name, value] of headers) this.#lateHeaderBytes += name.length + value.length + 8;
    if (this.#lateHeaderBytes > MAX_LATE_HEADER_BYTES) {
      const message = `stream ${this.#id}: more than ${MAX_LATE_HEADER_BYTES} bytes of further headers`;
      this.destroy(
        new StreamError('ERR_SPDY_FRAME_TOO_LARGE', message, this.#id, FRAME_TOO_LARGE, 'peer'),
      );
      return;
    }
    if (this.bytesRead === 0) {
      this.emit('headers', headers);
      return;
    }
    this.trailers = this.trailers === null ? headers : [...this.trailers, ...headers];
    this.emit('trailers', headers);
  }

  /** Payload came: handed on at once if the reader waits for it. */
  receive(chunk: Buffer): void {
    this.bytesRead += chunk.length;
    this.#active();
    if (this.#wants && this.#waiting === 0) {
      this.#hand(chunk);
      return;
    }
    this.#incoming ??= new IncomingData();
    this.#incoming.add(chunk);
  }

  /** The peer has finished its direction. */
  receiveEnd(): void {
    this.#inputEnded = true;
    this.#drain();
  }

  /** Headers of ours were written. */
  headersSent(): void {
    if (this.#outgoing?.headersSent() === true) this.#resume();
  }

  /** Payload of ours was written. */
  dataSent(): void {
    this.#active();
  }

  /** The engine has closed the stream. */
  streamClosed(status: number, error: StreamError | SessionError | null): void {
    this.#open = false;
    if (error === null || this.destroyed) return;
    this.rstStatus = status;
    const answered = this.own && this.#inputEnded && !this.#pushes;
    if (answered && !(error instanceof SessionError)) {
      // The whole answer is here; the peer only wants nothing more of the question.
      this.outgoing.discard();
      this.finished();
      return;
    }
    this.aborted = true;
    // As with requests of `http`: who does not listen is not hurt.
    this.destroy(this.listenerCount('error') > 0 ? error : undefined);
    // Behind it: at 'aborted' Node's helpers look for the error of the stream.
    this.emit('aborted');
  }

  // What outgoing data asks

  isComplete(held: number): boolean {
    return this.writableEnded && this.writableLength === held;
  }

  sendHeadersNow(streamId: number, headers: HeaderList): void {
    this.#port.sendHeaders(streamId, headers);
  }

  finished(): void {
    this.#finished = true;
    const done = this.#finalDone;
    this.#finalDone = null;
    if (done !== null) process.nextTick(done);
  }

  afterWrite(departure: Departure): void {
    this.#port.afterWrite(departure);
  }

  // The Duplex

  override _read(): void {
    this.#wants = true;
    this.#drain();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#acceptFirst();
    this.#active();
    this.outgoing.add(chunk, done);
    this.#resume();
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    this.#acceptFirst();
    this.#active();
    const last = chunks.length - 1;
    for (const [i, { chunk }] of chunks.entries())
      this.outgoing.add(chunk, i === last ? done : ignore);
    this.#resume();
  }

  override _final(done: Done): void {
    if (!this.#open || this.#finished) {
      done();
      return;
    }
    this.#acceptFirst();
    this.#finalDone = done;
    this.#resume();
  }

  override _destroy(error: Error | null, done: Done): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#open) {
      if (this.rstStatus === OK) this.rstStatus = resetStatus(error);
      this.#port.reset(this, this.rstStatus);
    }
    // At once, not when the RST_STREAM was written: a peer that only writes would wait for that, and never read it.
    if (this.#waiting > 0) this.#port.consume(this.#id, this.#waiting);
    this.#incoming = null;
    this.#outgoing?.fail(error);
    this.#finalDone?.(error);
    this.#finalDone = null;
    done(error);
  }

  /** A stream of the peer has to be accepted before anything is sent on it. */
  #acceptFirst(): void {
    if (!this.own && this.associatedId === 0 && this.replyHeaders === null) this.respond();
  }

  #resume(): void {
    if (this.#id !== 0) this.#port.resume(this.#id);
  }

  #active(): void {
    this.#timer?.refresh();
  }

  #assertWritable(): void {
    if (this.writableEnded || !this.writable) {
      throw new InvalidStateError('this side has finished the stream', 'ERR_SPDY_STREAM_SHUT_WR');
    }
  }

  /** Received bytes that the reader has not taken. */
  get #waiting(): number {
    return this.#incoming === null ? 0 : this.#incoming.length;
  }

  /** Gives a chunk to the reader and its credit to the peer. */
  #hand(chunk: Buffer): void {
    this.#wants = this.push(chunk);
    this.#port.consume(this.#id, chunk.length);
  }

  #drain(): void {
    while (this.#wants) {
      const chunk = this.#incoming?.take();
      if (chunk === undefined) break;
      this.#hand(chunk);
    }
    if (this.#inputEnded && this.#waiting === 0 && !this.#pushedEnd) {
      this.#pushedEnd = true;
      this.push(null);
    }
  }
}

/** The status that tells the peer why a stream was destroyed. */
function resetStatus(error: Error | null): number {
  // An AbortError comes of Node when a `for await` is left: nothing has gone wrong.
  if (error === null || error.name === 'AbortError') return CANCEL;
  return error instanceof StreamError && error.status !== OK ? error.status : INTERNAL_ERROR;
}

function ignore(): void {}
