import net, { type NetConnectOpts, type Socket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import { SpdyError } from '../../errors.ts';
import { Deadline } from '../deadline.ts';
import { lateTls } from '../late-modules.ts';

/** How long a server may say nothing before it is asked whether it speaks TLS, in milliseconds. */
const SILENCE_MS = 2000;
const PROBE_MS = 5000;

/** Asks on a connection of its own whether a server speaks TLS. What does not answer within `timeoutMs` does not. */
export function speaksTls(place: NetConnectOpts, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = lateTls().connect({ ...place, rejectUnauthorized: false });
    const settle = (answer: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(settle, timeoutMs, false);
    socket.once('secureConnect', () => settle(true));
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      // An alert is of TLS as well: it has no protocol or no version for us, or wants a certificate.
      settle(code.includes('_ALERT_'));
    });
  });
}

/**
 * Ends a connection without TLS on which SPDY was spoken to a server of TLS, with `ERR_SPDY_NOT_SPDY`. Such a server may say nothing for as long as it
 * waits for a handshake: what SPDY/3 begins with is for OpenSSL a record of 1024 bytes, of which it awaits the rest.
 */
export function watchForTls(socket: unknown, silenceMs: number = SILENCE_MS): void {
  if (!(socket instanceof net.Socket) || 'encrypted' in socket) return;
  const deadline = new Deadline();
  deadline.start(silenceMs, () => {
    if (socket.bytesRead === 0) void probe(socket);
  });
  socket.once('close', () => deadline.stop());
}

async function probe(socket: Socket): Promise<void> {
  const { remoteAddress: host, remotePort: port } = socket;
  if (host === undefined || port === undefined) return;
  const other = await speaksTls({ host, port }, PROBE_MS);
  if (!other || socket.bytesRead > 0 || socket.destroyed) return;
  socket.destroy(
    new SpdyError('ERR_SPDY_NOT_SPDY', 'the server speaks TLS, and was asked without it', 'peer'),
  );
}
