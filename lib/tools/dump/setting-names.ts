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
