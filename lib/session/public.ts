/** The door of session/: what the layers above use of it. No other file of this folder is imported from there. */
export { type ConnectOptions, connect } from './connect.ts';
export type { SessionState, SessionStatistics } from './diagnostics.ts';
export { inSession, sessionMemory } from './http2-names.ts';
export {
  checkProtocols,
  getNpnProtocols,
  npnGetVersion,
  resolveVersion,
  resolveVersions,
  type SessionVersion,
} from './negotiate.ts';
export { raise } from './raise.ts';
export { Session } from './session.ts';
export { checkSessionOptions, type SessionOptions } from './session-options.ts';
export { optionsFor } from './session-start.ts';
export { SpdyStream } from './stream.ts';
export type { StreamOptions } from './stream-options.ts';
export { checkTlsNames, isTlsOption, tlsPart } from './tls-names.ts';
export type { TraceEvent, TraceFrame } from './trace-events.ts';
