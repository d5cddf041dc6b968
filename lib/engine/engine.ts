import { dictionaryFor } from '../compression/dictionaries.ts';
import { HeaderDecompressor } from '../compression/header-decompressor.ts';
import { InvalidArgumentError, SessionError, UnsupportedVersionError } from '../errors.ts';
import { toBuffer } from '../framing/bytes.ts';
import { FrameReader } from '../framing/frame-reader.ts';
import { OutputBuffer } from '../framing/output-buffer.ts';
import {
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_NONE,
  FRAME_HEADER_LENGTH,
  GOAWAY_INTERNAL_ERROR,
  GOAWAY_OK,
  HEADERS,
  INTERNAL_ERROR,
  SERVER,
  type Side,
  type SpdyVersion,
  SYN_REPLY,
} from '../protocol/constants.ts';
import type { HeaderList, SettingsEntry } from '../protocol/frames.ts';
import { findVersion, type ProtocolVersion } from '../protocol/version.ts';
import { askForBytes, handOver } from './callback-io.ts';
import type { DataSource } from './data-provider.ts';
import type { EngineHandler } from './engine-handler.ts';
import { createCompressor } from './header-compression.ts';
import {
  applyOption,
  checkRange,
  type EngineOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.ts';
import { Receiver } from './receive-data.ts';
import { Sender } from './send.ts';
import type { SessionCalls } from './session-calls.ts';
import { SessionState } from './session-state.ts';
import type { EngineStatistics } from './statistics.ts';
import type { StreamHandle } from './stream.ts';
import { isDataSource, Submitter } from './submit.ts';

/** Most bytes of memory that `pull()` takes before it knows that they are needed. */
const MOST_RESERVED = 131072;

/**
 * One end of a SPDY session without any I/O: bytes go in through `receive()` and come out of `pull()`, what happens is reported to an
 * `EngineHandler`, and the `submit` calls queue what shall be sent. `recv()` and `send()` offer the same in Spdylay's style.
 */
export class Engine implements SessionCalls {
  /** Which end this is. */
  readonly side: Side;
  /** The protocol that is spoken. */
  readonly version: ProtocolVersion;
  /** Whatever the application keeps with the engine. */
  userData: unknown = null;

  readonly #handler: EngineHandler;
  readonly #options: ResolvedOptions;
  readonly #state: SessionState;
  readonly #reader: FrameReader;
  readonly #out = new OutputBuffer();
  readonly #sender: Sender;
  readonly #submit: Submitter;
  /** Bytes of the frame that `send()` could not hand over yet. */
  #unsent: Buffer | null = null;
  /** The transport has ended: what was encoded goes nowhere. */
  #gone = false;

  /**
   * @throws InvalidArgumentError for a side or an option that is none
   * @throws UnsupportedVersionError for a version that is none
   */
  constructor(
    side: Side,
    version: SpdyVersion,
    options: EngineOptions = {},
    handler: EngineHandler = {},
  ) {
    if (side !== CLIENT && side !== SERVER) {
      throw new InvalidArgumentError(`side must be CLIENT (1) or SERVER (2), got ${String(side)}`);
    }
    const protocol = findVersion(version);
    if (protocol === null) {
      throw new UnsupportedVersionError(
        `version must be PROTO_SPDY2, PROTO_SPDY3 or PROTO_SPDY3_1, got ${String(version)}`,
      );
    }
    this.side = side;
    this.version = protocol;
    this.#handler = handler;
    this.#options = resolveOptions(side, options);
    this.#state = new SessionState(side, protocol, this.#options, handler);
    const dictionary = dictionaryFor(protocol.wire);
    const receiver = new Receiver(this.#state);
    this.#reader = new FrameReader(
      protocol,
      this.#options,
      new HeaderDecompressor(dictionary),
      receiver,
    );
    this.#state.reader = this.#reader;
    const compressor = createCompressor(protocol, this.#options);
    this.#sender = new Sender(this.#state, this.#out, compressor);
    this.#submit = new Submitter(this.#state);
  }

  /**
   * Takes bytes from the peer, cut anywhere. Never throws for what the peer did; after the session has failed, bytes are ignored.
   * DATA payload is reported as views of `chunk`, so it must not be written to afterwards.
   */
  receive(chunk: Uint8Array): void {
    this.#state.report.assertOutside('receive');
    const bytes = toBuffer(chunk);
    this.#state.statistics.bytesReceived += bytes.length;
    if (this.#state.phase === 'open') this.#reader.read(bytes);
    this.#state.report.rethrow();
  }

  /**
   * Spdylay's way in: with `data` the same as `receive()`; without, asks `recvCb` until it has nothing more.
   *
   * @throws EOFError when `recvCb` says that the transport ended
   * @throws CallbackFailureError when `recvCb` fails or is missing
   */
  recv(data?: Uint8Array): void {
    if (data !== undefined) {
      this.receive(data);
      return;
    }
    this.#state.report.assertOutside('recv');
    for (;;) {
      const bytes = askForBytes(this.#handler);
      if (bytes === null) return;
      this.receive(bytes);
    }
  }

  /** The transport has ended: every stream ends with an error, and nothing is sent any more. */
  transportEnd(error?: SessionError): void {
    const state = this.#state;
    this.#gone = true;
    this.#unsent = null;
    if (state.phase === 'ended') return;
    state.end();
    const message = 'the transport ended while the stream was open';
    state.endStreams(
      INTERNAL_ERROR,
      error ??
        new SessionError('ERR_SPDY_TRANSPORT_CLOSED', message, GOAWAY_INTERNAL_ERROR, 'peer'),
    );
    state.report.rethrow();
  }

  /**
   * The peer has ended its direction of a transport that can be half open: streams which it had not finished end with
   * `ERR_SPDY_TRANSPORT_CLOSED` (and RST_STREAM), the others may still send.
   */
  inputEnd(): void {
    this.#state.endInput();
    this.#state.report.rethrow();
  }

  /**
   * The next bytes for the peer, null if there are none. Stops at the first frame border behind `limit` bytes.
   *
   * @throws CallbackFailureError when a data provider fails for the session
   */
  pull(limit = 65536): Buffer | null {
    this.#state.report.assertOutside('pull');
    const out = this.#out;
    const state = this.#state;
    // Room for the last frame too, which may begin just below the limit: growing copies what is pending.
    if (state.queue.hasData(state.mayData)) {
      out.reserve(Math.min(limit + this.#options.maxDataSize, MOST_RESERVED) + FRAME_HEADER_LENGTH);
    }
    while (out.length < limit && this.#sender.encodeNext()) this.#sender.written();
    state.report.rethrow();
    if (out.length === 0 || this.#gone) return null;
    const bytes = out.take();
    if (!state.queue.hasData(state.mayData)) out.trim();
    state.statistics.bytesSent += bytes.length;
    return bytes;
  }

  /**
   * Spdylay's way out: hands everything that can be sent to `sendCb`, frame by frame, until that takes no more.
   *
   * @throws CallbackFailureError when `sendCb` or a data provider fails; the frame in progress is kept
   */
  send(): void {
    this.#state.report.assertOutside('send');
    for (;;) {
      if (this.#unsent === null) {
        if (!this.#sender.encodeNext() || this.#gone) break;
        this.#unsent = this.#out.take();
      }
      const bytes = this.#unsent;
      const sent = handOver(this.#handler, this.#state.report, bytes);
      if (sent === 0 || this.#gone) break;
      this.#state.statistics.bytesSent += sent;
      this.#unsent = sent < bytes.length ? bytes.subarray(sent) : null;
      if (this.#unsent === null) this.#sender.written();
    }
    this.#state.report.rethrow();
  }

  wantRead(): boolean {
    const { phase, goawaySent, goawayReceived, streams, queue } = this.#state;
    if (phase !== 'open') return false;
    return (!goawaySent && !goawayReceived) || streams.size > 0 || queue.waitingToOpen > 0;
  }

  wantWrite(): boolean {
    const { phase, queue, mayOpen, mayData } = this.#state;
    if (this.#unsent !== null || this.#out.length > 0) return !this.#gone;
    if (phase === 'ended') return false;
    return queue.hasUrgent || queue.hasStream(mayOpen, mayData);
  }

  /** Whether the session has failed or ended. */
  get failed(): boolean {
    return this.#state.phase !== 'open';
  }

  submitRequest(
    priority: number,
    headers: HeaderList,
    provider?: DataSource | null,
    userData?: unknown,
  ): StreamHandle {
    const source = isDataSource(provider) ? provider : null;
    const handle = this.#submit.open(
      source === null ? CTRL_FLAG_FIN : CTRL_FLAG_NONE,
      0,
      priority,
      headers,
      source,
      userData,
      0,
    );
    this.#state.report.rethrow();
    return handle;
  }

  submitResponse(streamId: number, headers: HeaderList, provider?: DataSource | null): void {
    const source = isDataSource(provider) ? provider : null;
    const flags = source === null ? CTRL_FLAG_FIN : CTRL_FLAG_NONE;
    this.#submit.headers(SYN_REPLY, flags, streamId, headers, source);
    this.#state.report.rethrow();
  }

  submitSynStream(
    flags: number,
    associatedToStreamId: number,
    priority: number,
    headers: HeaderList,
    userData?: unknown,
    slot = 0,
  ): StreamHandle {
    const handle = this.#submit.open(
      flags,
      associatedToStreamId,
      priority,
      headers,
      null,
      userData,
      slot,
    );
    this.#state.report.rethrow();
    return handle;
  }

  submitSynReply(flags: number, streamId: number, headers: HeaderList): void {
    this.#submit.headers(SYN_REPLY, flags, streamId, headers, null);
    this.#state.report.rethrow();
  }

  submitHeaders(flags: number, streamId: number, headers: HeaderList): void {
    this.#submit.headers(HEADERS, flags, streamId, headers, null);
    this.#state.report.rethrow();
  }

  /** Throws the InvalidArgumentError that `submitHeaders()` would, for headers which are submitted later. */
  checkHeaders(headers: HeaderList): void {
    this.#submit.checkHeaders(headers);
  }

  submitData(streamId: number, flags: number, provider: DataSource): void {
    this.#submit.data(streamId, flags, provider);
    this.#state.report.rethrow();
  }

  submitRstStream(streamId: number, status: number): void {
    this.#submit.reset(streamId, status);
    this.#state.report.rethrow();
  }

  cancel(handle: StreamHandle, status: number): void {
    this.#submit.cancel(handle, status);
    this.#state.report.rethrow();
  }

  submitPing(): number {
    return this.#submit.ping();
  }

  submitGoaway(status: number = GOAWAY_OK): void {
    this.#submit.goaway(status);
  }

  submitSettings(flags: number, entries: readonly SettingsEntry[]): void {
    this.#submit.settings(flags, entries);
  }

  submitWindowUpdate(streamId: number, delta: number): void {
    this.#submit.windowUpdate(streamId, delta);
  }

  submitCredential(slot: number, proof: Uint8Array, certificates: readonly Uint8Array[]): void {
    this.#submit.credential(slot, proof, certificates);
  }

  resumeData(streamId: number): boolean {
    return this.#submit.resume(streamId);
  }

  consume(streamId: number, length: number): void {
    this.#submit.consume(streamId, length);
  }

  failSession(status: number, error?: SessionError): void {
    checkRange('status', status, 0, 2);
    if (this.#state.phase !== 'open') this.#submit.goaway(status);
    else {
      const message = 'the session was ended by this side';
      const reason = error ?? new SessionError('ERR_SPDY_SESSION_CLOSED', message, status, 'local');
      this.#state.fail(reason, status);
    }
    this.#state.report.rethrow();
  }

  setOption(option: number, value: number): void {
    applyOption(this.#options, this.#state.credit, option, value);
  }

  getStreamUserData(streamId: number): unknown {
    const { reporting, streams } = this.#state;
    const stream = reporting?.streamId === streamId ? reporting : streams.get(streamId);
    return stream?.userData ?? null;
  }

  setStreamUserData(streamId: number, userData: unknown): void {
    const stream = this.#state.streams.get(streamId);
    if (stream === undefined) throw new InvalidArgumentError(`stream ${streamId} is not open`);
    stream.userData = userData ?? null;
  }

  getOutboundQueueSize(): number {
    return this.#state.queue.size(this.#state.mayData) - (this.#sender.dataInProgress ? 1 : 0);
  }

  getPriLowest(): number {
    return this.version.lowestPriority;
  }

  getStreamRecvDataLength(streamId: number): number {
    return this.#state.streams.get(streamId)?.received ?? -1;
  }

  getRecvDataLength(): number {
    return this.#state.credit.received;
  }

  /** Bytes handed out that the application has not consumed (option `windowUpdates: 'consume'`, else 0). */
  get unconsumedBytes(): number {
    return this.#state.credit.unconsumed;
  }

  setNextStreamId(streamId: number): void {
    this.#submit.setNextStreamId(streamId);
  }

  setClientCertificate(chain: readonly Uint8Array[]): void {
    this.#state.certificates?.set(1, chain);
  }

  getClientCertificate(slot: number): readonly Uint8Array[] | null {
    return this.#state.certificates?.get(slot) ?? null;
  }

  /** Counters since the engine was made. */
  get statistics(): Readonly<EngineStatistics> {
    return this.#state.statistics;
  }
}
