import { checkRange } from '../common/check.ts';
import { dictionaryFor } from '../compression/dictionaries.ts';
import { HeaderDecompressor } from '../compression/header-decompressor.ts';
import { InvalidArgumentError, SessionError } from '../errors.ts';
import { toBuffer } from '../framing/bytes.ts';
import { FrameReader } from '../framing/frame-reader.ts';
import { OutputBuffer } from '../framing/output-buffer.ts';
import {
  CTRL_FLAG_FIN,
  CTRL_FLAG_NONE,
  GOAWAY_INTERNAL_ERROR,
  GOAWAY_OK,
  HEADERS,
  INTERNAL_ERROR,
  type Side,
  type SpdyVersion,
  SYN_REPLY,
} from '../protocol/constants.ts';
import type { HeaderList, SettingsEntry } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { askForBytes, handOver } from './callback-io.ts';
import type { DataSource } from './data-provider.ts';
import type { EngineHandler } from './engine-handler.ts';
import { EngineState } from './engine-state.ts';
import { createCompressor } from './header-compression.ts';
import {
  applyOption,
  checkEnd,
  type EngineOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.ts';
import { Receiver } from './receive-data.ts';
import { Sender } from './send.ts';
import type { SessionCalls } from './session-calls.ts';
import type { EngineStatistics } from './statistics.ts';
import type { StreamHandle } from './stream-record.ts';
import { isDataSource, Submitter } from './submit.ts';

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
  readonly #state: EngineState;
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
    const protocol = checkEnd(side, version);
    this.side = side;
    this.version = protocol;
    this.#handler = handler;
    this.#options = resolveOptions(side, options);
    this.#state = new EngineState(side, protocol, this.#options, handler);
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
    for (let bytes = askForBytes(this.#handler); bytes !== null; bytes = askForBytes(this.#handler))
      this.receive(bytes);
  }

  /** The transport has ended: every stream ends with an error, and nothing is sent any more. */
  transportEnd(error?: SessionError): void {
    const state = this.#state;
    this.#gone = true;
    this.#unsent = null;
    if (state.phase === 'ended') return;
    state.end();
    state.endStreams(INTERNAL_ERROR, error ?? transportEnded());
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
    this.#sender.fill(limit);
    this.#state.report.rethrow();
    return this.#hasOutput() ? this.#out.take() : null;
  }

  /**
   * The same as `pull()` for a transport that writes several pieces at once: large payload of `stable` providers is handed on
   * without a copy. There is at least one piece, and none is empty.
   *
   * @throws CallbackFailureError when a data provider fails for the session
   */
  pullPieces(limit = 65536): Buffer[] | null {
    this.#state.report.assertOutside('pullPieces');
    this.#out.gathering = true;
    try {
      this.#sender.fill(limit);
    } finally {
      this.#out.gathering = false;
    }
    this.#state.report.rethrow();
    return this.#hasOutput() ? this.#out.takePieces() : null;
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

  /** Whether there is something to hand out; it counts as sent then. */
  #hasOutput(): boolean {
    const { length } = this.#out;
    if (length === 0 || this.#gone) return false;
    this.#state.statistics.bytesSent += length;
    return true;
  }
}

function transportEnded(): SessionError {
  const message = 'the transport ended while the stream was open';
  return new SessionError('ERR_SPDY_TRANSPORT_CLOSED', message, GOAWAY_INTERNAL_ERROR, 'peer');
}
