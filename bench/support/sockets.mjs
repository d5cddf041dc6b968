import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { makeCertificate } from '../../build/lib/http/server/connection/certificate.js';

/** Key and certificate for TLS, made anew. */
export { makeCertificate };

/** A server on plain TCP or TLS whose sockets do not wait to send (TCP_NODELAY). */
export function socketServer({ secure = false }, protocol, onSocket) {
  const accept = (socket) => {
    socket.setNoDelay(true).on('error', () => {});
    onSocket(socket);
  };
  if (!secure) return net.createServer(accept);
  return tls.createServer({ ...makeCertificate(), ALPNProtocols: [protocol] }, accept);
}

/** A connected socket of the same sort. */
export async function dial(port, { secure = false }, protocol) {
  const socket = secure
    ? tls.connect({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ALPNProtocols: [protocol],
        rejectUnauthorized: false,
      })
    : net.connect(port, '127.0.0.1');
  await once(socket, secure ? 'secureConnect' : 'connect');
  return socket.setNoDelay(true);
}
