export type { ConformanceCase, ConformanceLevel } from './conformance/case.ts';
export type { ConformanceOptions } from './conformance/options.ts';
export { type ConformanceCounts, countResults, junitXml } from './conformance/report.ts';
export type { ConformanceResult } from './conformance/result.ts';
export {
  type ClientConformanceOptions,
  type RunClient,
  testClient,
} from './conformance/test-client.ts';
export { testServer } from './conformance/test-server.ts';
export { CLIENT_TESTS, SERVER_TESTS } from './conformance/tests.ts';
export { BodyExtractor, type ExtractedBody } from './dump/body-extractor.ts';
export {
  ConnectionDecoder,
  type ConnectionOptions,
  type FrameNumbers,
} from './dump/decode/connection-decoder.ts';
export type {
  DumpConnection,
  DumpDirection,
  DumpEnd,
  DumpEvent,
  DumpExchange,
  DumpFields,
  DumpFrame,
  DumpNote,
  DumpSink,
} from './dump/events.ts';
export { type FrameFilter, parseFilter } from './dump/filter/filter.ts';
export { FilterError } from './dump/filter/filter-lexer.ts';
export { type DumpPaint, DumpText, type TextOptions } from './dump/frame-text.ts';
export type { DumpOptions } from './dump/options.ts';
export { DumpPage, type PageOptions } from './dump/page/page.ts';
export {
  type DumpInput,
  isKnownInput,
  type ReadOptions,
  readDump,
  readRawPair,
} from './dump/read-dump.ts';
export type { CaptureCounts } from './dump/readers/capture-reader.ts';
export {
  type DumpFigures,
  DumpStatistics,
  type FrameCount,
  type HeaderCount,
  type Stall,
} from './dump/statistics.ts';
export { statisticsText } from './dump/statistics-text.ts';
export { Tap } from './dump/tap/tap.ts';
export type { TapOptions } from './dump/tap/tap-options.ts';
export type { StaticFilesOptions } from './files/options.ts';
export { type StaticFilesHandler, serveFiles } from './files/static-files.ts';
export { type HarScript, harRequests } from './load/har-requests.ts';
export type {
  LoadOptions,
  LoadProgress,
  LoadProtocol,
  LoadRequest,
  LoadTls,
} from './load/options.ts';
export { loadPage } from './load/page/page.ts';
export { loadReport } from './load/results/report.ts';
export type {
  LoadDistribution,
  LoadInterval,
  LoadPercentile,
  LoadRequests,
  LoadResult,
  LoadTimeline,
  LoadTimes,
  LoadTraffic,
} from './load/results/result.ts';
export { runLoad } from './load/run-load.ts';
export type { BackOptions, BackProtocol } from './proxy/back/options.ts';
export type { ProxyHeaderVersion } from './proxy/back/proxy-header.ts';
export { type FrontOptions, ProxyFront } from './proxy/front/front.ts';
export type { ForwardedRule, HeaderRules } from './proxy/message/forwarded.ts';
export type { ProxyOptions } from './proxy/options.ts';
export type { ClientLimits } from './proxy/pool/client-limits.ts';
export type { HealthOptions } from './proxy/pool/health.ts';
export {
  type BackStatistics,
  createProxy,
  type ProxyOutcome,
  SpdyProxy,
  type SpdyProxyEvents,
} from './proxy/proxy.ts';
export type { ClientFacts, FrontRequest } from './proxy/relay/exchange.ts';
export type { RelayOutcome } from './proxy/relay/relay-host.ts';
