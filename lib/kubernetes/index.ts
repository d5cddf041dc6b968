/** Exec, attach, cp and port-forward as Kubernetes speaks them over SPDY/3.1: the client side and the server side. */

export { MissingPackageError } from '../common/packages.ts';
export type {
  AttachOptions,
  ExecOptions,
  KubernetesTarget,
  PodCommandTarget,
  RemoteCommandOptions,
  UrlTarget,
} from './client/command/command-options.ts';
export type { CommandExit } from './client/command/command-outcome.ts';
export { attach, exec, type StartedCommand, type StreamFlags } from './client/command/exec.ts';
export { RemoteCommand } from './client/command/remote-command.ts';
export { type RunOptions, type RunResult, run } from './client/command/run.ts';
export { PodConnection } from './client/forward/pod-connection.ts';
export { PortForward, portForward } from './client/forward/port-forward.ts';
export type { PortForwardEvents } from './client/forward/port-forward-events.ts';
export { ForwardListener, type ListenOptions } from './client/forward/port-forward-listener.ts';
export type {
  PortForwardOptions,
  PortForwardRequest,
  ReconnectOptions,
} from './client/forward/port-forward-options.ts';
export { FoundPod } from './client/target/found-pod.ts';
export { resolveTarget, type TargetRequest } from './client/target/resolve-target.ts';
export type { PodSelector, PodTarget } from './client/target/target.ts';
export type { KubernetesTransport } from './client/transport.ts';
export { type UpgradedConnection, type UpgradeRequest, upgradeToSpdy } from './client/upgrade.ts';
export { copyFromPod } from './copy/from-pod.ts';
export type {
  CopyFromPodOptions,
  CopyOptions,
  CopyProgress,
  CopyResult,
  CopyToPodOptions,
  SkippedEntry,
} from './copy/options.ts';
export { copyToPod } from './copy/to-pod.ts';
export {
  ConnectionLostError,
  KubeConfigError,
  type Permission,
  RemoteFailureError,
  TargetError,
  UpgradeRefusedError,
} from './errors.ts';
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
export type { Certificates, ClusterOptions } from './kubeconfig/cluster.ts';
export type { KubeConfig } from './kubeconfig/context.ts';
export type { TokenSource } from './kubeconfig/credentials.ts';
export { type KubeConfigOptions, loadKubeConfig } from './kubeconfig/kubeconfig.ts';
export { loadServiceAccount, type ServiceAccountPlace } from './kubeconfig/service-account.ts';
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
export type { RemoteCommandProtocol } from './wire/protocols.ts';
export type { KubernetesStatus, StatusCause } from './wire/status.ts';
export type { TerminalSize } from './wire/terminal-size.ts';
