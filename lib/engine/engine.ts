import { showBy } from '../common/inspection.ts';
import type { SessionError } from '../errors.ts';
import { toBuffer } from '../framing/bytes.ts';
import { GOAWAY_OK, HEADERS, type Side, SYN_REPLY } from '../protocol/constants.ts';
import type { HeaderList, SettingsEntry } from '../protocol/frames.ts';
import type { ProtocolVersion, SessionVersion } from '../protocol/version.ts';
import { askForBytes } from './callback-io.ts';
import type { DataSource } from './data-provider.ts';
import type { EngineHandler } from './engine-handler.ts';
import { EngineState } from './engine-state.ts';
import { EngineInsight } from './insight.ts';
import { checkedOptions } from './options/option-names.ts';
import { applyOption, checkEnd, type EngineOptions } from './options/options.ts';
import { PeerInput } from './receive/peer-input.ts';
import { EngineOutlet } from './send/engine-outlet.ts';
import type { EngineStatistics } from './statistics.ts';
import type { StreamHandle } from './streams/stream-record.ts';
import type { SessionCalls } from './submit/session-calls.ts';
import { Submitter } from './submit/submit.ts';
import { SessionSubmitter } from './submit/submit-session.ts';

/**
 * One end of a SPDY session without any I/O: bytes go in through `receive()` and come out of `pull()`, what happens is reported to an
 * `EngineHandler`, and the `submit` calls queue what shall be sent. `recv()` and `send()` offer the same in Spdylay's style.
 */
export class Engine implements SessionCalls {
  static {
    showBy(Engine, ({ insight, failed }) => insight.facts(failed));
  }

  /** Which end this is, `CLIENT` or `SERVER`. */
  readonly side: Side;
  /** The version that is spoken, as a table of what it can do; never changes. */
  readonly version: ProtocolVersion;
  /** What it is doing: windows, limits, and why a stream does not move. */
  readonly insight: EngineInsight;
  /** Whatever the application keeps with the engine. */
  userData: unknown = null;

  readonly #handler: EngineHandler;
  readonly #state: EngineState;
  readonly #input: PeerInput;
  readonly #outlet: EngineOutlet;
  readonly #submit: Submitter;
  readonly #session: SessionSubmitter;

  /**
   * @throws InvalidArgumentError for a side or an option that is none
   * @throws UnsupportedVersionError for a version that is none
   */
  constructor(
    side: Side,
    version: SessionVersion,
    options: EngineOptions = {},
    handler: EngineHandler = {},
  ) {
    this.side = side;
    this.version = checkEnd(side, version);
    this.#handler = handler;
    this.#state = new EngineState(side, this.version, checkedOptions(side, options), handler);
    this.#input = new PeerInput(this.#state);
    this.#outlet = new EngineOutlet(this.#state);
    this.insight = new EngineInsight(this.#state);
    this.#submit = new Submitter(this.#state);
    this.#session = new SessionSubmitter(this.#state);
  }

  /**
   * Takes bytes from the peer, cut anywhere. Never throws for what the peer did; after the session has failed, bytes are ignored.
   * DATA payload is reported as views of `chunk`, so it must not be written to afterwards.
   */
  receive(chunk: Uint8Array): void {
    this.#state.report.assertOutside('receive');
    const bytes = toBuffer(chunk);
    this.#state.statistics.bytesReceived += bytes.length;
    this.#input.read(bytes);
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
    this.#outlet.close();
    this.#state.endTransport(error);
    this.#state.report.rethrow();
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
    return this.#outlet.pull(limit);
  }

  /**
   * The same as `pull()` for a transport that writes several pieces at once: large payload of `stable` providers is handed on
   * without a copy. There is at least one piece, and none is empty.
   *
   * @throws CallbackFailureError when a data provider fails for the session
   */
  pullPieces(limit = 65536): Buffer[] | null {
    return this.#outlet.pullPieces(limit);
  }

  /**
   * Spdylay's way out: hands everything that can be sent to `sendCb`, frame by frame, until that takes no more.
   *
   * @throws CallbackFailureError when `sendCb` or a data provider fails; the frame in progress is kept
   */
  send(): void {
    this.#outlet.send(this.#handler);
  }

  wantRead(): boolean {
    return this.#state.wantsInput;
  }

  wantWrite(): boolean {
    return this.#outlet.holdsBytes || this.#state.hasOutput;
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
    return this.#submit.request(priority, headers, provider, userData);
  }

  submitResponse(streamId: number, headers: HeaderList, provider?: DataSource | null): void {
    this.#submit.response(streamId, headers, provider);
  }

  submitSynStream(
    flags: number,
    associatedToStreamId: number,
    priority: number,
    headers: HeaderList,
    userData?: unknown,
    slot = 0,
  ): StreamHandle {
    return this.#submit.open(flags, associatedToStreamId, priority, headers, null, userData, slot);
  }

  submitSynReply(flags: number, streamId: number, headers: HeaderList): void {
    this.#submit.headers(SYN_REPLY, flags, streamId, headers, null);
  }

  submitHeaders(flags: number, streamId: number, headers: HeaderList): void {
    this.#submit.headers(HEADERS, flags, streamId, headers, null);
  }

  /** Throws the InvalidArgumentError that `submitHeaders()` would, for headers which are submitted later. */
  checkHeaders(headers: HeaderList): void {
    this.#submit.checkHeaders(headers);
  }

  submitData(streamId: number, flags: number, provider: DataSource): void {
    this.#submit.data(streamId, flags, provider);
  }

  submitRstStream(streamId: number, status: number): void {
    this.#submit.reset(streamId, status);
  }

  /** RST_STREAM behind all that the stream can still send; whether it waits for that. `submitRstStream()` ends the wait. */
  resetBehind(streamId: number, status: number): boolean {
    return this.#submit.resetBehind(streamId, status);
  }

  cancel(handle: StreamHandle, status: number): void {
    this.#submit.cancel(handle, status);
  }

  submitPing(): number {
    return this.#session.ping();
  }

  submitGoaway(status: number = GOAWAY_OK): void {
    this.#session.goaway(status);
  }

  submitSettings(flags: number, entries: readonly SettingsEntry[]): void {
    this.#session.settings(flags, entries);
  }

  submitWindowUpdate(streamId: number, delta: number): void {
    this.#session.windowUpdate(streamId, delta);
  }

  submitCredential(slot: number, proof: Uint8Array, certificates: readonly Uint8Array[]): void {
    this.#session.credential(slot, proof, certificates);
  }

  resumeData(streamId: number): boolean {
    return this.#submit.resume(streamId);
  }

  consume(streamId: number, length: number): void {
    this.#submit.consume(streamId, length);
  }

  failSession(status: number, error?: SessionError): void {
    this.#session.fail(status, error);
  }

  setOption(option: number, value: number): void {
    const state = this.#state;
    state.options = applyOption(state.options, state.credit, option, value);
  }

  getStreamUserData(streamId: number): unknown {
    return this.#state.userDataOf(streamId);
  }

  setStreamUserData(streamId: number, userData: unknown): void {
    this.#state.keepUserData(streamId, userData);
  }

  getOutboundQueueSize(): number {
    return this.#state.queue.size(this.#state.mayData) - (this.#outlet.dataInProgress ? 1 : 0);
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
    this.#session.setNextStreamId(streamId);
  }

  setClientCertificate(chain: readonly Uint8Array[]): void {
    this.#state.certificates?.set(1, chain);
  }

  getClientCertificate(slot: number): readonly Uint8Array[] | null {
    return this.#state.certificates?.get(slot) ?? null;
  }

  /**
   * Gives memory back that only a busy session needs: what is known of header blocks before the last one, and tables that were large.
   * A Session does this when nothing came or went for a quarter of `stallTimeoutMs`.
   */
  rest(): void {
    this.#submit.rest();
    this.#outlet.rest();
    this.#state.rest();
  }

  /** Counters since the engine was made. */
  get statistics(): Readonly<EngineStatistics> {
    return this.#state.statistics;
  }
}
