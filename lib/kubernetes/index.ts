/** Exec, attach, cp and port-forward as Kubernetes speaks them over SPDY/3.1: the client side and the server side. */

export * from './client-index.ts';
export type { FakeRule } from './fake/access/rbac.ts';
export {
  createFakeApiServer,
  FakeApiServer,
  type FakeApiServerOpen,
} from './fake/api-server.ts';
export {
  type ContainerPlace,
  type DeletePodOptions,
  type FakeApiServerEvents,
  FakeCluster,
  type FakeClusterOptions,
} from './fake/cluster.ts';
export type { FakeFault, FakeFaultRule } from './fake/faults/fault.ts';
export type { FakeManifest, FakeObject, FakeObjectMetadata } from './fake/objects/object.ts';
export type { FakeApiServerOptions } from './fake/options.ts';
export type {
  FakeContainer,
  FakePod,
  FakePodState,
  RestartPolicy,
} from './fake/pods/pod-options.ts';
export type { FakeAction, FakeRequest } from './fake/requests/request.ts';
export type { StreamTranslatorOptions } from './gateway/options.ts';
export type {
  TargetChooser,
  TranslatorPodTarget,
  TranslatorTarget,
  TranslatorUrlTarget,
} from './gateway/target.ts';
export {
  createStreamTranslator,
  StreamTranslator,
  type StreamTranslatorEvents,
} from './gateway/translator.ts';
export { ServerCommand, type ServerCommandEvents } from './server/command.ts';
export type { CommandHandler } from './server/command-outcome.ts';
export type { CloseOptions } from './server/door.ts';
export type { ForwardedConnection, PortForwardHandler } from './server/forward-session.ts';
export { type ForwardToOptions, forwardTo } from './server/forward-to.ts';
export type { StreamingHandlers } from './server/handlers.ts';
export type { StreamingServerOptions } from './server/options.ts';
export type { CommandRequest, ForwardRequest, StreamingRequest } from './server/routes.ts';
export { type RunProcessOptions, runProcess } from './server/run-process.ts';
export type { RuntimeRequest } from './server/runtime-request.ts';
export {
  createStreamingServer,
  StreamingServer,
  type StreamingServerEvents,
} from './server/streaming-server.ts';
