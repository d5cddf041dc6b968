import { checkRange } from '../common/check.ts';
import {
  InvalidArgumentError,
  InvalidStateError,
  StreamClosedError,
  StreamError,
} from '../errors.ts';
import { headerBlockLength, prepareHeaders, presentHeaders } from '../framing/header-list.ts';
import {
  CLIENT,
  CREDENTIAL,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  ERR_STREAM_CLOSED,
  ERR_STREAM_CLOSING,
  ERR_SYN_STREAM_NOT_ALLOWED,
  type HEADERS,
  MAX_FRAME_LENGTH,
  MAX_STREAM_ID,
  MAX_WINDOW_SIZE,
  PING,
  REFUSED_STREAM,
  SETTINGS,
  SETTINGS_MAX,
  type SYN_REPLY,
  SYN_STREAM,
} from '../protocol/constants.ts';
import type { HeaderList, HeadersFrame, SettingsEntry, SynReplyFrame } from '../protocol/frames.ts';
import type { DataSource } from './data-provider.ts';
import type { EngineState } from './engine-state.ts';
import { compressedBound } from './header-compression.ts';
import { applyLocalSettings } from './settings.ts';
import {
  LANE_OPEN,
  NO_HEADERS,
  type OutItem,
  type StreamHandle,
  StreamRecord,
} from './stream-record.ts';
import { STATE_IDLE } from './stream-state.ts';

/** Checks what the application asks for and queues it. Nothing is written here. */
export class Submitter {
  readonly #state: EngineState;

  constructor(state: EngineState) {
    this.#state = state;
  }

  /** Queues a SYN_STREAM and what follows it. */
  open(
    flags: number,
    associatedToStreamId: number,
    priority: number,
    headers: HeaderList,
    provider: DataSource | null,
    userData: unknown,
    slot: number,
  ): StreamHandle {
    const state = this.#state;
    const { version, streams, queue } = state;
    checkRange('priority', priority, 0, version.lowestPriority);
    checkRange('slot', slot, 0, version.hasSlot ? 255 : 0);
    checkRange('associatedToStreamId', associatedToStreamId, 0, MAX_STREAM_ID);
    if (streams.nextOwnId + 2 * queue.waitingToOpen > MAX_STREAM_ID) {
      throw new InvalidStateError(
        'all stream ids of this side are used up: a new session is needed',
        'ERR_SPDY_STREAM_ID_NOT_AVAILABLE',
      );
    }
    const wireHeaders = this.#prepare(headers, 10);
    const stream = new StreamRecord(0, true, priority, 0, 0);
    stream.userData = userData ?? null;
    stream.wireHeaders = wireHeaders;
    stream.opening = {
      version: version.wire,
      flags: flags & (CTRL_FLAG_FIN | CTRL_FLAG_UNIDIRECTIONAL),
      length: 0,
      type: SYN_STREAM,
      streamId: 0,
      associatedToStreamId: state.side === CLIENT ? 0 : associatedToStreamId,
      priority,
      slot,
      headers: presentHeaders(version, wireHeaders),
    };
    if (provider !== null) stream.append(dataItem(provider, true));
    if (state.phase !== 'open') {
      state.refuse(stream, ERR_STREAM_CLOSED, REFUSED_STREAM, sessionClosed());
    } else if (state.inputEnded !== null) {
      state.refuse(stream, ERR_SYN_STREAM_NOT_ALLOWED, REFUSED_STREAM, state.inputEnded);
    } else {
      const associated = streams.get(stream.opening.associatedToStreamId);
      stream.urgency = Math.min(priority, associated?.priority ?? priority);
      queue.place(stream, LANE_OPEN, 1);
    }
    return stream;
  }

  /** Queues SYN_REPLY or HEADERS, and the data behind it. */
  headers(
    type: typeof SYN_REPLY | typeof HEADERS,
    flags: number,
    streamId: number,
    headers: HeaderList,
    provider: DataSource | null,
  ): void {
    const state = this.#state;
    checkRange('streamId', streamId, 1, MAX_STREAM_ID);
    const wireHeaders = this.#prepare(headers, state.version.replyFixedLength);
    const frame = {
      version: state.version.wire,
      flags: flags & CTRL_FLAG_FIN,
      length: 0,
      type,
      streamId,
      headers: presentHeaders(state.version, wireHeaders),
    } as SynReplyFrame | HeadersFrame;
    const stream = state.streams.get(streamId);
    if (stream !== undefined && !stream.closing) {
      this.#append(stream, {
        frame,
        wireHeaders,
        provider,
        fin: true,
        deferred: false,
        next: null,
      });
      return;
    }
    if (state.phase === 'ended') state.report.ctrlNotSend(frame, ERR_STREAM_CLOSED);
    else state.queue.urgent.push(frame);
    state.report.closeProvider(provider);
  }

  /** Throws for headers that HEADERS cannot carry. */
  checkHeaders(headers: HeaderList): void {
    this.#prepare(headers, this.#state.version.replyFixedLength);
  }

  /** Queues the data of a provider. For a stream that cannot send it, nothing happens (as in Spdylay). */
  data(streamId: number, flags: number, provider: DataSource): void {
    checkRange('streamId', streamId, 1, MAX_STREAM_ID);
    if (!isDataSource(provider))
      throw new InvalidArgumentError('a data provider with a readCb function is needed');
    const stream = this.#state.streams.get(streamId);
    if (stream === undefined || stream.closing) {
      this.#state.report.closeProvider(provider);
      return;
    }
    this.#append(stream, dataItem(provider, (flags & DATA_FLAG_FIN) !== 0));
  }

  /** Queues RST_STREAM; for a stream that has ended, nothing happens. */
  reset(streamId: number, status: number): void {
    const state = this.#state;
    const { streams } = state;
    checkRange('streamId', streamId, 1, MAX_STREAM_ID);
    checkRange('status', status, 1, 0xffffffff);
    if (state.phase === 'ended' || streams.get(streamId)?.closing === true) return;
    if (streams.isOwnId(streamId) && streamId >= streams.nextOwnId) {
      throw new InvalidArgumentError(
        `stream ${streamId} was never opened: a request that waits is ended by cancel()`,
      );
    }
    // A stream that has ended needs no reset, and after the peer's RST_STREAM nothing may follow (SPDY/3 2.6.3).
    if (!streams.get(streamId) && streams.stateOfMissing(streamId) !== STATE_IDLE) return;
    state.queueReset(streamId, status, ERR_STREAM_CLOSING, false);
  }

  /** Ends a stream that was asked for: without a trace if its SYN_STREAM has not left. */
  cancel(handle: StreamHandle, status: number): void {
    checkRange('status', status, 1, 0xffffffff);
    if (!(handle instanceof StreamRecord))
      throw new InvalidArgumentError('cancel takes what submitRequest or submitSynStream returned');
    if (handle.closed || handle.closing) return;
    if (handle.streamId !== 0) {
      this.reset(handle.streamId, status);
      return;
    }
    const error = new StreamError(
      'ERR_SPDY_STREAM_CLOSING',
      'the stream was cancelled before it was opened',
      0,
      status,
      'local',
    );
    this.#state.refuse(handle, ERR_STREAM_CLOSING, status, error);
  }

  /** Queues PING; returns its id. */
  ping(): number {
    const state = this.#state;
    const { maxOutstandingPings } = state.options;
    if (state.queuedPings + state.outstandingPings.size >= maxOutstandingPings) {
      throw new InvalidStateError(
        `${maxOutstandingPings} PINGs are already waiting for an answer`,
        'ERR_SPDY_TOO_MANY_PINGS',
      );
    }
    const id = state.nextPingId;
    state.nextPingId = id + 2 > MAX_STREAM_ID ? (state.side === CLIENT ? 1 : 2) : id + 2;
    if (state.phase === 'ended') return id;
    state.queuedPings++;
    state.queue.pings.push({ version: state.version.wire, flags: 0, length: 4, type: PING, id });
    return id;
  }

  /** Queues GOAWAY. */
  goaway(status: number): void {
    checkRange('status', status, 0, 2);
    if (this.#state.phase !== 'ended') this.#state.queue.goaways.push(this.#state.goaway(status));
  }

  /** Queues SETTINGS; our own values count from now on. */
  settings(flags: number, entries: readonly SettingsEntry[]): void {
    const state = this.#state;
    checkRange('flags', flags, 0, 1);
    if (!Array.isArray(entries) || entries.some((entry) => !(entry instanceof Object)))
      throw new InvalidArgumentError('settings must be an array of { id, flags, value }');
    const sorted = entries.map(({ id, flags: entryFlags, value }) => {
      checkRange('settings id', id, 1, SETTINGS_MAX);
      checkRange(`flags of setting ${id}`, entryFlags, 0, 255);
      checkRange(`value of setting ${id}`, value, 0, 0xffffffff);
      return { id, flags: entryFlags, value };
    });
    sorted.sort((a, b) => a.id - b.id);
    for (const [i, entry] of sorted.entries()) {
      if (entry.id === sorted[i + 1]?.id)
        throw new InvalidArgumentError(`setting ${entry.id} is given twice`);
    }
    if (state.phase === 'ended') return;
    applyLocalSettings(state, sorted);
    const length = 4 + 8 * sorted.length;
    state.queue.settings.push({
      version: state.version.wire,
      flags,
      length,
      type: SETTINGS,
      entries: sorted,
    });
  }

  /** Queues WINDOW_UPDATE for a stream, or with stream id 0 for the session. */
  windowUpdate(streamId: number, delta: number): void {
    const state = this.#state;
    checkRange('delta', delta, 1, MAX_WINDOW_SIZE);
    checkRange('streamId', streamId, 0, MAX_STREAM_ID);
    const { version } = state;
    if (streamId === 0 ? !version.sessionWindow : !version.streamWindows) {
      throw new InvalidArgumentError(
        `${version.name} has no ${streamId === 0 ? 'session window' : 'WINDOW_UPDATE'}`,
      );
    }
    const stream = state.streams.get(streamId);
    if (streamId !== 0 && stream === undefined)
      throw new StreamClosedError(`stream ${streamId} is not open`);
    if (state.phase !== 'ended') state.credit.grant(stream ?? null, delta);
  }

  /** Queues CREDENTIAL. */
  credential(slot: number, proof: Uint8Array, certificates: readonly Uint8Array[]): void {
    const state = this.#state;
    if (!state.version.hasCredential || state.side !== CLIENT) {
      throw new InvalidStateError('CREDENTIAL is sent by SPDY/3 clients only');
    }
    checkRange('slot', slot, 1, 0xffff);
    if (!isBytes(proof) || !Array.isArray(certificates) || !certificates.every(isBytes))
      throw new InvalidArgumentError('CREDENTIAL needs a proof and certificates as Uint8Arrays');
    const length = certificates.reduce(
      (sum, certificate) => sum + 4 + certificate.length,
      6 + proof.length,
    );
    if (certificates.length === 0)
      throw new InvalidArgumentError('CREDENTIAL needs at least one certificate');
    if (length > MAX_FRAME_LENGTH)
      throw new InvalidArgumentError(
        `CREDENTIAL is too large: ${length} bytes`,
        'ERR_SPDY_FRAME_TOO_LARGE',
      );
    if (state.phase === 'ended') return;
    state.queue.urgent.push({
      version: state.version.wire,
      flags: 0,
      length,
      type: CREDENTIAL,
      slot,
      proof,
      certificates,
    });
  }

  /** Puts deferred data back into the queue, or a FIN that needs no window any more; false if there is no such thing. */
  resume(streamId: number): boolean {
    const stream = this.#state.streams.get(streamId);
    const item = stream?.firstItem ?? null;
    if (stream === undefined || item === null || stream.localClosed) return false;
    const { lane } = stream;
    const { deferred } = item;
    item.deferred = false;
    this.#state.schedule(stream);
    return deferred || stream.lane !== lane;
  }

  /** The application has consumed received bytes. */
  consume(streamId: number, bytes: number): void {
    const { credit, streams } = this.#state;
    checkRange('streamId', streamId, 1, MAX_STREAM_ID);
    checkRange('length', bytes, 0, Number.MAX_SAFE_INTEGER);
    if (credit.mode !== 'consume')
      throw new InvalidStateError("consume() needs the option windowUpdates: 'consume'");
    credit.consume(streams.get(streamId), streamId, bytes);
  }

  /** The id that our next stream gets. */
  setNextStreamId(id: number): void {
    const { streams, queue } = this.#state;
    const last = MAX_STREAM_ID - 2 * Math.max(0, queue.waitingToOpen - 1);
    checkRange('next stream id', id, streams.nextOwnId, last);
    if (!streams.isOwnId(id)) throw new InvalidArgumentError(`stream id ${id} belongs to the peer`);
    streams.nextOwnId = id;
  }

  #append(stream: StreamRecord, item: OutItem): void {
    stream.append(item);
    this.#state.schedule(stream);
  }

  #prepare(headers: HeaderList, fixedLength: number): HeaderList {
    const { version, options } = this.#state;
    const prepared = prepareHeaders(version, headers, options.headerEncoding);
    const length = headerBlockLength(version, prepared, options.headerEncoding);
    if (compressedBound(options, length) + fixedLength > MAX_FRAME_LENGTH) {
      throw new InvalidArgumentError(
        `the headers do not fit into a frame: ${length} bytes`,
        'ERR_SPDY_FRAME_TOO_LARGE',
      );
    }
    return prepared;
  }
}

function sessionClosed(): StreamError {
  const message = 'the session is closed';
  return new StreamError('ERR_SPDY_SESSION_CLOSED', message, 0, REFUSED_STREAM, 'local');
}

/** Whether a value can deliver data; an object without a read function counts as no provider, as in Spdylay. */
export function isDataSource(value: DataSource | null | undefined): value is DataSource {
  return value !== null && value !== undefined && typeof value.readCb === 'function';
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array;
}

function dataItem(provider: DataSource, fin: boolean): OutItem {
  return { frame: null, wireHeaders: NO_HEADERS, provider, fin, deferred: false, next: null };
}
