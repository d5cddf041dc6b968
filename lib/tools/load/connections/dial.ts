import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { Deadline } from '../../../common/deadline.ts';
import { explainTls } from '../../../common/network/tls-error.ts';
import { watchForTls } from '../../../common/network/tls-probe.ts';
import { SpdyError } from '../../../errors.ts';
import { PROTOCOL_VERSIONS } from '../../../protocol/version.ts';
import type { LoadProtocol } from '../options.ts';
import type { LoadPlan, LoadTarget } from '../plan.ts';
import type { ConnectionOwner, LoadConnection } from './connection.ts';
import { Http1Connection } from './http1-connection.ts';
import { Http2Connection } from './http2-connection.ts';
import type { LoadSocket } from './load-socket.ts';
import { SpdyConnection } from './spdy-connection.ts';

/** What is to be spoken on a socket that was opened for a plan. */
export interface Dialled {
  readonly protocol: LoadProtocol;
  /** Version of TLS and cipher; null without. */
  readonly tls: string | null;
}

/** Begins to connect: the socket can be destroyed to give up. */
export function dial(plan: LoadPlan): { socket: Socket; ready: Promise<Dialled> } {
  const { target, connectTimeoutMs } = plan;
  const socket = target.secure ? openTls(target, plan.protocols) : openPlain(target);
  socket.setNoDelay(true);
  const ready = new Promise<Dialled>((resolve, reject) => {
    let error: Error | null = null;
    const deadline = new Deadline();
    socket.once(target.secure ? 'secureConnect' : 'connect', () => {
      deadline.stop();
      resolve(dialled(socket, plan));
    });
    socket.on('error', (reason) => {
      error ??= reason;
    });
    socket.once('close', () => {
      deadline.stop();
      reject(explainTls(error ?? closed()));
    });
    if (connectTimeoutMs === 0) return;
    const message = `not connected within ${connectTimeoutMs} ms`;
    deadline.start(connectTimeoutMs, () => {
      socket.destroy(new SpdyError('ERR_SPDY_TIMEOUT', message));
    });
  });
  return { socket, ready };
}

/** A connection that speaks a protocol on a socket. */
export async function connectionOn(
  socket: LoadSocket,
  protocol: LoadProtocol,
  plan: LoadPlan,
  owner: ConnectionOwner,
): Promise<LoadConnection> {
  const version = PROTOCOL_VERSIONS.find(({ name }) => name === protocol);
  if (version !== undefined) {
    if (!plan.target.secure) watchForTls(socket);
    return new SpdyConnection(version, socket, plan, owner);
  }
  if (protocol === 'http/1.1') return new Http1Connection(socket, owner);
  // It takes its time to load, and few need it.
  return new Http2Connection(await import('node:http2'), socket, plan, owner);
}

function openPlain(target: LoadTarget): Socket {
  return net.connect(placeOf(target));
}

function openTls(target: LoadTarget, protocols: readonly string[]): Socket {
  const { host, tls: options } = target;
  return tls.connect({
    ...placeOf(target),
    // What the certificate is checked for, at a unix socket too.
    host,
    // Only names may stand in SNI.
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...options,
    ALPNProtocols: [...protocols],
  });
}

function placeOf({ host, port, socketPath }: LoadTarget): net.NetConnectOpts {
  return socketPath === null ? { host, port } : { path: socketPath };
}

function dialled(socket: Socket, { target, protocols }: LoadPlan): Dialled {
  if (!target.secure) return { protocol: protocols[0] as LoadProtocol, tls: null };
  const secure = socket as tls.TLSSocket;
  const chosen = protocols.find((name) => name === secure.alpnProtocol);
  // A server that negotiates nothing speaks HTTP/1.1, or the only one that is left.
  const usual = protocols.length === 1 ? (protocols[0] as LoadProtocol) : 'http/1.1';
  const cipher = `${secure.getProtocol()} ${secure.getCipher().name}`;
  return { protocol: chosen ?? usual, tls: cipher };
}

function closed(): Error {
  const message = 'the transport was closed before it was established';
  return new SpdyError('ERR_SPDY_TRANSPORT_CLOSED', message, 'peer');
}
