import type { ConnectionLostError } from '../../errors.ts';

/** Events of a PortForward, with the arguments of their listeners. */
export interface PortForwardEvents {
  /** The connection to the cluster is lost; with `reconnect` the next local connection brings another one. */
  disconnect: [error: ConnectionLostError];
  /** Another connection has replaced the lost one. */
  reconnect: [];
  /** A local connection of a listener has failed; all others go on. The port is what `listen()` was given. */
  connectionError: [error: Error, port: number | string];
  /** Everything has ended: null after `close()`, else why. */
  close: [error: Error | null];
}
