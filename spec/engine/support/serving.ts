import type { EngineOptions } from '../../../lib/engine/options/options.ts';
import { SERVER, SETTINGS_INITIAL_WINDOW_SIZE } from '../../../lib/protocol/constants.ts';
import type { SettingsEntry } from '../../../lib/protocol/frames.ts';
import type { ProtocolVersion } from '../../../lib/protocol/version.ts';
import { HEADERS, Lab } from './lab.ts';

/** A server with open requests 1, 3, ... */
export function serving(version: ProtocolVersion, options: EngineOptions = {}, requests = 1): Lab {
  const lab = new Lab(SERVER, version, options);
  for (let id = 1; id < 2 * requests; id += 2) lab.receive(lab.peer.synStream(id, HEADERS));
  return lab.settle();
}

/** Feeds a DATA frame of zeros. */
export function receiveData(lab: Lab, streamId: number, length: number, flags = 0): void {
  lab.receive(lab.peer.data(streamId, Buffer.alloc(length), flags));
}

/** SETTINGS with only INITIAL_WINDOW_SIZE. */
export function initialWindow(value: number): SettingsEntry[] {
  return [{ id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value }];
}

/** Bytes received and not given back: of stream 1, and of the session. */
export function counters(lab: Lab): number[] {
  return [lab.engine.getStreamRecvDataLength(1), lab.engine.getRecvDataLength()];
}
