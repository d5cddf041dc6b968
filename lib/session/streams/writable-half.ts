import { nextTick } from 'node:process';
import { clearTimeout } from 'node:timers';
import type { StreamState } from '../../engine/insight.ts';
import { SessionError, StreamError } from '../../errors.ts';
import { NO_BYTES } from '../../framing/bytes.ts';
import { CANCEL, INTERNAL_ERROR, OK } from '../../protocol/constants.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { gatherWrites, isSmall } from './gathered-writes.ts';
import { type Departure, type Done, OutgoingData, type OutgoingOwner } from './outgoing-data.ts';
import { ReadableHalf } from './readable-half.ts';
import { ABORTED, CLOSED, FINISHED, GATHERING, PUSHES } from './stream-marks.ts';
import type { StreamInit, StreamPort } from './stream-port.ts';

/** Bytes of writes that may leave behind `destroy()` although the Duplex has not passed them on yet. */
const MOST_SERVED = 65536;

/** What goes to the peer of a stream, and how the stream ends: what is written waits here until the engine takes it. */
export abstract class WritableHalf<Stream> extends ReadableHalf<Stream> implements OutgoingOwner {
  /** Status of the RST_STREAM that ended the stream, 0 if none did. */
  rstStatus: number = OK;
  /** Made when there is something: many streams send nothing but headers. */
  #outgoing: OutgoingData | null = null;
  #finalDone: Done | null = null;

  /** The session makes it. @internal */
  constructor(port: StreamPort<Stream>, init: StreamInit) {
    super(port, init);
    if (!init.writable) this.mark(FINISHED);
  }

  /** Whether the peer reset the stream, or its session ended, before it was finished. */
  get aborted(): boolean {
    return this.is(ABORTED);
  }

  /** The engine has not closed it. */
  protected get open(): boolean {
    return !this.is(CLOSED);
  }

  /** How the stream stands, and why it does not move: a snapshot, null when it has ended. */
  get state(): StreamState | null {
    return this.port.stateOf(this.which);
  }

  /** Whether nothing was given that could be sent. @internal */
  get idle(): boolean {
    return this.writableLength === 0 && !this.writableEnded && this.#outgoing?.empty !== false;
  }

  /** Accepts a stream of the peer with SYN_REPLY if that was not done. */
  protected abstract acceptFirst(): void;

  // Reported by the session

  /** Given to the engine as the data provider of the stream. @internal */
  get outgoing(): OutgoingData {
    this.#outgoing ??= new OutgoingData(this);
    return this.#outgoing;
  }

  /** The SYN_STREAM was written: what the application has given already follows. @internal */
  openedNow(): void {
    if (!this.idle) this.resumeOutput();
  }

  /** Headers of ours were written. @internal */
  headersSent(): void {
    if (this.#outgoing?.headersSent() === true) this.resumeOutput();
  }

  /** Payload of ours was written. @internal */
  dataSent(): void {
    this.active();
  }

  /** The engine has closed the stream. @internal */
  streamClosed(status: number, error: StreamError | SessionError | null): void {
    this.mark(CLOSED);
    if (this.destroyed) {
      // What was written before has left, or never will.
      this.rstStatus = error === null ? OK : this.rstStatus;
      if (this.#outgoing?.waits === true) this.report(this.failOutgoing, error);
    } else if (error !== null) {
      this.rstStatus = status;
      this.report(this.failWith, error);
    }
  }

  /** Ends for a reason that is no fault of the program: as with requests of `http`, who does not listen for 'error' is not hurt. @internal */
  fail(error: StreamError | SessionError): void {
    // A pipe into the stream listens too, and throws what nobody else hears; who looks later still finds the error.
    this.on('error', ignore);
    this.destroy(error);
  }

  protected failOutgoing(error: Error | null): void {
    this.#outgoing?.fail(error);
  }

  protected failWith(error: StreamError | SessionError): void {
    const answered = this.own && this.inputEnded && !this.is(PUSHES);
    if (answered && !(error instanceof SessionError)) {
      // The whole answer is here; the peer only wants nothing more of the question.
      this.outgoing.discard();
      this.finished();
      return;
    }
    this.mark(ABORTED);
    this.fail(error);
    // Behind it: at 'aborted' Node's helpers look for the error of the stream.
    this.emit('aborted');
  }

  // What outgoing data asks

  /** @internal */
  isComplete(held: number): boolean {
    return this.writableEnded && this.writableLength === held;
  }

  /** @internal */
  sendHeadersNow(streamId: number, headers: HeaderList): void {
    this.port.sendHeaders(streamId, headers);
  }

  /** @internal */
  finished(): void {
    this.mark(FINISHED);
    const done = this.#finalDone;
    this.#finalDone = null;
    if (done !== null) this.scope.runInAsyncScope(nextTick, process, done);
  }

  /** @internal */
  settle(done: Done, error: Error | null): void {
    this.scope.runInAsyncScope(done, undefined, error);
  }

  /** @internal */
  afterWrite(departure: Departure): void {
    this.port.afterWrite(departure);
  }

  // The Duplex

  /** As of every Duplex; small writes of one tick leave together. */
  override write(chunk: unknown, encoding?: BufferEncoding | Done, done?: Done): boolean {
    if (!this.is(GATHERING) && isSmall(chunk) && this.writable) this.gather();
    return super.write(chunk, encoding as BufferEncoding, done);
  }

  /** As of every Duplex: what was written before goes on its way. */
  override cork(): void {
    this.release();
    super.cork();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.acceptFirst();
    this.active();
    this.outgoing.add(chunk, done);
    this.resumeOutput();
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    this.acceptFirst();
    this.active();
    const pieces = gatherWrites(chunks);
    const last = pieces.length - 1;
    for (let i = 0; i < last; i++) this.outgoing.add(pieces[i] as Buffer, ignore);
    this.outgoing.add(pieces[last] ?? NO_BYTES, done);
    this.resumeOutput();
  }

  override _final(done: Done): void {
    if (this.is(CLOSED | FINISHED)) {
      done();
      return;
    }
    this.acceptFirst();
    this.#finalDone = done;
    this.resumeOutput();
  }

  /** Ends the stream both ways at once: RST_STREAM leaves behind what was written, as far as the peer's windows let that out in time. */
  override destroy(error?: Error): this {
    if (this.open && !this.destroyed) {
      this.release();
      const outgoing = this.#outgoing;
      const waiting = this.writableLength;
      if (outgoing !== null && outgoing.held < waiting && waiting <= MOST_SERVED)
        outgoing.acknowledge();
    }
    return this.scope.runInAsyncScope(super.destroy, this, error) as this;
  }

  override _destroy(error: Error | null, done: Done): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    let waits = false;
    if (this.open) {
      if (this.rstStatus === OK) this.rstStatus = resetStatus(error);
      this.#outgoing?.finish();
      waits = this.port.reset(this.which, this.rstStatus);
    }
    // At once, not when the RST_STREAM was written: a peer that only writes would wait for that, and never read it.
    this.abandonInput();
    if (!waits) this.#outgoing?.fail(error);
    this.#finalDone?.(error);
    this.#finalDone = null;
    done(error);
  }

  /** Small writes that were held back go on their way. @internal */
  release(): void {
    if (!this.is(GATHERING)) return;
    this.unmark(GATHERING);
    this.uncork();
  }

  protected gather(): void {
    this.acceptFirst();
    this.mark(GATHERING);
    super.cork();
    nextTick(releaseOf, this);
  }

  /** There is something to send. */
  protected resumeOutput(): void {
    if (this.id === 0) return;
    // What replies to a stream of the peer is given with the reply.
    if (!this.own || this.outgoing.given) this.port.resume(this.id);
    else this.port.give(this.id, this.outgoing);
  }
}

/** The status that tells the peer why a stream was destroyed. */
function resetStatus(error: Error | null): number {
  // An AbortError comes of Node when a `for await` is left: nothing has gone wrong.
  if (error === null || error.name === 'AbortError') return CANCEL;
  return error instanceof StreamError && error.status !== OK ? error.status : INTERNAL_ERROR;
}

function releaseOf(stream: WritableHalf<unknown>): void {
  stream.release();
}

function ignore(): void {}
