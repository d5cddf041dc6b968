import { StreamError } from '../../errors.ts';
import {
  writeCredential,
  writeGoaway,
  writeHeaders,
  writePing,
  writeRstStream,
  writeSettings,
  writeSynReply,
  writeWindowUpdate,
} from '../../framing/encode.ts';
import type { OutputBuffer } from '../../framing/output-buffer.ts';
import {
  CREDENTIAL,
  CTRL_FLAG_FIN,
  ERR_GOAWAY_ALREADY_SENT,
  ERR_STREAM_CLOSED,
  FRAME_HEADER_LENGTH,
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  SYN_REPLY,
  SYN_STREAM,
  WINDOW_UPDATE,
} from '../../protocol/constants.ts';
import type {
  ControlFrame,
  GoawayFrame,
  HeadersFrame,
  SynReplyFrame,
} from '../../protocol/frames.ts';
import type { EngineState } from '../engine-state.ts';
import {
  LANE_DATA,
  NO_HEADERS,
  type OutItem,
  REPLIED,
  type StreamRecord,
} from '../streams/stream-record.ts';
import type { BlockCompressor } from './header-compression.ts';
import { refusalOf } from './headers-refusal.ts';
import { DataSender } from './send-data.ts';
import { OpeningSender } from './send-opening.ts';
import type { UrgentFrame } from './send-queue.ts';

/** Most bytes of memory that are taken before it is known that they are needed. */
const MOST_RESERVED = 131072;

/**
 * Takes what is to be sent next, checks that it still may, encodes it, and applies what follows once it was written. Header blocks
 * are compressed here and nowhere else, so they leave in the order in which they were compressed.
 */
export class Sender {
  readonly #state: EngineState;
  readonly #out: OutputBuffer;
  readonly #compressor: BlockCompressor;
  readonly #opening: OpeningSender;
  readonly #data: DataSender;

  // The frame that was encoded last, until `written()`.
  #frame: ControlFrame | null = null;
  #stream: StreamRecord | null = null;
  /** It is the GOAWAY of a session that has failed. */
  #lastWords = false;

  constructor(state: EngineState, out: OutputBuffer, compressor: BlockCompressor) {
    this.#state = state;
    this.#out = out;
    this.#compressor = compressor;
    this.#opening = new OpeningSender(state, out, compressor);
    this.#data = new DataSender(state, out);
  }

  /** Encodes one frame; false when nothing can be sent. `written()` has to follow. */
  encodeNext(): boolean {
    const state = this.#state;
    const { queue } = state;
    while (state.phase !== 'ended') {
      const ping = queue.pings.take();
      if (ping !== undefined) {
        this.#begin(ping);
        writePing(this.#out, state.version, ping.id);
        return true;
      }
      const settings = queue.settings.take();
      if (settings !== undefined) {
        this.#begin(settings);
        writeSettings(this.#out, state.version, settings.flags, settings.entries);
        return true;
      }
      const urgent = queue.replies.take() ?? queue.urgent.take();
      if (urgent !== undefined) {
        if (this.#encodeUrgent(urgent)) return true;
        continue;
      }
      if (queue.goaways.length > 0) {
        // Requests that were made before go out first, unless the session has failed.
        const waiting =
          state.phase === 'open' && state.mayOpen && !state.goawayKnown ? queue.nextToOpen() : null;
        if (waiting !== null) {
          if (this.#encodeOpening(waiting)) return true;
        } else if (this.#encodeGoaway(queue.goaways.take() as GoawayFrame)) {
          return true;
        }
        continue;
      }
      const stream = queue.nextStream(state.mayOpen, state.mayData);
      if (stream === null) return false;
      if (stream.streamId === 0 ? this.#encodeOpening(stream) : this.#encodeItem(stream))
        return true;
    }
    return false;
  }

  /** Encodes frames until `limit` bytes wait or nothing can be sent; each counts as written. */
  fill(limit: number): void {
    const { queue, mayData, options } = this.#state;
    if (!this.#out.gathering && queue.hasData(mayData)) {
      // Room for the last frame too, which may begin just below the limit: several slabs would have to be joined.
      const room = Math.min(limit + options.maxDataSize, MOST_RESERVED);
      this.#out.reserve(room + FRAME_HEADER_LENGTH);
    }
    while (this.#out.length < limit && this.encodeNext()) this.written();
  }

  /** The frame of the last `encodeNext()` was written: reports it and applies its effects. */
  written(): void {
    const { report, statistics } = this.#state;
    statistics.framesSent++;
    const stream = this.#stream;
    this.#stream = null;
    if (this.#frame === null) {
      this.#data.written(stream as StreamRecord);
      return;
    }
    const frame = this.#frame;
    this.#frame = null;
    report.ctrlSend(frame);
    switch (frame.type) {
      case SYN_STREAM:
        this.#opening.written(stream as StreamRecord, frame.flags);
        break;
      case SYN_REPLY:
      case HEADERS:
        this.#headersWritten(stream as StreamRecord, frame);
        break;
      case RST_STREAM:
        this.#resetWritten(frame.streamId, frame.status);
        break;
      case PING:
        this.#pingWritten(frame.id);
        break;
      case GOAWAY:
        this.#goawayWritten();
        break;
    }
  }

  /** Whether a DATA frame that was encoded has not been written yet, while more of its data waits. */
  get dataInProgress(): boolean {
    return this.#stream !== null && this.#frame === null && this.#stream.lane === LANE_DATA;
  }

  #begin(frame: ControlFrame): void {
    this.#frame = frame;
    this.#state.report.beforeCtrlSend(frame);
  }

  #encodeUrgent(frame: UrgentFrame): boolean {
    const state = this.#state;
    const { version } = state;
    switch (frame.type) {
      case RST_STREAM:
        if (state.queue.isWithdrawn(frame)) return false;
        this.#begin(frame);
        writeRstStream(this.#out, version, frame.streamId, frame.status);
        return true;
      case WINDOW_UPDATE: {
        const stream = state.streams.get(frame.streamId);
        const automatic = state.credit.updateLeaves(frame, stream);
        if (frame.streamId !== 0) {
          if (stream === undefined || stream.closing) return false;
          // A peer that has finished needs no credit; spdy-transport answers it with RST_STREAM.
          if (automatic && stream.remoteClosed) return false;
        }
        this.#begin(frame);
        writeWindowUpdate(this.#out, version, frame.streamId, frame.delta);
        return true;
      }
      case CREDENTIAL:
        this.#begin(frame);
        writeCredential(this.#out, version, frame.slot, frame.proof, frame.certificates);
        return true;
      default:
        state.report.ctrlNotSend(frame, ERR_STREAM_CLOSED);
        return false;
    }
  }

  #encodeGoaway(queued: GoawayFrame): boolean {
    const state = this.#state;
    const failing = state.phase === 'failing';
    if (state.goawaySent && !failing) {
      state.report.ctrlNotSend(queued, ERR_GOAWAY_ALREADY_SENT);
      return false;
    }
    const { lastAcceptedId, lastReceivedId } = state.streams;
    const frame: GoawayFrame = {
      ...queued,
      lastGoodStreamId: failing ? lastReceivedId : lastAcceptedId,
    };
    // From here on, not from when it was written: a stream that comes meanwhile is not covered by it.
    state.goawaySent = true;
    this.#lastWords = failing;
    this.#begin(frame);
    writeGoaway(this.#out, state.version, frame.lastGoodStreamId, frame.status);
    return true;
  }

  #goawayWritten(): void {
    const state = this.#state;
    if (this.#lastWords) state.end();
    else this.#opening.refuseWaiting();
  }

  #encodeOpening(stream: StreamRecord): boolean {
    const frame = this.#opening.encode(stream);
    if (frame === null) return false;
    this.#stream = stream;
    this.#begin(frame);
    return true;
  }

  #encodeItem(stream: StreamRecord): boolean {
    const item = stream.nextItem() as OutItem;
    if (item.frame === null) {
      if (!this.#data.encode(stream, item)) return false;
      this.#stream = stream;
      return true;
    }
    const frame = item.frame;
    const errno = refusalOf(stream, frame);
    if (errno !== 0) {
      stream.remove(item);
      this.#state.schedule(stream);
      this.#state.report.ctrlNotSend(frame, errno);
      this.#state.report.closeProvider(item.provider);
      return false;
    }
    if (item.provider !== null) item.frame = null;
    else stream.remove(item);
    this.#state.schedule(stream);
    this.#stream = stream;
    const block = this.#compressor.compress(item.wireHeaders);
    item.wireHeaders = NO_HEADERS;
    const write = frame.type === SYN_REPLY ? writeSynReply : writeHeaders;
    (frame as { length: number }).length = write(
      this.#out,
      this.#state.version,
      frame.flags,
      stream.streamId,
      block,
    );
    this.#begin(frame);
    return true;
  }

  #headersWritten(stream: StreamRecord, frame: SynReplyFrame | HeadersFrame): void {
    if (stream.closed) return;
    if (frame.type === SYN_REPLY) stream.mark(REPLIED);
    if ((frame.flags & CTRL_FLAG_FIN) !== 0) this.#state.localFinished(stream);
    if (!stream.closed) this.#state.turnTaken(stream);
  }

  #resetWritten(streamId: number, status: number): void {
    const state = this.#state;
    const stream = state.streams.get(streamId);
    if (stream === undefined || !stream.closing) return;
    const error =
      stream.reset?.error ??
      new StreamError(
        'ERR_SPDY_STREAM_CLOSING',
        `stream ${streamId} was reset by this side`,
        streamId,
        status,
        'local',
      );
    state.closeStream(stream, status, error);
  }

  #pingWritten(id: number): void {
    const state = this.#state;
    if (!state.streams.isOwnId(id)) return;
    state.queuedPings--;
    state.outstandingPings ??= new Set();
    state.outstandingPings.add(id);
  }
}
