import {
  CREDENTIAL,
  GOAWAY,
  HEADERS,
  NOOP,
  PING,
  RST_STREAM,
  SETTINGS,
  SYN_REPLY,
  SYN_STREAM,
  WINDOW_UPDATE,
} from './constants.ts';

/** Names of the control frames, by their types. */
export const FRAME_NAMES: Readonly<Record<number, string>> = {
  [SYN_STREAM]: 'SYN_STREAM',
  [SYN_REPLY]: 'SYN_REPLY',
  [RST_STREAM]: 'RST_STREAM',
  [SETTINGS]: 'SETTINGS',
  [NOOP]: 'NOOP',
  [PING]: 'PING',
  [GOAWAY]: 'GOAWAY',
  [HEADERS]: 'HEADERS',
  [WINDOW_UPDATE]: 'WINDOW_UPDATE',
  [CREDENTIAL]: 'CREDENTIAL',
};

/** Names of the status of a stream, by number (SPDY/3 2.6.3). */
export const STATUS_NAMES: readonly string[] = [
  'OK',
  'PROTOCOL_ERROR',
  'INVALID_STREAM',
  'REFUSED_STREAM',
  'UNSUPPORTED_VERSION',
  'CANCEL',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'STREAM_IN_USE',
  'STREAM_ALREADY_CLOSED',
  'INVALID_CREDENTIALS',
  'FRAME_TOO_LARGE',
];

/** Names of SETTINGS ids (SPDY/3 2.6.4), by number. */
const SETTING_NAMES: readonly string[] = [
  '0',
  'UPLOAD_BANDWIDTH',
  'DOWNLOAD_BANDWIDTH',
  'ROUND_TRIP_TIME',
  'MAX_CONCURRENT_STREAMS',
  'CURRENT_CWND',
  'DOWNLOAD_RETRANS_RATE',
  'INITIAL_WINDOW_SIZE',
  'CLIENT_CERTIFICATE_VECTOR_SIZE',
];

/** The name of a SETTINGS id, or its number. */
export function settingName(id: number): string {
  return SETTING_NAMES[id] ?? String(id);
}
