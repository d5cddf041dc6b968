import { SpdyError } from '../errors.ts';
import type { KubernetesStatus } from './wire/status.ts';

/** The server did not switch to SPDY (`ERR_SPDY_UPGRADE_REFUSED`). */
export class UpgradeRefusedError extends SpdyError {
  /** The HTTP status of the answer. */
  readonly statusCode: number;
  /** What the body says, null when it is no `metav1.Status`. */
  readonly status: KubernetesStatus | null;

  constructor(message: string, statusCode: number, status: KubernetesStatus | null) {
    super('ERR_SPDY_UPGRADE_REFUSED', message, 'peer');
    this.statusCode = statusCode;
    this.status = status;
  }
}

/** The other side could not run the command or forward the connection, and says why (`ERR_SPDY_REMOTE_FAILURE`). */
export class RemoteFailureError extends SpdyError {
  /** Its words as a `metav1.Status`, null where it has only text. */
  readonly status: KubernetesStatus | null;

  constructor(message: string, status: KubernetesStatus | null = null) {
    super('ERR_SPDY_REMOTE_FAILURE', message, 'peer');
    this.status = status;
  }
}

/** The connection ended before the outcome was known, or before all output was there (`ERR_SPDY_CONNECTION_LOST`). */
export class ConnectionLostError extends SpdyError {
  /** The outcome, if only output is missing; else null. */
  readonly status: KubernetesStatus | null;

  constructor(message: string, status: KubernetesStatus | null = null, options?: ErrorOptions) {
    super('ERR_SPDY_CONNECTION_LOST', message, 'peer', options);
    this.status = status;
  }
}

/** A permission of RBAC. */
export interface Permission {
  /** As `get`, `list` or `create`. */
  readonly verb: string;
  /** With its API group, as `pods` or `deployments.apps`. */
  readonly resource: string;
  /** The namespace that it is needed in. */
  readonly namespace: string;
}

/**
 * No pod was found for a name as `deploy/web`, a selector or the name of a port (`ERR_SPDY_TARGET`): the server refuses to tell, there is no such
 * object, or none of its pods runs.
 */
export class TargetError extends SpdyError {
  /** The HTTP status of the answer that refuses; null when there is nothing wrong with the answers. */
  readonly statusCode: number | null;
  /** What that says, null when it is no `metav1.Status`. */
  readonly status: KubernetesStatus | null;
  /** The permission that is missing (403), else null. */
  readonly missing: Permission | null;

  constructor(
    message: string,
    statusCode: number | null = null,
    status: KubernetesStatus | null = null,
    missing: Permission | null = null,
  ) {
    super('ERR_SPDY_TARGET', message, 'peer');
    this.statusCode = statusCode;
    this.status = status;
    this.missing = missing;
  }
}

/** A kubeconfig that cannot be read, or asks for what is not supported (`ERR_SPDY_KUBECONFIG`). */
export class KubeConfigError extends SpdyError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SPDY_KUBECONFIG', message, 'local', options);
  }
}
