import { StreamError } from '../../errors.ts';
import { writeSynStream } from '../../framing/encode.ts';
import type { OutputBuffer } from '../../framing/output-buffer.ts';
import {
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  ERR_STREAM_CLOSED,
  ERR_SYN_STREAM_NOT_ALLOWED,
  REFUSED_STREAM,
} from '../../protocol/constants.ts';
import type { SynStreamFrame } from '../../protocol/frames.ts';
import type { EngineState } from '../engine-state.ts';
import {
  LOCAL_CLOSED,
  type Opening,
  REMOTE_CLOSED,
  type StreamRecord,
} from '../streams/stream-record.ts';
import type { BlockCompressor } from './header-compression.ts';

/** Encodes SYN_STREAM frames (SPDY/3 2.6.1): a stream gets its id and its windows here. */
export class OpeningSender {
  readonly #state: EngineState;
  readonly #out: OutputBuffer;
  readonly #compressor: BlockCompressor;

  constructor(state: EngineState, out: OutputBuffer, compressor: BlockCompressor) {
    this.#state = state;
    this.#out = out;
    this.#compressor = compressor;
  }

  /** Encodes the SYN_STREAM of a stream; null when it was refused. */
  encode(stream: StreamRecord): SynStreamFrame | null {
    const state = this.#state;
    const opening = stream.opening as Opening;
    if (state.goawayKnown) {
      state.refuse(stream, ERR_SYN_STREAM_NOT_ALLOWED, REFUSED_STREAM, this.#notAllowed());
      return null;
    }
    const { flags, associatedToStreamId, priority, slot } = opening.frame;
    let associated: StreamRecord | undefined;
    if (associatedToStreamId !== 0) {
      associated = state.streams.get(associatedToStreamId);
      if (associated === undefined || associated.closing || associated.localClosed) {
        const gone = `stream ${associatedToStreamId}, with which a stream is to be associated, is not open`;
        const error = new StreamError('ERR_SPDY_STREAM_CLOSED', gone, 0, REFUSED_STREAM, 'local');
        state.refuse(stream, ERR_STREAM_CLOSED, REFUSED_STREAM, error);
        return null;
      }
    }
    state.queue.remove(stream);
    opening.urgency = priority;
    stream.streamId = state.streams.nextOwnId;
    state.streams.nextOwnId += 2;
    stream.sendWindow = state.peerInitialWindow;
    stream.receiveWindow = state.credit.newStreamWindow;
    state.streams.add(stream);
    state.statistics.streamsOpened++;
    if (associated !== undefined) {
      stream.associated = associated;
      associated.pushes ??= new Set();
      associated.pushes.add(stream);
    }
    // Nobody has seen the frame yet.
    const frame = opening.frame as {
      -readonly [Field in keyof SynStreamFrame]: SynStreamFrame[Field];
    };
    frame.streamId = stream.streamId;
    const block = this.#compressor.compress(opening.wireHeaders);
    frame.length = writeSynStream(
      this.#out,
      state.version,
      flags,
      stream.streamId,
      associatedToStreamId,
      priority,
      slot,
      block,
    );
    return frame;
  }

  /** It was written: the stream is open. */
  written(stream: StreamRecord, flags: number): void {
    const state = this.#state;
    stream.opening = null;
    if (stream.closed) return;
    if ((flags & CTRL_FLAG_FIN) !== 0) stream.mark(LOCAL_CLOSED);
    if ((flags & CTRL_FLAG_UNIDIRECTIONAL) !== 0) stream.mark(REMOTE_CLOSED);
    state.closeIfDone(stream);
    if (!stream.closed) state.schedule(stream);
  }

  /** Refuses every request that waits: a GOAWAY forbids new streams. */
  refuseWaiting(): void {
    this.#state.refuseWaiting(ERR_SYN_STREAM_NOT_ALLOWED, this.#notAllowed());
  }

  #notAllowed(): StreamError {
    return new StreamError(
      'ERR_SPDY_SYN_STREAM_NOT_ALLOWED',
      `no stream can be opened after GOAWAY was ${this.#state.goawaySent ? 'sent' : 'received'}`,
      0,
      REFUSED_STREAM,
      'local',
    );
  }
}
