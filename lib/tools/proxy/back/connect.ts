import net from 'node:net';
import tls from 'node:tls';
import { Deadline } from '../../../common/deadline.ts';
import { SpdyError } from '../../../errors.ts';
import type { ResolvedBack } from './options.ts';

/** Connects to a back without TLS. The caller sees to how long that takes. */
export function openTcp(back: ResolvedBack): net.Socket {
  const { socketPath, hostname, port, preface, lookup } = back;
  const socket =
    socketPath === null
      ? net.connect({ host: hostname, port, noDelay: true, lookup })
      : net.connect({ path: socketPath });
  // It leaves before TLS begins.
  if (preface !== null) socket.write(preface);
  return socket;
}

/**
 * Connects to a back, with TLS if it has that. The socket fails with `ERR_SPDY_TIMEOUT` if that takes too long, and with `ERR_SPDY_NEGOTIATION` if the back
 * chooses another protocol than the one that is offered.
 */
export function openSocket(back: ResolvedBack, protocol: 'http/1.1' | 'h2'): net.Socket {
  const { secure, hostname, connectTimeoutMs, name } = back;
  const transport = openTcp(back);
  const socket = secure
    ? tls.connect({
        // Only names may stand in SNI.
        ...(net.isIP(hostname) === 0 ? { servername: hostname } : {}),
        host: hostname,
        ...back.tls,
        socket: transport,
        ALPNProtocols: [protocol],
      })
    : transport;
  const deadline = new Deadline();
  const ready = secure ? 'secureConnect' : 'connect';
  if (connectTimeoutMs > 0) {
    deadline.start(connectTimeoutMs, () => {
      const message = `no connection to ${name} within ${connectTimeoutMs} ms`;
      socket.destroy(new SpdyError('ERR_SPDY_TIMEOUT', message));
    });
  }
  socket.once(ready, () => {
    deadline.stop();
    const { alpnProtocol } = socket as Partial<tls.TLSSocket>;
    if (protocol === 'h2' && secure && alpnProtocol !== 'h2') {
      socket.destroy(new SpdyError('ERR_SPDY_NEGOTIATION', `${name} does not speak h2`, 'peer'));
    }
  });
  socket.once('close', () => deadline.stop());
  return socket;
}
