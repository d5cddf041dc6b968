/** Exec, attach, cp and port-forward as Kubernetes speaks them over SPDY/3.1: the client side and the server side. */
export {
  ConnectionLostError,
  KubeConfigError,
  MissingPackageError,
  RemoteFailureError,
  UpgradeRefusedError,
} from './errors.ts';
export type { RemoteCommandProtocol } from './protocols.ts';
export type { KubernetesStatus, StatusCause } from './status.ts';
