import net from 'node:net';
import { onAbort } from '../../common/abort.ts';
import { Deadline } from '../../common/deadline.ts';
import { SpdyError } from '../../errors.ts';
import type { ForwardedConnection, PortForwardHandler } from './forward-session.ts';

/** Where connections go. */
export interface ForwardToOptions {
  /** Name or address. Default `'127.0.0.1'`. */
  readonly host?: string;
  /** Default: the port that the client asks for. */
  readonly port?: number;
  /** How long connecting may take in milliseconds; 0: as long as the system allows. Default 10000. */
  readonly connectTimeoutMs?: number;
}

/** How long a target may take for the last bytes of a client that has gone, without taking any, in milliseconds. */
const FLUSH_TIMEOUT_MS = 30_000;

/** A handler that forwards each connection to a TCP port. Both directions end on their own, as far as both sides allow it. */
export function forwardTo(options: ForwardToOptions = {}): PortForwardHandler {
  const { host = '127.0.0.1', port, connectTimeoutMs = 10_000 } = options;
  return (connection) => forward(connection, host, port ?? connection.port, connectTimeoutMs);
}

function forward(
  { stream, signal }: ForwardedConnection,
  host: string,
  port: number,
  timeoutMs: number,
): Promise<void> {
  const socket = net.connect({ host, port, allowHalfOpen: true, noDelay: true });
  const deadline = new Deadline();
  return new Promise((resolve, reject) => {
    let failure: Error | null = null;
    if (timeoutMs > 0) {
      const message = `no connection to ${host}:${port} within ${timeoutMs} ms`;
      const error = new SpdyError('ERR_SPDY_TIMEOUT', message);
      deadline.start(timeoutMs, () => socket.destroy(error));
    }
    const stopAbort = onAbort(signal, () => {
      const complete = stream.readableEnded && stream.writableFinished;
      // What a client has sent before it left as it should is for the target yet.
      if (complete) socket.setTimeout(FLUSH_TIMEOUT_MS, () => socket.destroy());
      else socket.destroy();
    });
    // The client has finished both directions, or has reset the stream.
    const onStreamClose = (): void => {
      if (!stream.readableEnded || !stream.writableFinished) socket.destroy();
    };
    stream.once('close', onStreamClose);
    socket.once('connect', () => {
      deadline.stop();
      stream.pipe(socket).pipe(stream);
    });
    // After its end the target only refuses what it does not want any more.
    socket.on('error', (error) => {
      if (!socket.readableEnded) failure = error;
    });
    socket.once('close', () => {
      deadline.stop();
      stopAbort();
      stream.removeListener('close', onStreamClose);
      stream.unpipe(socket);
      if (failure === null || signal.aborted) resolve();
      else reject(failure);
    });
  });
}
