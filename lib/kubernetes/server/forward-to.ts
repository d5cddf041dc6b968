import net, { type LookupFunction, type Socket } from 'node:net';
import { onAbort } from '../../common/abort.ts';
import { checkRange, checkTime, MAX_TIMEOUT_MS } from '../../common/check.ts';
import { Deadline } from '../../common/deadline.ts';
import { confirmEnd, resetSocket } from '../../common/network/socket-end.ts';
import { checkOptions, optionNames } from '../../common/option-names.ts';
import { SpdyError } from '../../errors.ts';
import type { ForwardedConnection, PortForwardHandler } from './forward-session.ts';

/** Where connections go. */
export interface ForwardToOptions {
  /** Name or address. Default: this machine, 127.0.0.1 first and then ::1. */
  readonly host?: string | undefined;
  /** 1 to 65535. Default: the port that the client asks for. */
  readonly port?: number | undefined;
  /** How long connecting may take in milliseconds; 0: as long as the system allows. Default 10000. */
  readonly connectTimeoutMs?: number | undefined;
}

const OPTION_NAMES = optionNames<ForwardToOptions>({
  host: true,
  port: true,
  connectTimeoutMs: true,
});

/** How long a target may take for the last bytes of a client that has gone, without taking any, in milliseconds. */
const FLUSH_TIMEOUT_MS = 30_000;

/** The addresses of this machine, in the order in which container runtimes try them. */
const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/**
 * A handler that forwards each connection to a TCP port. Both directions end on their own, as far as both sides allow it. What ends early on
 * one side is reset on the other: it never passes for complete.
 *
 * @throws InvalidArgumentError for an option that does not exist or is out of range
 */
export function forwardTo(options: ForwardToOptions = {}): PortForwardHandler {
  checkOptions('forwardTo()', options, OPTION_NAMES);
  const { host, port } = options;
  const connectTimeoutMs = checkTime('connectTimeoutMs', options.connectTimeoutMs ?? 10_000);
  if (port !== undefined) checkRange('port', port, 1, 65535);
  return (connection) => forward(connection, host, port ?? connection.port, connectTimeoutMs);
}

function forward(
  { stream, signal }: ForwardedConnection,
  host: string | undefined,
  port: number,
  timeoutMs: number,
): Promise<void> {
  const socket = connect(host, port);
  const deadline = new Deadline();
  return new Promise((resolve, reject) => {
    let failure: Error | null = null;
    if (timeoutMs > 0) {
      const message = `no connection to ${host ?? 'this machine'}:${port} within ${timeoutMs} ms`;
      const error = new SpdyError('ERR_SPDY_TIMEOUT', message);
      deadline.start(timeoutMs, () => socket.destroy(error));
    }
    const stopAbort = onAbort(signal, () => {
      const complete = stream.readableEnded && stream.writableFinished;
      // What a client has sent before it left as it should is for the target yet.
      if (!complete) {
        abandon(socket);
        return;
      }
      socket.setTimeout(FLUSH_TIMEOUT_MS, () => resetSocket(socket));
      if (socket.readableEnded) return;
      // Nor does anybody take what it still sends.
      socket.resume();
      deadline.start(FLUSH_TIMEOUT_MS, () => resetSocket(socket));
    });
    // The client has finished both directions, or has reset the stream.
    const onStreamClose = (): void => {
      if (!stream.readableEnded || !stream.writableFinished) abandon(socket);
    };
    stream.once('close', onStreamClose);
    socket.once('connect', () => {
      deadline.stop();
      stream.pipe(socket).pipe(stream, { end: false });
    });
    socket.once('end', () =>
      confirmEnd(socket, (error) => {
        failure ??= error;
        if (error === null) stream.end();
      }),
    );
    // After its end the target only refuses what it does not want any more.
    socket.on('error', (error) => {
      if (!socket.readableEnded) failure ??= reasonOf(error);
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

function connect(host: string | undefined, port: number): Socket {
  const options = { port, allowHalfOpen: true, noDelay: true };
  if (host !== undefined) return net.connect({ ...options, host });
  const lookup: LookupFunction = (_name, _options, found) => found(null, LOOPBACK);
  // A refusal leads to the next address at once. The time that Node gives each one runs while this process stands still, too, and takes
  // connections that are there for lost.
  const several = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: MAX_TIMEOUT_MS };
  return net.connect({ ...options, ...several, host: 'localhost', lookup });
}

/** Of several addresses, why the first one does not answer. */
function reasonOf(error: Error): Error {
  return error instanceof AggregateError ? (error.errors[0] as Error) : error;
}

function abandon(socket: Socket): void {
  if (socket.connecting) socket.destroy();
  else resetSocket(socket);
}
