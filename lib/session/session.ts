import type { Duplex } from 'node:stream';
import type { DataSource } from '../engine/data-provider.ts';
import type { SessionCalls } from '../engine/session-calls.ts';
import type { StreamHandle } from '../engine/stream-record.ts';
import {
  InvalidArgumentError,
  InvalidStateError,
  type SessionError,
  type SpdyError,
} from '../errors.ts';
import { DATA_FLAG_FIN, GOAWAY_OK, type Side } from '../protocol/constants.ts';
import type { HeaderList, SettingsEntry } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import type { SessionState, SessionStatistics } from './diagnostics.ts';
import type { SessionVersion } from './negotiate.ts';
import type { PingCallback } from './pings.ts';
import { type DataInput, toDataSource } from './provider.ts';
import { SessionIo } from './session-io.ts';
import { type SessionOptions, type SettingsInput, toSettingsEntries } from './session-options.ts';
import { assertSendable } from './session-start.ts';
import type { SpdyStream } from './stream.ts';
import type { StreamOptions } from './stream-options.ts';

/**
 * One end of a SPDY connection as a Duplex: `socket.pipe(session).pipe(socket)`, or `session.attach(socket)`. It has the calls of
 * Spdylay's Session (see `Engine` for what they throw); its callbacks are events (`SessionEvents`). What is submitted in one tick
 * leaves together. 'error' is emitted only when the session as a whole failed, never for the end of a stream or of the peer.
 */
export class Session extends SessionIo implements SessionCalls {
  /** Which end this is. */
  readonly side: Side;
  /** The protocol that is spoken. */
  readonly version: ProtocolVersion;
  /** Whatever the application keeps with the session. */
  userData: unknown = null;

  readonly #resume = (streamId: number): void => {
    this.resumeData(streamId);
  };
  #closed: Promise<void> | null = null;

  /**
   * `version` is a number (`PROTO_SPDY3_1`) or an ALPN name (`'spdy/3.1'`, as `socket.alpnProtocol` has it).
   *
   * @throws InvalidArgumentError for a side or an option that is none
   * @throws UnsupportedVersionError for a version that is none
   */
  constructor(side: Side, version: SessionVersion, options: SessionOptions = {}) {
    super(side, version, options);
    this.side = side;
    this.version = this.engine.version;
  }

  // The connection

  /** Pipes both ways and follows the life of the transport: `socket.pipe(session).pipe(socket)`. Returns the session. */
  attach(socket: Duplex): this {
    if (typeof socket?.pipe !== 'function')
      throw new InvalidArgumentError(`attach() needs a Duplex, got ${String(socket)}`);
    socket.pipe(this).pipe(socket);
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
  close(callback?: (error: Error | null) => void): Promise<void> {
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
      this.#ping((error, roundTripMs) => {
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
    const { streamsOpened, streamsAccepted, streamsClosed } = engine.statistics;
    return {
      side: this.side,
      version: this.version.name,
      phase: this.#phase(),
      goawaySent: this.goawaySent,
      goawayReceived: this.goawayReceived,
      openStreams: streamsOpened + streamsAccepted - streamsClosed,
      outboundQueueSize: engine.getOutboundQueueSize(),
      outboundBytes: this.readableLength + transport.pendingBytes,
      receivedBytes: engine.getRecvDataLength(),
      unconsumedBytes: engine.unconsumedBytes,
      inputHeld: this.inputHeld,
      pendingPings: this.pings.size,
      transportError: transport.error,
    };
  }

  /** Counters since the session was made: a snapshot. */
  get statistics(): SessionStatistics {
    return { ...this.engine.statistics, roundTripMs: this.pings.lastRoundTripMs };
  }

  // Streams

  /**
   * Opens a stream as a Duplex. It leaves as soon as the peer allows one more stream.
   *
   * @throws InvalidStateError when the session accepts no new streams (`ERR_SPDY_SESSION_CLOSED`)
   * @throws InvalidArgumentError for bad headers or a bad priority
   */
  request(headers: HeaderList, options: StreamOptions = {}): SpdyStream {
    if (this.destroyed || this.closing || this.goawayReceived || this.engine.failed) {
      const message = 'the session is closing: no new stream can be opened';
      throw new InvalidStateError(message, 'ERR_SPDY_SESSION_CLOSED');
    }
    return this.streams.open(headers, options);
  }

  // Requests to send

  /** Opens a stream, and sends the data of `provider`; without one the stream is finished at once. The handle learns the id. */
  submitRequest(
    priority: number,
    headers: HeaderList,
    provider?: DataInput | null,
    userData?: unknown,
  ): StreamHandle {
    const source = toDataSource(provider, this.#resume);
    return this.#handing(source, () =>
      this.engine.submitRequest(priority, headers, source, userData),
    );
  }

  /** Replies to a stream of the peer, and sends the data of `provider`; without one the reply finishes the stream. */
  submitResponse(streamId: number, headers: HeaderList, provider?: DataInput | null): void {
    const source = toDataSource(provider, this.#resume);
    this.#handing(source, () => this.engine.submitResponse(streamId, headers, source));
  }

  submitSynStream(
    flags: number,
    associatedToStreamId: number,
    priority: number,
    headers: HeaderList,
    userData?: unknown,
    slot = 0,
  ): StreamHandle {
    const { engine } = this;
    const handle = engine.submitSynStream(
      flags,
      associatedToStreamId,
      priority,
      headers,
      userData,
      slot,
    );
    this.schedule();
    return handle;
  }

  submitSynReply(flags: number, streamId: number, headers: HeaderList): void {
    this.engine.submitSynReply(flags, streamId, headers);
    this.schedule();
  }

  submitHeaders(flags: number, streamId: number, headers: HeaderList): void {
    this.engine.submitHeaders(flags, streamId, headers);
    this.schedule();
  }

  /** Sends the data of a provider, behind what the stream has to send; with the flag FIN the stream is finished then. */
  submitData(streamId: number, flags: number, provider: DataInput): void {
    const source = toDataSource(provider, this.#resume);
    this.#handing(source, () =>
      this.engine.submitData(streamId, flags & DATA_FLAG_FIN, source as DataSource),
    );
  }

  submitRstStream(streamId: number, status: number): void {
    this.engine.submitRstStream(streamId, status);
    this.schedule();
  }

  cancel(handle: StreamHandle, status: number): void {
    this.engine.cancel(handle, status);
    this.schedule();
  }

  /** Sends PING and returns its id; the answer is a 'ping' event with the same id. `ping()` does more. */
  submitPing(): number {
    const id = this.engine.submitPing();
    this.schedule();
    return id;
  }

  /** Sends GOAWAY: no more streams either way; the session ends when those that are open have finished. */
  submitGoaway(status: number = GOAWAY_OK): void {
    this.engine.submitGoaway(status);
    this.goawayQueued = true;
    this.schedule();
  }

  /** Sends SETTINGS, by name or as entries with their flags; our own values count at once. */
  submitSettings(flags: number, settings: SettingsInput): void {
    const entries: readonly SettingsEntry[] = toSettingsEntries(settings);
    assertSendable(this.engine, entries);
    this.engine.submitSettings(flags, entries);
    this.schedule();
  }

  submitWindowUpdate(streamId: number, delta: number): void {
    this.engine.submitWindowUpdate(streamId, delta);
    this.schedule();
  }

  submitCredential(slot: number, proof: Uint8Array, certificates: readonly Uint8Array[]): void {
    this.engine.submitCredential(slot, proof, certificates);
    this.schedule();
  }

  resumeData(streamId: number): boolean {
    const resumed = this.engine.resumeData(streamId);
    if (resumed) this.schedule();
    return resumed;
  }

  consume(streamId: number, length: number): void {
    this.engine.consume(streamId, length);
    this.schedule();
  }

  /** Ends the session with GOAWAY: all streams end, then 'error' is emitted (default `ERR_SPDY_SESSION_CLOSED`). */
  failSession(status: number, error?: SessionError): void {
    this.engine.failSession(status, error);
    this.schedule();
  }

  // Options and getters of Spdylay

  wantRead(): boolean {
    return this.engine.wantRead();
  }

  wantWrite(): boolean {
    return this.engine.wantWrite();
  }

  setOption(option: number, value: number): void {
    this.engine.setOption(option, value);
  }

  getStreamUserData(streamId: number): unknown {
    return this.engine.getStreamUserData(streamId);
  }

  setStreamUserData(streamId: number, userData: unknown): void {
    this.engine.setStreamUserData(streamId, userData);
  }

  getOutboundQueueSize(): number {
    return this.engine.getOutboundQueueSize();
  }

  getPriLowest(): number {
    return this.engine.getPriLowest();
  }

  getStreamRecvDataLength(streamId: number): number {
    return this.engine.getStreamRecvDataLength(streamId);
  }

  getRecvDataLength(): number {
    return this.engine.getRecvDataLength();
  }

  setNextStreamId(streamId: number): void {
    this.engine.setNextStreamId(streamId);
  }

  setClientCertificate(chain: readonly Uint8Array[]): void {
    this.engine.setClientCertificate(chain);
  }

  getClientCertificate(slot: number): readonly Uint8Array[] | null {
    return this.engine.getClientCertificate(slot);
  }

  protected sendPing(): void {
    // That many PINGs wait already: one of them will do.
    this.#ping(() => {});
  }

  protected closeIdle(): void {
    void this.close();
  }

  #ping(done: PingCallback): void {
    if (this.destroyed || this.engine.failed) {
      done(new InvalidStateError('the session is closed', 'ERR_SPDY_SESSION_CLOSED'), 0);
      return;
    }
    try {
      this.pings.add(this.submitPing(), done);
    } catch (exception) {
      done(exception as SpdyError, 0);
    }
  }

  #phase(): SessionState['phase'] {
    if (this.destroyed) return 'closed';
    if (this.failing) return 'failed';
    return this.closing || this.goawaySent || this.goawayReceived ? 'closing' : 'open';
  }

  #whenClosed(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        if (this.closeError === null) resolve();
        else reject(this.closeError);
      };
      if (this.closed) settle();
      else this.once('close', settle);
    });
  }

  #beginClose(): void {
    if (this.closing || this.destroyed) return;
    this.closing = true;
    if (!this.goawayQueued) this.submitGoaway(GOAWAY_OK);
    this.startCloseDeadline();
  }

  /** Makes a call that hands a source to the engine; one that is refused is closed here. */
  #handing<T>(source: DataSource | null, submit: () => T): T {
    try {
      return submit();
    } catch (exception) {
      source?.close?.();
      throw exception;
    } finally {
      this.schedule();
    }
  }
}
