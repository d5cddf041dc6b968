/** Exec, attach, cp and port-forward as Kubernetes speaks them over SPDY/3.1: the client side and the server side. */
export {
  type ClusterOptions,
  type UpgradedConnection,
  type UpgradeRequest,
  upgradeToSpdy,
} from './client-upgrade.ts';
export type {
  AttachOptions,
  ExecOptions,
  KubernetesTarget,
  PodCommandTarget,
  RemoteCommandOptions,
  TerminalSize,
  UrlTarget,
} from './command-options.ts';
export type { CommandExit } from './command-outcome.ts';
export type { CommandHandler } from './command-session.ts';
export { copyFromPod } from './copy-from-pod.ts';
export { copyToPod } from './copy-to-pod.ts';
export type {
  CopyFromPodOptions,
  CopyOptions,
  CopyProgress,
  CopyResult,
  CopyToPodOptions,
  SkippedEntry,
} from './cp-options.ts';
export {
  ConnectionLostError,
  KubeConfigError,
  MissingPackageError,
  RemoteFailureError,
  UpgradeRefusedError,
} from './errors.ts';
export { attach, exec } from './exec.ts';
export {
  createFakeApiServer,
  FakeApiServer,
  type FakeApiServerEvents,
  type FakeApiServerOpen,
  type FakeApiServerOptions,
} from './fake-api-server.ts';
export type { FakeFault, FakeRequest } from './fake-fault.ts';
export type { FakeContainer, FakePod } from './fake-pods.ts';
export type { ForwardedConnection, PortForwardHandler } from './forward-session.ts';
export { type ForwardToOptions, forwardTo } from './forward-to.ts';
export {
  type KubeConfig,
  type KubeConfigOptions,
  loadKubeConfig,
  loadServiceAccount,
  type TokenSource,
} from './kubeconfig.ts';
export { PodConnection } from './pod-connection.ts';
export { PortForward, type PortForwardEvents, portForward } from './port-forward.ts';
export { ForwardListener, type ListenOptions } from './port-forward-listener.ts';
export type {
  PortForwardOptions,
  PortForwardRequest,
  PortForwardTransport,
  ReconnectOptions,
} from './port-forward-options.ts';
export type { RemoteCommandProtocol } from './protocols.ts';
export { RemoteCommand } from './remote-command.ts';
export { type RunOptions, type RunResult, run } from './run.ts';
export { type RunProcessOptions, runProcess } from './run-process.ts';
export { ServerCommand, type ServerCommandEvents } from './server-command.ts';
export type { CommandRequest, ForwardRequest, StreamingRequest } from './server-routes.ts';
export type { KubernetesStatus, StatusCause } from './status.ts';
export type { StreamingServerOptions } from './streaming-options.ts';
export {
  createStreamingServer,
  type RuntimeRequest,
  type StreamingHandlers,
  StreamingServer,
  type StreamingServerEvents,
} from './streaming-server.ts';
export type { PodTarget } from './target.ts';
