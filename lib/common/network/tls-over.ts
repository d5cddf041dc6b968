import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { lateTls } from '../late-modules.ts';

/**
 * Begins TLS on a connection that is there. `tls.connect()` throws for a key, a certificate or a name that is none: the connection is closed
 * then, which nobody else would do.
 */
export function tlsOver(socket: Duplex, options: tls.ConnectionOptions): tls.TLSSocket {
  try {
    return lateTls().connect({ ...options, socket });
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
  }
}
