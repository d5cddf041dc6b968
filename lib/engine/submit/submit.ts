import { checkRange } from '../../common/check.ts';
import { InvalidArgumentError, InvalidStateError, StreamError } from '../../errors.ts';
import {
  type HeaderNotes,
  headerBlockLength,
  prepareHeaders,
  presentHeaders,
} from '../../framing/header-list.ts';
import {
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_NONE,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  ERR_STREAM_CLOSED,
  ERR_STREAM_CLOSING,
  ERR_SYN_STREAM_NOT_ALLOWED,
  type HEADERS,
  MAX_FRAME_LENGTH,
  MAX_STREAM_ID,
  REFUSED_STREAM,
  SYN_REPLY,
  SYN_STREAM,
} from '../../protocol/constants.ts';
import type { HeaderList, HeadersFrame, SynReplyFrame } from '../../protocol/frames.ts';
import type { DataSource } from '../data-provider.ts';
import type { EngineState } from '../engine-state.ts';
import { compressedBound } from '../send/header-compression.ts';
import {
  dataItem,
  LANE_OPEN,
  type Opening,
  type OutItem,
  type StreamHandle,
  StreamRecord,
} from '../streams/stream-record.ts';
import { STATE_IDLE } from '../streams/stream-state.ts';

/** Headers of so many characters fit into a frame whatever becomes of them. */
const FITTING_CHARACTERS = 1 << 20;

/** Checks what the application asks for and queues it. Nothing is written here. */
export class Submitter {
  readonly #state: EngineState;
  /** What was noticed of the headers that were prepared last. */
  readonly #notes: HeaderNotes = { characters: 0, several: false, usual: null };
  /** Whether headers were prepared: a session that sends a single list needs no memory of it. */
  #prepared = false;

  constructor(state: EngineState) {
    this.#state = state;
  }

  /** See `Engine.rest()`. */
  rest(): void {
    this.#notes.usual = null;
    this.#prepared = false;
  }

  /** Queues a SYN_STREAM, with FIN unless the data of a provider follows. */
  request(
    priority: number,
    headers: HeaderList,
    provider: DataSource | null | undefined,
    userData: unknown,
  ): StreamHandle {
    const source = isDataSource(provider) ? provider : null;
    const flags = source === null ? CTRL_FLAG_FIN : CTRL_FLAG_NONE;
    return this.open(flags, 0, priority, headers, source, userData, 0);
  }

  /** Queues a SYN_REPLY, with FIN unless the data of a provider follows. */
  response(streamId: number, headers: HeaderList, provider: DataSource | null | undefined): void {
    const source = isDataSource(provider) ? provider : null;
    const flags = source === null ? CTRL_FLAG_FIN : CTRL_FLAG_NONE;
    this.headers(SYN_REPLY, flags, streamId, headers, source);
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
    const associatedId = state.side === CLIENT ? 0 : associatedToStreamId;
    // Nobody can answer a push (SPDY/3 3.3.1).
    const direction = associatedId === 0 ? CTRL_FLAG_NONE : CTRL_FLAG_UNIDIRECTIONAL;
    const stream = new StreamRecord(0, true, priority, 0, 0);
    stream.userData = userData ?? null;
    const frame: Opening['frame'] = {
      version: version.wire,
      flags: (flags & (CTRL_FLAG_FIN | CTRL_FLAG_UNIDIRECTIONAL)) | direction,
      length: 0,
      type: SYN_STREAM,
      streamId: 0,
      associatedToStreamId: associatedId,
      priority,
      slot,
      headers: this.#present(wireHeaders),
    };
    const urgency = Math.min(priority, streams.get(associatedId)?.priority ?? priority);
    stream.opening = { frame, wireHeaders, urgency };
    if (provider !== null) stream.append(dataItem(provider, true));
    if (state.phase !== 'open') {
      state.refuse(stream, ERR_SYN_STREAM_NOT_ALLOWED, REFUSED_STREAM, sessionClosed());
    } else if (state.inputEnded !== null) {
      state.refuse(stream, ERR_SYN_STREAM_NOT_ALLOWED, REFUSED_STREAM, state.inputEnded);
    } else {
      queue.place(stream, LANE_OPEN, 1);
    }
    state.report.rethrow();
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
      headers: this.#present(wireHeaders),
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
    state.report.rethrow();
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
      this.#state.report.rethrow();
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
    state.report.rethrow();
  }

  /** Queues RST_STREAM behind all that the stream can send: what its providers have now, as the windows let it leave. Whether it waits. */
  resetBehind(streamId: number, status: number): boolean {
    const stream = this.#state.streams.get(streamId);
    if (stream === undefined || stream.closing) {
      this.reset(streamId, status);
      return false;
    }
    checkRange('status', status, 1, 0xffffffff);
    stream.resetting().behind = status;
    this.#state.resetIfIdle(stream);
    this.#state.report.rethrow();
    return !stream.closing;
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
    this.#state.report.rethrow();
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

  #append(stream: StreamRecord, item: OutItem): void {
    stream.append(item);
    this.#state.schedule(stream);
  }

  #prepare(headers: HeaderList, fixedLength: number): HeaderList {
    const { version, options } = this.#state;
    if (this.#prepared) this.#notes.usual ??= [];
    this.#prepared = true;
    const prepared = prepareHeaders(version, headers, options.headerEncoding, this.#notes);
    if (this.#notes.characters <= FITTING_CHARACTERS) return prepared;
    const length = headerBlockLength(version, prepared, options.headerEncoding);
    if (compressedBound(options, length) + fixedLength > MAX_FRAME_LENGTH) {
      throw new InvalidArgumentError(
        `the headers do not fit into a frame: ${length} bytes`,
        'ERR_SPDY_FRAME_TOO_LARGE',
      );
    }
    return prepared;
  }

  /** The headers that were prepared last, as the application sees them. */
  #present(prepared: HeaderList): HeaderList {
    const { version } = this.#state;
    const changed = this.#notes.several || version.plainPseudoNames;
    return changed ? presentHeaders(version, prepared) : prepared;
  }
}

function sessionClosed(): StreamError {
  const message = 'the session is closed';
  return new StreamError('ERR_SPDY_SESSION_CLOSED', message, 0, REFUSED_STREAM, 'local');
}

/** Whether a value can deliver data; an object without a read function counts as no provider, as in Spdylay. */
function isDataSource(value: DataSource | null | undefined): value is DataSource {
  return value !== null && value !== undefined && typeof value.readCb === 'function';
}
