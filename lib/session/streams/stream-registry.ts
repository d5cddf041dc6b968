import { nextTick } from 'node:process';
import { abortSignal, onAbort } from '../../common/abort.ts';
import type { Engine } from '../../engine/engine.ts';
import type { StreamState } from '../../engine/insight.ts';
import type { WindowUpdateMode } from '../../engine/options/options.ts';
import { NO_HEADERS, type StreamHandle } from '../../engine/streams/stream-record.ts';
import type { SessionError, StreamError } from '../../errors.ts';
import {
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  HEADERS,
  INTERNAL_ERROR,
  OPT_NO_AUTO_WINDOW_UPDATE2,
  REFUSED_STREAM,
  SYN_REPLY,
  SYN_STREAM,
} from '../../protocol/constants.ts';
import type { ControlFrame, HeaderList, SynStreamFrame } from '../../protocol/frames.ts';
import { streamAborted } from '../end-reasons.ts';
import { raise } from '../raise.ts';
import { forceReset } from './late-reset.ts';
import type { Departure, OutgoingData } from './outgoing-data.ts';
import type { OpenOptions, RegistryHost } from './registry-host.ts';
import { asSeen } from './seen-state.ts';
import { SpdyStream } from './stream.ts';
import { bornOf, StreamBirth } from './stream-birth.ts';
import type { StreamOptions } from './stream-options.ts';
import type { StreamPort } from './stream-port.ts';
import { adoptStream, streamOf } from './stream-user-data.ts';

/** The SpdyStreams of a session: finds the one that an event belongs to, and carries out what they ask for. */
export class StreamRegistry implements StreamPort<SpdyStream> {
  readonly #engine: Engine;
  readonly #host: RegistryHost;
  /** Whether received bytes of streams without a SpdyStream count as consumed at once. */
  readonly #automatic: boolean;
  /** Whether the application alone gives credit. */
  readonly #manual: boolean;
  /** For how long, in milliseconds, RST_STREAM waits for what was written before. */
  readonly #resetTimeoutMs: number;
  #active = false;

  constructor(
    engine: Engine,
    host: RegistryHost,
    credit: WindowUpdateMode,
    resetTimeoutMs: number,
  ) {
    this.#resetTimeoutMs = resetTimeoutMs;
    this.#engine = engine;
    this.#host = host;
    this.#automatic = credit === 'auto';
    this.#manual = credit === 'manual';
  }

  /** Opens a stream. */
  open(headers: HeaderList, options: OpenOptions): SpdyStream {
    const signal = abortSignal(options.signal);
    const { priority = this.#engine.getPriLowest(), associatedId = 0 } = options;
    const endStream = options.endStream === true;
    const unidirectional = options.unidirectional === true;
    this.#activate();
    const stream = new SpdyStream(this, {
      id: 0,
      own: true,
      priority,
      associatedId,
      headers: NO_HEADERS,
      readable: !unidirectional,
      writable: !endStream,
    });
    const flags = (endStream ? CTRL_FLAG_FIN : 0) | (unidirectional ? CTRL_FLAG_UNIDIRECTIONAL : 0);
    const birth = new StreamBirth(stream);
    const handle = this.#engine.submitSynStream(flags, associatedId, priority, headers, birth);
    stream.submitted(handle, headers);
    birth.over = true;
    if (signal !== null) {
      const stop = onAbort(signal, (reason) => stream.fail(streamAborted(stream.id, reason)));
      stream.once('close', stop);
    }
    this.#host.schedule();
    return stream;
  }

  // What streams ask for

  reply(stream: SpdyStream, headers: HeaderList, end: boolean): void {
    this.#engine.submitResponse(stream.id, headers, end ? null : stream.outgoing);
    this.#host.schedule();
  }

  push(associated: SpdyStream, headers: HeaderList, options: StreamOptions): SpdyStream {
    return this.open(headers, {
      ...options,
      // A less urgent SYN_STREAM would come behind the end of the reply: too late.
      priority: options.priority ?? associated.priority,
      associatedId: associated.id,
      unidirectional: true,
    });
  }

  checkHeaders(headers: HeaderList): void {
    this.#engine.checkHeaders(headers);
  }

  sendHeaders(streamId: number, headers: HeaderList): void {
    this.#engine.submitHeaders(0, streamId, headers);
  }

  stateOf(which: StreamHandle | number): StreamState | null {
    const state = this.#engine.insight.stream(which);
    return state === null ? null : this.#refine(state);
  }

  /** How each stream stands. */
  states(): StreamState[] {
    return this.#engine.insight.streams().map((state) => this.#refine(state));
  }

  get bytesReceived(): number {
    return this.#engine.statistics.bytesReceived;
  }

  give(streamId: number, outgoing: OutgoingData): void {
    outgoing.given = true;
    this.#engine.submitData(streamId, DATA_FLAG_FIN, outgoing);
    this.#host.schedule();
  }

  resume(streamId: number): void {
    if (this.#engine.resumeData(streamId)) this.#host.schedule();
  }

  consume(streamId: number, bytes: number): void {
    if (this.#manual) return;
    this.#engine.consume(streamId, bytes);
    this.#host.schedule();
  }

  afterWrite(departure: Departure): void {
    this.#host.afterWrite(departure);
  }

  reset(which: StreamHandle | number, status: number): boolean {
    let waits = false;
    const streamId = typeof which === 'number' ? which : which.streamId;
    if (typeof which !== 'number' && streamId === 0) this.#engine.cancel(which, status);
    else waits = this.#engine.resetBehind(streamId, status);
    if (waits) forceReset(this.#engine, streamId, status, this.#resetTimeoutMs, this.#host);
    this.#host.schedule();
    return waits;
  }

  // What the engine reports

  /** A SYN_STREAM of ours is being sent. */
  beforeCtrlSend(frame: ControlFrame): void {
    if (!this.#active || frame.type !== SYN_STREAM) return;
    const birth = this.#engine.getStreamUserData(frame.streamId);
    if (!(birth instanceof StreamBirth)) return;
    const { stream } = birth;
    this.#engine.setStreamUserData(frame.streamId, stream);
    stream.opened(frame.streamId);
  }

  /** A frame of ours was written. */
  ctrlSend(frame: ControlFrame): void {
    if (!this.#active) return;
    if (frame.type === HEADERS) this.find(frame.streamId)?.headersSent();
    else if (frame.type === SYN_REPLY && (frame.flags & CTRL_FLAG_FIN) !== 0)
      this.find(frame.streamId)?.finished();
    else if (frame.type === SYN_STREAM && (frame.flags & CTRL_FLAG_FIN) === 0)
      this.find(frame.streamId)?.openedNow();
  }

  /** A DATA frame was written. */
  dataSend(flags: number, streamId: number): void {
    if (!this.#active) return;
    const stream = this.find(streamId);
    stream?.dataSent();
    // With nothing else to send, FIN leaves without asking the stream.
    if ((flags & DATA_FLAG_FIN) !== 0) stream?.finished();
  }

  /** A frame was received. */
  ctrlRecv(frame: ControlFrame): void {
    if (frame.type === SYN_STREAM) {
      // A listener that heard of it before has ended the session.
      if (this.#engine.getStreamRecvDataLength(frame.streamId) < 0) return;
      if (this.#active || this.#host.wantsStreams()) this.#accept(frame);
      return;
    }
    if (!this.#active || (frame.type !== SYN_REPLY && frame.type !== HEADERS)) return;
    const stream = this.find(frame.streamId);
    if (stream === undefined || stream.destroyed) return;
    if (frame.type === SYN_REPLY) stream.replied(frame.headers);
    else stream.moreHeaders(frame.headers);
    if ((frame.flags & CTRL_FLAG_FIN) !== 0) stream.receiveEnd();
  }

  /** Payload was received. */
  data(streamId: number, chunk: Buffer): void {
    if (!this.#active) return;
    const stream = this.find(streamId);
    if (stream !== undefined) stream.receive(chunk);
    else if (this.#automatic) this.#engine.consume(streamId, chunk.length);
  }

  /** A DATA frame is complete. */
  dataEnd(flags: number, streamId: number): void {
    if (!this.#active || (flags & DATA_FLAG_FIN) === 0) return;
    this.find(streamId)?.receiveEnd();
  }

  /** A stream has ended; id 0: it was never sent. */
  closed(streamId: number, status: number, error: StreamError | SessionError | null): void {
    if (!this.#active) return;
    if (streamId === 0) {
      this.#stillborn(status, error);
      return;
    }
    this.find(streamId)?.streamClosed(status, error);
  }

  /** The SpdyStream with this id, if there is one. */
  find(streamId: number): SpdyStream | undefined {
    return streamOf(this.#engine, this, streamId);
  }

  /** Payload bytes that are kept for readers. */
  get heldBytes(): number {
    let sum = 0;
    for (const { id } of this.#engine.insight.streams()) sum += this.find(id)?.heldBytes ?? 0;
    return sum;
  }

  /** A stream has ended before it had an id. */
  #stillborn(status: number, error: StreamError | SessionError | null): void {
    const birth = this.#engine.getStreamUserData(0);
    if (!(birth instanceof StreamBirth)) return;
    const { stream } = birth;
    const end = (): void => stream.streamClosed(status, error);
    // Refused at once: whoever opens it has still to get it, and to listen.
    if (birth.over) end();
    else nextTick(end);
  }

  #accept(frame: SynStreamFrame): void {
    const { flags } = frame;
    const push = this.#engine.side === CLIENT && frame.associatedToStreamId !== 0;
    const parent = push ? this.find(frame.associatedToStreamId) : undefined;
    if (parent === undefined && !this.#host.wantsStreams()) return;
    this.#activate();
    const make = (): SpdyStream => new SpdyStream(this, bornOf(frame, push));
    const stream = parent === undefined ? make() : parent.run(make);
    adoptStream(this.#engine, stream);
    let wanted = false;
    const served = this.#call(parent ?? stream, () => {
      wanted = parent?.emit('push', stream) === true || this.#host.offer(stream, frame);
    });
    // What a listener has begun before it threw must not be repeated, as a refused stream may be.
    if (!served) stream.close(INTERNAL_ERROR);
    // A push that nobody asked for (SPDY/3 3.3.2).
    else if (!wanted) stream.close(REFUSED_STREAM);
    else if ((flags & CTRL_FLAG_FIN) !== 0) stream.receiveEnd();
  }

  /** The engine knows neither the transport nor what a stream could give it. */
  #refine(state: StreamState): StreamState {
    return asSeen(state, this.find(state.id)?.idle === true, this.#host.stalled());
  }

  /** From now on credit is given for what was consumed. */
  #activate(): void {
    if (this.#active) return;
    this.#active = true;
    if (this.#automatic) this.#engine.setOption(OPT_NO_AUTO_WINDOW_UPDATE2, 1);
  }

  /** Calls a stream in its context; what its listeners throw must not stop the session. False if one did. */
  #call(stream: SpdyStream, report: () => void): boolean {
    try {
      stream.run(report);
      return true;
    } catch (exception) {
      raise(exception);
      return false;
    }
  }
}
