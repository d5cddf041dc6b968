import { type ErrorCode, StreamError } from '../../errors.ts';
import {
  ERR_SYN_STREAM_NOT_ALLOWED,
  FLOW_CONTROL_ERROR,
  MAX_WINDOW_SIZE,
  PING,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
} from '../../protocol/constants.ts';
import type {
  ControlFrame,
  CredentialFrame,
  GoawayFrame,
  PingFrame,
  SettingsFrame,
  WindowUpdateFrame,
} from '../../protocol/frames.ts';
import type { EngineState } from '../engine-state.ts';
import { applyPeerSettings } from '../settings.ts';

/** A frame that breaks a rule of the session: reported, then GOAWAY. */
export function invalidSession(
  state: EngineState,
  frame: ControlFrame,
  message: string,
  code: ErrorCode = 'ERR_SPDY_PROTOCOL',
): void {
  state.report.invalidCtrlRecv(frame, PROTOCOL_ERROR);
  state.peerFailed(code, message);
}

/** The peer describes itself (SPDY/3 2.6.4). */
export function receiveSettings(state: EngineState, frame: SettingsFrame): void {
  if (!state.budgets.settings.spend()) {
    state.peerFailed('ERR_SPDY_TOO_MANY_SETTINGS', 'the peer sends SETTINGS too fast');
    return;
  }
  applyPeerSettings(state, frame.entries);
  state.report.ctrlRecv(frame);
}

/** PING: echoed, or the answer to one of ours (SPDY/3 2.6.5). */
export function receivePing(state: EngineState, frame: PingFrame): void {
  if (!state.budgets.pings.spend()) {
    state.peerFailed('ERR_SPDY_TOO_MANY_PINGS', 'the peer sends PING too fast');
    return;
  }
  if (state.streams.isOwnId(frame.id)) {
    if (state.outstandingPings?.delete(frame.id) !== true) return;
  } else {
    const { wire } = state.version;
    state.queue.pings.push({ version: wire, flags: 0, length: 4, type: PING, id: frame.id });
    state.replyQueued();
  }
  state.report.ctrlRecv(frame);
}

/** The peer accepts no more streams (SPDY/3 2.6.6). */
export function receiveGoaway(state: EngineState, frame: GoawayFrame): void {
  if (!state.budgets.goaways.spend()) {
    state.peerFailed('ERR_SPDY_TOO_MANY_GOAWAYS', 'the peer sends GOAWAY too fast');
    return;
  }
  const lowered = frame.lastGoodStreamId < state.peerLastGoodId;
  state.goawayReceived = true;
  if (lowered) state.peerLastGoodId = frame.lastGoodStreamId;
  state.report.ctrlRecv(frame);
  const message = 'the peer accepts no more streams (GOAWAY)';
  const refused = new StreamError('ERR_SPDY_STREAM_REFUSED', message, 0, REFUSED_STREAM, 'peer');
  state.refuseWaiting(ERR_SYN_STREAM_NOT_ALLOWED, refused);
  // Repeated, it says nothing new: no stream was opened since.
  if (lowered) state.closeUnprocessed();
}

/** The peer lets us send more (SPDY/3 2.6.8). */
export function receiveWindowUpdate(state: EngineState, frame: WindowUpdateFrame): void {
  const { streamId, delta } = frame;
  if (!state.budgets.windowUpdates.spend()) {
    state.peerFailed('ERR_SPDY_TOO_MANY_WINDOW_UPDATES', 'the peer sends WINDOW_UPDATE too fast');
    return;
  }
  const stream = state.streams.get(streamId);
  if (streamId === 0 ? !state.version.sessionWindow : !stream || stream.closing) return;
  // Credit means nothing while flow control is off, and on a stream that we have finished.
  if (!state.sendWindows || stream?.localClosed === true) {
    state.report.ctrlRecv(frame);
    return;
  }
  if (stream === undefined) {
    if (delta === 0) {
      invalidSession(state, frame, 'WINDOW_UPDATE of 0 for the session', 'ERR_SPDY_FLOW_CONTROL');
    } else if (state.sendWindow > MAX_WINDOW_SIZE - delta) {
      invalidSession(
        state,
        frame,
        'WINDOW_UPDATE made the session window overflow',
        'ERR_SPDY_FLOW_CONTROL',
      );
    } else {
      state.sendWindow += delta;
      state.report.ctrlRecv(frame);
    }
    return;
  }
  if (delta === 0 || stream.sendWindow > MAX_WINDOW_SIZE - delta) {
    const message = delta === 0 ? 'WINDOW_UPDATE of 0' : 'WINDOW_UPDATE made its window overflow';
    state.streamFault(streamId, FLOW_CONTROL_ERROR, 'ERR_SPDY_FLOW_CONTROL', message, frame);
    return;
  }
  const wasBlocked = stream.sendWindow <= 0;
  stream.sendWindow += delta;
  if (wasBlocked) state.schedule(stream);
  state.report.ctrlRecv(frame);
}

/** A client certificate (SPDY/3 2.6.9). */
export function receiveCredential(state: EngineState, frame: CredentialFrame): void {
  if (state.certificates?.set(frame.slot, frame.certificates) === false) {
    invalidSession(state, frame, `CREDENTIAL for slot ${frame.slot} of ${state.certificates.size}`);
    return;
  }
  state.report.ctrlRecv(frame);
}
