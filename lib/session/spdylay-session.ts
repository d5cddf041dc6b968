import type { DataSource } from '../engine/data-provider.ts';
import type { StreamHandle } from '../engine/streams/stream-record.ts';
import type { SessionCalls } from '../engine/submit/session-calls.ts';
import type { SessionError } from '../errors.ts';
import { DATA_FLAG_FIN, GOAWAY_OK, type Side } from '../protocol/constants.ts';
import type { HeaderList, SettingsEntry } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { type DataInput, toDataSource } from './provider.ts';
import { SessionIo } from './session-io.ts';
import { type SettingsInput, toSettingsEntries } from './session-options.ts';
import { assertSendable } from './session-start.ts';
import { keepUserData, userDataOf } from './streams/stream-user-data.ts';

/**
 * The calls of Spdylay's Session: they queue what shall be sent, as those of the `Engine` do, and let it leave at the end of the
 * tick. See there for what they throw.
 */
export abstract class SpdylaySession extends SessionIo implements SessionCalls {
  /** Whatever the application keeps with the session. */
  userData: unknown = null;

  /** Which end this is, `CLIENT` or `SERVER`. */
  get side(): Side {
    return this.engine.side;
  }

  /** The version that is spoken, as a table of what it can do; never changes. */
  get version(): ProtocolVersion {
    return this.engine.version;
  }

  /** Opens a stream, and sends the data of `provider`; without one the stream is finished at once. The handle learns the id. */
  submitRequest(
    priority: number,
    headers: HeaderList,
    provider?: DataInput | null,
    userData?: unknown,
  ): StreamHandle {
    const source = toDataSource(provider, this);
    return this.#handing(source, () =>
      this.engine.submitRequest(priority, headers, source, userData),
    );
  }

  /** Replies to a stream of the peer, and sends the data of `provider`; without one the reply finishes the stream. */
  submitResponse(streamId: number, headers: HeaderList, provider?: DataInput | null): void {
    const source = toDataSource(provider, this);
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
    const source = toDataSource(provider, this);
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
    this.core.ending.goawayQueued = true;
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
    return userDataOf(this.engine, this.core.streams, streamId);
  }

  setStreamUserData(streamId: number, userData: unknown): void {
    keepUserData(this.engine, this.core.streams, streamId, userData);
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
