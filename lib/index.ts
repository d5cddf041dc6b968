/**
 * SPDY/2, SPDY/3 and SPDY/3.1 for Node.js. `Session` is a Duplex to be piped to and from a socket; `Engine` is the same
 * protocol without I/O; `connect()` makes a client session over TCP or TLS.
 */
export { DataProvider, type DataSource, type ReadCtrl } from './engine/data-provider.ts';
export { Engine } from './engine/engine.ts';
export type { EngineHandler } from './engine/engine-handler.ts';
export type {
  EngineInsight,
  ReceivingState,
  SendingState,
  StreamState,
} from './engine/insight.ts';
export type { RateLimit } from './engine/options/option-checks.ts';
export type {
  EngineOptions,
  HeaderCompression,
  WindowUpdateMode,
} from './engine/options/options.ts';
export { FrameDecoder, type FrameDecoderOptions } from './engine/receive/frame-decoder.ts';
export { FrameEncoder, type SynStreamFields } from './engine/send/frame-encoder.ts';
export type { EngineStatistics } from './engine/statistics.ts';
export type { StreamHandle } from './engine/streams/stream-record.ts';
export type { SessionCalls } from './engine/submit/session-calls.ts';
export {
  CallbackFailureError,
  type Cause,
  EOFError,
  ERROR_CODES,
  type ErrorCode,
  InvalidArgumentError,
  InvalidStateError,
  SessionError,
  SpdyError,
  StreamClosedError,
  StreamError,
  strerror,
  TemporalCallbackFailureError,
  UnsupportedVersionError,
  ZlibError,
} from './errors.ts';
export { foreignProtocol } from './framing/foreign-protocol.ts';
export type { FrameSink, HeaderFault } from './framing/frame-sink.ts';
export type { HeaderEncoding } from './framing/header-list.ts';
export { SpdyAgent, type SpdyAgentEvents } from './http/client/agent.ts';
export type { ProxyOptions, SpdyAgentOptions } from './http/client/agent-options.ts';
export { type ClientRequestOptions, get, globalAgent, request } from './http/client/client.ts';
export type { OriginStatistics } from './http/client/connection/origin.ts';
export type {
  CreateRequestConnection,
  RequestConnection,
} from './http/client/connection/request-connection.ts';
export type { Target } from './http/client/connection/target.ts';
export type { CallOptions, ResponseData, ResponseHead } from './http/client/dispatch/calls.ts';
export type { DispatchInterceptor } from './http/client/dispatch/compose.ts';
export type {
  DispatchController,
  DispatchHandler,
  LegacyDispatchHandler,
} from './http/client/dispatch/handlers.ts';
export type { DispatchOptions } from './http/client/dispatch/options.ts';
export type { ResponseBody } from './http/client/dispatch/response-body.ts';
export {
  type CallCallback,
  SpdyDispatcher,
  type StreamData,
  type TunnelData,
  type UpgradeCallOptions,
  type UpgradeData,
} from './http/client/dispatcher.ts';
export { fetch } from './http/client/fetch/fetch.ts';
export type { FetchInit } from './http/client/fetch/fetch-init.ts';
export {
  BaseSpdyStreamHandler,
  UrlFetchError,
  type UrlFetchHandler,
  type UrlFetchOptions,
  urlfetch,
} from './http/client/fetch/urlfetch.ts';
export type {
  HarDocument,
  HarEntry,
  HarMessage,
  HarPair,
  HarRequest,
  HarResponse,
  HarTimings,
} from './http/client/har/har-format.ts';
export { HarRecorder, type HarRecorderOptions } from './http/client/har/har-recorder.ts';
export type { RequestOptions } from './http/client/request/options.ts';
export type { PushedRequest } from './http/client/request/push.ts';
export { ClientRequest } from './http/client/request/request.ts';
export type { ClientRequestEvents } from './http/client/request/request-events.ts';
export { ClientResponse } from './http/client/request/response.ts';
export type { ListenArguments } from './http/server/connection/listening-server.ts';
export {
  type ProxyAddress,
  type ProxyHeader,
  type ProxyProtocolOptions,
  parseProxyHeader,
} from './http/server/connection/proxy-protocol.ts';
export {
  acceptUpgrade,
  isSpdyUpgrade,
  type UpgradeOptions,
} from './http/server/connection/upgrade.ts';
export type { SpdyRequestListener, SpdyServerEvents } from './http/server/events.ts';
export type { ServerPushOptions, ServerPushTarget } from './http/server/exchange/push.ts';
export type { SpdyRequest } from './http/server/exchange/request.ts';
export type { SpdyResponse } from './http/server/exchange/response.ts';
export type { ServerSocket } from './http/server/exchange/socket.ts';
export type { H2Handler, HandleOptions, SpdyServerOptions } from './http/server/options.ts';
export { BaseSpdyRequestHandler, type RequestHandlerClass } from './http/server/request-handler.ts';
export { createServer, SpdyServer } from './http/server/server.ts';
export * from './protocol/constants.ts';
export type * from './protocol/frames.ts';
export {
  findVersion,
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  SPDY2,
  SPDY3,
  SPDY3_1,
} from './protocol/version.ts';
export type { DuplexEvents } from './session/evented-duplex.ts';
export type { KeepAliveOptions } from './session/liveness/keepalive.ts';
export type { PingCallback } from './session/liveness/pings.ts';
export type { DataInput } from './session/provider.ts';
export { Session } from './session/session.ts';
export type { SessionEvents } from './session/session-events.ts';
export type {
  SessionOptions,
  SettingName,
  SettingsInput,
  SettingsTiming,
} from './session/session-options.ts';
export {
  MemorySettingsStore,
  type SettingsStore,
  type StoredSetting,
} from './session/settings-store.ts';
export { SpdyStream, type StreamEvents } from './session/streams/stream.ts';
export type { StreamOptions } from './session/streams/stream-options.ts';
export {
  CHANNELS,
  type FrameMessage,
  type SessionMessage,
  type SessionState,
  type SessionStatistics,
  type StreamMessage,
} from './session/trace/diagnostics.ts';
export type {
  TraceBegin,
  TraceEnd,
  TraceError,
  TraceEvent,
  TraceFrame,
  TraceQueue,
  TraceStreamEnd,
  TraceWait,
} from './session/trace/trace-events.ts';
export type { TraceListener } from './session/trace/tracer.ts';
export { type ConnectOptions, connect } from './session/transport/connect.ts';
export {
  getNpnProtocols,
  npnGetVersion,
  type SelectedProtocol,
  type SessionVersion,
  selectNextProtocol,
} from './session/transport/negotiate.ts';
