import {
  CLIENT,
  FLOW_CONTROL_ERROR,
  ID_FLAG_SETTINGS_PERSISTED,
  MAX_WINDOW_SIZE,
  SERVER,
  SETTINGS_CLIENT_CERTIFICATE_VECTOR_SIZE,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_CONCURRENT_STREAMS,
} from '../protocol/constants.ts';
import type { SettingsEntry } from '../protocol/frames.ts';
import type { EngineState } from './engine-state.ts';

/** Our own SETTINGS take effect when they are submitted (there is no acknowledgement in SPDY). */
export function applyLocalSettings(state: EngineState, entries: readonly SettingsEntry[]): void {
  for (const { id, flags, value } of entries) {
    // What a client returns are the server's values, not its own limits.
    if (state.side === CLIENT && (flags & ID_FLAG_SETTINGS_PERSISTED) !== 0) continue;
    if (id === SETTINGS_MAX_CONCURRENT_STREAMS) {
      state.localMaxStreams = value;
      state.headers.expectStreams(value);
    } else if (id === SETTINGS_INITIAL_WINDOW_SIZE && value <= MAX_WINDOW_SIZE)
      state.credit.setInitialWindow(value);
    else if (id === SETTINGS_CLIENT_CERTIFICATE_VECTOR_SIZE && state.side === SERVER)
      state.certificates?.resize(value);
  }
}

/** The peer's SETTINGS (SPDY/3 2.6.4): the first entry of an id counts. */
export function applyPeerSettings(state: EngineState, entries: readonly SettingsEntry[]): void {
  let seen = 0;
  for (const { id, flags, value } of entries) {
    if (id !== SETTINGS_MAX_CONCURRENT_STREAMS && id !== SETTINGS_INITIAL_WINDOW_SIZE) continue;
    if ((seen & (1 << id)) !== 0) continue;
    seen |= 1 << id;
    // A client that returns stored values tells nothing about itself.
    if (state.side === SERVER && (flags & ID_FLAG_SETTINGS_PERSISTED) !== 0) continue;
    if (id === SETTINGS_MAX_CONCURRENT_STREAMS) state.peerMaxStreams = value;
    else if (state.version.streamWindows && value <= MAX_WINDOW_SIZE)
      setPeerInitialWindow(state, value);
  }
}

/** The peer's INITIAL_WINDOW_SIZE moves the send window of every stream (SPDY/3 2.6.8); windows may become negative. */
function setPeerInitialWindow(state: EngineState, bytes: number): void {
  const change = bytes - state.peerInitialWindow;
  state.peerInitialWindow = bytes;
  if (change === 0) return;
  const overflown: number[] = [];
  for (const stream of state.streams.values()) {
    stream.sendWindow += change;
    if (stream.closing || stream.localClosed) continue;
    if (stream.sendWindow > MAX_WINDOW_SIZE) overflown.push(stream.streamId);
    else state.schedule(stream);
  }
  for (const streamId of overflown) {
    state.streamFault(
      streamId,
      FLOW_CONTROL_ERROR,
      'ERR_SPDY_FLOW_CONTROL',
      'SETTINGS made its window overflow',
      null,
    );
  }
}
