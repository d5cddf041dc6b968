import { headerCost } from '../../common/header-cost.ts';
import {
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  FRAME_TOO_LARGE,
  INTERNAL_ERROR,
  INVALID_CREDENTIALS,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  SYN_STREAM,
} from '../../protocol/constants.ts';
import type { HeaderBlockFrame, SynStreamFrame } from '../../protocol/frames.ts';
import type { EngineState } from '../engine-state.ts';
import { LOCAL_CLOSED, REMOTE_CLOSED, StreamRecord } from '../streams/stream-record.ts';
import type { HeaderExcess } from './header-account.ts';
import { invalidSession } from './receive-session.ts';

/** Opens a stream of the peer, null when its SYN_STREAM was answered otherwise (SPDY/3 2.3.1, 2.6.1). */
export function acceptStream(state: EngineState, frame: SynStreamFrame): StreamRecord | null {
  const { streams } = state;
  const { streamId } = frame;
  if (!takeStreamId(state, frame)) return null;
  if (streams.peers >= state.localMaxStreams) {
    const message = `more than ${state.localMaxStreams} streams`;
    state.streamFault(streamId, REFUSED_STREAM, 'ERR_SPDY_TOO_MANY_STREAMS', message, frame);
    return null;
  }
  const { certificates } = state;
  if (certificates !== null && frame.slot !== 0 && certificates.get(frame.slot) === null) {
    const message = `certificate slot ${frame.slot} is empty`;
    state.streamFault(streamId, INVALID_CREDENTIALS, 'ERR_SPDY_PROTOCOL', message, frame);
    return null;
  }
  const cost = headerCost(frame.headers);
  const excess = state.headers.excessOf(cost, 0);
  if (excess !== null) {
    refuseHeaders(state, frame, excess);
    return null;
  }
  streams.lastAcceptedId = streamId;
  state.statistics.streamsAccepted++;
  // A push is unidirectional whether it says so or not (some servers do not).
  const push = state.side === CLIENT && frame.associatedToStreamId !== 0;
  const unidirectional = push || (frame.flags & CTRL_FLAG_UNIDIRECTIONAL) !== 0;
  const stream = new StreamRecord(
    streamId,
    false,
    frame.priority,
    state.peerInitialWindow,
    state.credit.newStreamWindow,
  );
  if ((frame.flags & CTRL_FLAG_FIN) !== 0) stream.mark(REMOTE_CLOSED);
  if (unidirectional) stream.mark(LOCAL_CLOSED);
  streams.add(stream);
  state.headers.charge(stream, cost);
  return stream;
}

/** Answers headers that do not fit into the limits of memory. */
export function refuseHeaders(
  state: EngineState,
  frame: HeaderBlockFrame,
  excess: HeaderExcess,
): void {
  const { streamId } = frame;
  if (excess === 'stream') {
    const message = 'its headers take more memory than a stream may have for them';
    state.streamFault(streamId, FRAME_TOO_LARGE, 'ERR_SPDY_FRAME_TOO_LARGE', message, frame);
  } else {
    const message =
      'the headers of all streams take more memory than the session may have for them';
    const status = frame.type === SYN_STREAM ? REFUSED_STREAM : INTERNAL_ERROR;
    state.streamFault(streamId, status, 'ERR_SPDY_TOO_MUCH_BUFFERED', message, frame);
  }
}

/** Whether a SYN_STREAM has an id that the peer may use now (SPDY/3 2.3.2); it is used up then, else it was answered. */
export function takeStreamId(state: EngineState, frame: SynStreamFrame): boolean {
  const { streams } = state;
  const { streamId } = frame;
  if (state.goawaySent) return false;
  if (streamId === 0 || streams.isOwnId(streamId) || streamId < streams.lastReceivedId) {
    const wrong = streams.isOwnId(streamId) ? 'belongs to this side' : 'is lower than one before';
    invalidSession(
      state,
      frame,
      `SYN_STREAM with stream id ${streamId}, which ${streamId === 0 ? 'is none' : wrong}`,
    );
    return false;
  }
  if (streamId === streams.lastReceivedId) {
    if (streams.get(streamId)?.closing !== true) {
      state.streamFault(
        streamId,
        PROTOCOL_ERROR,
        'ERR_SPDY_PROTOCOL',
        'a second SYN_STREAM',
        frame,
      );
    }
    return false;
  }
  streams.lastReceivedId = streamId;
  return true;
}
