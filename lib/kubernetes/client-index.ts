/** The client side of Kubernetes alone: exec, attach, cp, port-forward and kubeconfig. All of it is in `spdylay/kubernetes` too. */

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
export type { Certificates, ClusterOptions } from './kubeconfig/cluster.ts';
export type { KubeConfig } from './kubeconfig/context.ts';
export type { TokenSource } from './kubeconfig/credentials.ts';
export { type KubeConfigOptions, loadKubeConfig } from './kubeconfig/kubeconfig.ts';
export { loadServiceAccount, type ServiceAccountPlace } from './kubeconfig/service-account.ts';
export type { RemoteCommandProtocol } from './wire/protocols.ts';
export type { KubernetesStatus, StatusCause } from './wire/status.ts';
export type { TerminalSize } from './wire/terminal-size.ts';
