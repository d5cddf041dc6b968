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
export {
  ConnectionLostError,
  KubeConfigError,
  MissingPackageError,
  RemoteFailureError,
  UpgradeRefusedError,
} from './errors.ts';
export { attach, exec } from './exec.ts';
export {
  type KubeConfig,
  type KubeConfigOptions,
  loadKubeConfig,
  loadServiceAccount,
  type TokenSource,
} from './kubeconfig.ts';
export type { RemoteCommandProtocol } from './protocols.ts';
export { RemoteCommand } from './remote-command.ts';
export { type RunOptions, type RunResult, run } from './run.ts';
export type { KubernetesStatus, StatusCause } from './status.ts';
export type { PodTarget } from './target.ts';
