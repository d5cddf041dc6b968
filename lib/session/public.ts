/** The door of session/: what the layers above use of it. No other file of this folder is imported from there. */

export { raise } from './raise.ts';
export { Session } from './session.ts';
export { checkSessionOptions, type SessionOptions } from './session-options.ts';
export { optionsFor } from './session-start.ts';
export { SpdyStream } from './streams/stream.ts';
export type { StreamOptions } from './streams/stream-options.ts';
export type { SessionState, SessionStatistics } from './trace/diagnostics.ts';
export type {
  TraceBegin,
  TraceEnd,
  TraceEvent,
  TraceFrame,
  TraceLost,
} from './trace/trace-events.ts';
export { type ConnectOptions, connect } from './transport/connect.ts';
export { inSession, sessionMemory } from './transport/http2-names.ts';
export {
  checkProtocols,
  getNpnProtocols,
  npnGetVersion,
  resolveVersion,
  resolveVersions,
  type SessionVersion,
} from './transport/negotiate.ts';
export { checkTlsNames, isTlsOption, tlsPart } from './transport/tls-names.ts';
