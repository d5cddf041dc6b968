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

/** A kubeconfig that cannot be read, or asks for what is not supported (`ERR_SPDY_KUBECONFIG`). */
export class KubeConfigError extends SpdyError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SPDY_KUBECONFIG', message, 'local', options);
  }
}
