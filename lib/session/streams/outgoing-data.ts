import type { DataSource, ReadCtrl } from '../../engine/data-provider.ts';
import { Fifo } from '../../engine/send/fifo.ts';
import { InvalidStateError } from '../../errors.ts';
import { LEAST_PIECE } from '../../framing/output-buffer.ts';
import { ERR_DEFERRED, READ_EOF } from '../../protocol/constants.ts';
import type { HeaderList } from '../../protocol/frames.ts';

/** Called when bytes have left, or with the error that keeps them from leaving. */
export type Done = (error?: Error | null) => void;

/** Something written to a stream: bytes, or headers that go between them. */
interface Piece {
  /** Empty for headers. */
  chunk: Buffer;
  /** Null for bytes. */
  readonly headers: HeaderList | null;
  /** Bytes that the Duplex counts as not written because of it. */
  held: number;
  /** Called once. */
  done: Done;
}

/** What outgoing data needs of its stream. */
export interface OutgoingOwner {
  /** Whether the application has ended the stream, and all that it wrote in `held` bytes is here. */
  isComplete(held: number): boolean;
  /** Sends headers now; `headersSent()` has to follow. */
  sendHeadersNow(streamId: number, headers: HeaderList): void;
  /** The last byte and FIN are on their way. */
  finished(): void;
  /** Calls back, in the context of the stream, for what has left or cannot. */
  settle(done: Done, error: Error | null): void;
  /** Calls `settle()` when the bytes that are being taken, and those before them, have left. */
  afterWrite(departure: Departure): void;
}

/** Whose writes leave. */
interface Writer {
  /** A piece has left, or could not. */
  left(piece: Piece, error: Error | null): void;
}

/** Writes of a stream that leave together. */
export class Departure {
  /** Whether memory of the writers may be on its way without a copy. */
  shared = false;
  /** Whether all that leaves together is known: what is taken later leaves with another one. */
  closed = false;
  readonly #pieces: Piece[] = [];
  readonly #writer: Writer;
  readonly #error: Error | null;

  /** `error` is what keeps the rest of them from leaving. */
  constructor(writer: Writer, error: Error | null = null) {
    this.#writer = writer;
    this.#error = error;
  }

  /** One more piece leaves. */
  add(piece: Piece): void {
    if (piece.chunk.length >= LEAST_PIECE) this.shared = true;
    this.#pieces.push(piece);
  }

  /** Tells the writers. */
  settle(): void {
    this.closed = true;
    for (const piece of this.#pieces) this.#writer.left(piece, this.#error);
  }
}

/** Writes that wait together are joined in a frame up to this length; a larger one has the bytes of one write, which it need not copy. */
const MOST_JOINED = 32_768;

const NO_BYTES = Buffer.alloc(0);

/**
 * What was written to a stream and has not left yet, in order. The engine takes slices of it; a write is done when its last byte
 * was taken, or passed on if its memory was.
 */
export class OutgoingData implements DataSource, Writer {
  /** Writers may change their bytes when they are done, and not before. */
  readonly stable: boolean = true;
  readonly #owner: OutgoingOwner;
  /** What comes first, and what stands behind it: most streams never have more than one piece. */
  #current: Piece | null = null;
  #pieces: Fifo<Piece> | null = null;
  #offset = 0;
  #waitsForHeaders = false;
  #trailers: HeaderList | null = null;
  #discarding = false;
  #departure: Departure | null = null;
  /** Bytes of writes that are not done. */
  held = 0;
  /** Whether the engine asks a stream of ours for it: not before there is something. */
  given = false;
  /** Once nothing more can come: whether nothing is missing. */
  #complete: boolean | null = null;

  constructor(owner: OutgoingOwner) {
    this.#owner = owner;
  }

  /** True when nothing more will come, so that the empty last frame needs no window. */
  get ended(): boolean {
    return this.empty && this.#trailers === null && this.#isComplete();
  }

  /** Whether nothing waits here but trailers. */
  get empty(): boolean {
    return this.#current === null;
  }

  /** Whether something waits. */
  get waits(): boolean {
    return this.#current !== null;
  }

  /** Adds bytes. */
  add(chunk: Buffer, done: Done): void {
    this.#push({ chunk, headers: null, held: chunk.length, done });
  }

  /** Adds headers, to be sent when the bytes before them have left. */
  addHeaders(headers: HeaderList, done: Done): void {
    this.#push({ chunk: NO_BYTES, headers, held: 0, done });
  }

  /** Headers to be sent behind the last byte. */
  setTrailers(headers: HeaderList): void {
    this.#trailers = headers;
  }

  /** Headers were sent: what stands behind them may follow. */
  headersSent(): boolean {
    const waited = this.#waitsForHeaders;
    this.#waitsForHeaders = false;
    return waited;
  }

  /** The peer wants nothing more: what is written counts as sent. */
  discard(): void {
    this.#discarding = true;
    for (let piece = this.#current; piece !== null; piece = this.#current) this.#taken(piece);
  }

  /** The stream was destroyed: what is here may still leave, with FIN if that is all. */
  finish(): void {
    this.#complete = this.#owner.isComplete(this.held);
  }

  /** The writers count as served, so that what waits behind their writes comes here as well. What they wrote is copied. */
  acknowledge(): void {
    const writers: Done[] = [];
    const serve = (piece: Piece): Piece => {
      writers.push(piece.done);
      piece.chunk = Buffer.from(piece.chunk);
      piece.done = ignore;
      this.held -= piece.held;
      piece.held = 0;
      return piece;
    };
    if (this.#current !== null) serve(this.#current);
    const pieces = this.#pieces;
    for (let rest = pieces?.length ?? 0; rest > 0; rest--)
      pieces?.push(serve(pieces.take() as Piece));
    for (const done of writers) done();
  }

  /** Nothing will leave any more. Without an error there is one only for those who wait. */
  fail(error: Error | null): void {
    this.#discarding = true;
    let reason = error;
    for (let piece = this.#current; piece !== null; piece = this.#current) {
      const started = this.#offset > 0;
      this.#forward();
      reason ??= new InvalidStateError('the stream was destroyed', 'ERR_SPDY_STREAM_CLOSED');
      if (!started) {
        this.#owner.settle(piece.done, reason);
        continue;
      }
      // The front of it may be on its way.
      const departure = new Departure(this, reason);
      departure.add(piece);
      this.#owner.afterWrite(departure);
    }
  }

  readCb(streamId: number, length: number, control: ReadCtrl): Uint8Array | typeof ERR_DEFERRED {
    if (this.#waitsForHeaders) return ERR_DEFERRED;
    const parts: Buffer[] = [];
    let total = 0;
    for (let piece = this.#current; piece !== null; piece = this.#current) {
      if (piece.headers !== null) {
        if (total > 0) break;
        this.#taken(piece);
        return this.#send(streamId, piece.headers);
      }
      const left = piece.chunk.length - this.#offset;
      // Writes that do not fit are cut only when they come first: copying a large one would not pay.
      if (total > 0 && left > Math.min(length, MOST_JOINED) - total) break;
      if (left > length) {
        parts.push(piece.chunk.subarray(this.#offset, this.#offset + length));
        this.#offset += length;
        total = length;
        break;
      }
      if (left > 0)
        parts.push(this.#offset === 0 ? piece.chunk : piece.chunk.subarray(this.#offset));
      total += left;
      this.#taken(piece);
    }
    if (this.empty && this.#isComplete()) {
      if (this.#trailers === null) {
        control.flags = READ_EOF;
        this.#owner.finished();
      } else if (total === 0) {
        const trailers = this.#trailers;
        this.#trailers = null;
        return this.#send(streamId, trailers);
      }
    } else if (total === 0) {
      return ERR_DEFERRED;
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, total);
  }

  #isComplete(): boolean {
    return this.#complete ?? this.#owner.isComplete(this.held);
  }

  #push(piece: Piece): void {
    this.held += piece.held;
    if (this.#discarding) {
      this.#taken(piece);
    } else if (this.#current === null) {
      this.#current = piece;
    } else {
      this.#pieces ??= new Fifo();
      this.#pieces.push(piece);
    }
  }

  #send(streamId: number, headers: HeaderList): typeof ERR_DEFERRED {
    this.#waitsForHeaders = true;
    this.#owner.sendHeadersNow(streamId, headers);
    return ERR_DEFERRED;
  }

  /** A piece is leaving. Its writer hears of it outside the engine, together with the others. */
  #taken(piece: Piece): void {
    this.#forward();
    const departure = this.#departure;
    if (departure !== null && !departure.closed) {
      departure.add(piece);
      return;
    }
    this.#departure = new Departure(this);
    this.#departure.add(piece);
    this.#owner.afterWrite(this.#departure);
  }

  /** The next piece comes first. */
  #forward(): void {
    this.#current = this.#pieces?.take() ?? null;
    this.#offset = 0;
  }

  left(piece: Piece, error: Error | null): void {
    this.held -= piece.held;
    this.#owner.settle(piece.done, error);
  }
}

function ignore(): void {}
