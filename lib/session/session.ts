import type { Duplex, Writable } from 'node:stream';
import { shown } from '../common/check.ts';
import { firstOf, showBy } from '../common/inspection.ts';
import { checkOptions } from '../common/option-names.ts';
import { onRejection } from '../common/rejections.ts';
import type { StreamState } from '../engine/insight.ts';
import { summary } from '../engine/insight.ts';
import { InvalidArgumentError, InvalidStateError, type SpdyError } from '../errors.ts';
import { CLIENT, GOAWAY_OK, type Side } from '../protocol/constants.ts';
import type { HeaderList } from '../protocol/frames.ts';
import type { PingCallback } from './liveness/pings.ts';
import type { SessionOptions } from './session-options.ts';
import { SpdylaySession } from './spdylay-session.ts';
import type { SpdyStream } from './streams/stream.ts';
import { STREAM_OPTION_NAMES, type StreamOptions } from './streams/stream-options.ts';
import { DEBUGGING, debugEvent } from './trace/debug-log.ts';
import type { SessionState, SessionStatistics } from './trace/diagnostics.ts';
import { traceInto } from './trace/trace-sink.ts';
import { type TraceListener, Tracer } from './trace/tracer.ts';
import type { SessionVersion } from './transport/negotiate.ts';

/**
 * One end of a SPDY connection as a Duplex: `socket.pipe(session).pipe(socket)`, or `session.attach(socket)`. It has the calls of
 * Spdylay's Session (see `Engine` for what they throw); its callbacks are events (`SessionEvents`). What is submitted in one tick
 * leaves together. 'error' is emitted only when the session as a whole failed, never for the end of a stream or of the peer.
 */
export class Session extends SpdylaySession {
  static {
    showBy(Session, (it) => it.#facts());
    onRejection(Session, (it, error, event, [first]) => {
      // As where a listener throws: the others of the session have nothing to do with it.
      if (event === 'stream') (first as SpdyStream).destroy(error);
      else it.destroy(error);
    });
  }

  #closed: Promise<void> | null = null;

  /**
   * `version` is a number (`PROTO_SPDY3_1`) or an ALPN name (`'spdy/3.1'`, as `socket.alpnProtocol` has it).
   *
   * @throws InvalidArgumentError for a side or an option that is none
   * @throws UnsupportedVersionError for a version that is none
   */
  constructor(side: Side, version: SessionVersion, options: SessionOptions = {}) {
    super(side, version, options);
    if (DEBUGGING) this.trace(debugEvent);
  }

  // The connection

  /**
   * Carries bytes both ways, as `socket.pipe(session).pipe(socket)` does, in less memory, and follows the life of the transport. Returns
   * the session. `socket.pause()` stops the input, `session.unpipe()` ends the output; `pipe()` between the two takes the place of either.
   *
   * @throws InvalidArgumentError for what is no Duplex
   * @throws InvalidStateError when it is attached already, or closed (`ERR_SPDY_SESSION_CLOSED`)
   */
  attach(socket: Duplex): this {
    if (typeof socket?.pipe !== 'function' || typeof socket.write !== 'function')
      throw new InvalidArgumentError(`attach() needs a Duplex, got ${shown(socket)}`);
    if (this.transport.piped)
      throw new InvalidStateError('attach(): the session is attached to a transport already');
    // Nobody would ever close the socket.
    if (this.destroyed)
      throw new InvalidStateError('attach(): the session is closed', 'ERR_SPDY_SESSION_CLOSED');
    this.carry(socket);
    return this;
  }

  /** The transport, null before there is one. Of a separate source and sink it is the source. */
  get socket(): Duplex | null {
    return this.transport.source as Duplex | null;
  }

  /**
   * Ends the session in order: GOAWAY, open streams finish, then the transport ends. Resolves when it is closed; rejects if it was
   * destroyed for an error, as with `ERR_SPDY_TIMEOUT` when streams stay open for `closeTimeoutMs`. Later calls join the first one.
   */
  override close(callback?: (error: Error | null) => void): Promise<void> {
    if (this.#closed === null) {
      this.#closed = this.#whenClosed();
      // The same error is emitted as 'error': nobody has to take it here as well.
      this.#closed.catch(() => {});
      this.#beginClose();
    }
    if (callback !== undefined) this.#closed.then(() => callback(null), callback);
    return this.#closed;
  }

  /** `close()`, for `await using`. */
  override [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Measures the round-trip time: resolves with milliseconds. Rejects with `ERR_SPDY_PING_CANCELLED` when the session ends first,
   * with `ERR_SPDY_TOO_MANY_PINGS` when `maxOutstandingPings` wait already. With a callback, rejections are its matter alone.
   */
  ping(callback?: PingCallback): Promise<number> {
    const result = new Promise<number>((resolve, reject) => {
      this.core.measurePing((error, roundTripMs) => {
        if (error === null) resolve(roundTripMs);
        else reject(error);
      });
    });
    if (callback !== undefined) {
      result.then(
        (roundTripMs) => callback(null, roundTripMs),
        (error: SpdyError) => callback(error, 0),
      );
    }
    return result;
  }

  /** Lets the transport keep the process alive (the default). */
  ref(): this {
    this.transport.reference(true);
    return this;
  }

  /** Lets the process end although the transport is open. */
  unref(): this {
    this.transport.reference(false);
    return this;
  }

  /** What the session is doing: a snapshot. */
  get state(): SessionState {
    const { engine, transport } = this;
    const { ending, goawayReceived, inlet, pings, streams } = this.core;
    const { insight, statistics } = engine;
    const { streamsOpened, streamsAccepted, streamsClosed } = statistics;
    return {
      side: this.side,
      version: this.version.name,
      phase: this.#phase(),
      goawaySent: ending.goawaySent,
      goawayReceived,
      openStreams: streamsOpened + streamsAccepted - streamsClosed,
      waitingStreams: insight.waitingStreams,
      maxStreams: insight.peerMaxStreams,
      sendWindow: insight.sendWindow,
      receiveWindow: insight.receiveWindow,
      outboundQueueSize: engine.getOutboundQueueSize(),
      outboundBytes: this.readableLength + transport.pendingBytes,
      receivedBytes: engine.getRecvDataLength(),
      unconsumedBytes: engine.unconsumedBytes,
      headerMemory: insight.headerMemory,
      get heldBytes(): number {
        return streams.heldBytes;
      },
      inputHeld: inlet.held,
      outputHeld: transport.full,
      pendingPings: pings.size,
      transportError: transport.error,
    };
  }

  /** How each stream stands, and why it does not move: a snapshot, of those that wait to be opened as well. */
  streamStates(): StreamState[] {
    return this.core.streams.states();
  }

  /** Counters since the session was made: a snapshot. */
  get statistics(): SessionStatistics {
    return { ...this.engine.statistics, roundTripMs: this.core.pings.lastRoundTripMs };
  }

  /**
   * Tells from now on what happens, as data: to a function, or to a stream as lines of JSON (the stream is not ended). Values of
   * `authorization`, `cookie` and the like are left out. Returns what stops it. Without a trace none of it is made.
   *
   * @throws InvalidArgumentError for a sink that is neither
   */
  trace(sink: Writable | TraceListener): () => void {
    if (typeof sink !== 'function' && typeof sink?.write !== 'function')
      throw new InvalidArgumentError(`trace() needs a Writable or a function, got ${shown(sink)}`);
    const listener = typeof sink === 'function' ? sink : traceInto(sink);
    const tracer = new Tracer(this, this.engine.insight, listener);
    return () => tracer.stop();
  }

  // Streams

  /**
   * Opens a stream as a Duplex. It leaves as soon as the peer allows one more stream.
   *
   * @throws InvalidStateError when the session accepts no new streams (`ERR_SPDY_SESSION_CLOSED`)
   * @throws InvalidArgumentError for bad headers or a bad priority
   */
  request(headers: HeaderList, options: StreamOptions = {}): SpdyStream {
    const { closing, ending, engine, goawayReceived, streams } = this.core;
    const over = this.destroyed || ending.inputEnded || engine.failed;
    if (over || closing || goawayReceived) {
      const message = 'the session is closing: no new stream can be opened';
      throw new InvalidStateError(message, 'ERR_SPDY_SESSION_CLOSED');
    }
    checkOptions('request()', options, STREAM_OPTION_NAMES);
    return streams.open(headers, options);
  }

  #phase(): SessionState['phase'] {
    if (this.destroyed) return 'closed';
    const { closing, ending, goawayReceived } = this.core;
    if (ending.failure !== null) return 'failed';
    return closing || ending.goawaySent || goawayReceived ? 'closing' : 'open';
  }

  #whenClosed(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        const { closeError } = this.core;
        if (closeError === null) resolve();
        else reject(closeError);
      };
      if (this.closed) settle();
      else this.once('close', settle);
    });
  }

  #beginClose(): void {
    const { core } = this;
    if (core.closing || this.destroyed) return;
    core.closing = true;
    if (!core.ending.goawayQueued) this.submitGoaway(GOAWAY_OK);
    core.startCloseDeadline();
  }

  /** What `util.inspect()` shows. */
  #facts(): object {
    const { state, statistics } = this;
    return {
      side: this.side === CLIENT ? 'client' : 'server',
      version: state.version,
      phase: state.phase,
      openStreams: state.openStreams,
      waitingStreams: state.waitingStreams,
      maxStreams: state.maxStreams,
      sendWindow: state.sendWindow,
      receiveWindow: state.receiveWindow,
      outboundBytes: state.outboundBytes,
      heldBytes: state.heldBytes,
      inputHeld: state.inputHeld,
      outputHeld: state.outputHeld,
      roundTripMs: statistics.roundTripMs,
      error: (this.core.closeError ?? state.transportError)?.message ?? null,
      streams: firstOf(this.streamStates().map(summary)),
    };
  }
}
