import net from 'node:net';
import type { Duplex } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';
import type tls from 'node:tls';
import { onAbort } from '../../../common/abort.ts';
import { explainTls } from '../../../common/network/tls-error.ts';
import { SpdyError } from '../../../errors.ts';
import { getNpnProtocols, npnGetVersion, type SessionVersion } from '../../../session/public.ts';
import type { ResolvedAgentOptions } from '../agent-options.ts';
import { tellConnecting } from './connect-channels.ts';
import { connectionBy, type RequestConnection, socketOptions } from './request-connection.ts';
import type { Target } from './target.ts';
import type { TlsSessions } from './tls-sessions.ts';

/** A connection that is ready, and what is spoken on it. */
export interface Opened {
  readonly socket: Duplex;
  readonly protocol: SessionVersion | 'http/1.1';
}

/** Makes a tunnel through a proxy. */
export type OpenTunnel = (target: Target, signal: AbortSignal) => Promise<Duplex>;

/** How to connect. */
export interface ConnectPlan {
  readonly target: Target;
  readonly settings: ResolvedAgentOptions;
  /** TLS options with those of the request. */
  readonly tls: tls.ConnectionOptions;
  /** Sessions of TLS to be resumed. */
  readonly tlsSessions: TlsSessions;
  /** Tells the server and all options of the request that say how to connect. */
  readonly name: string;
  /** How the request wants to connect, null for the way of the agent. */
  readonly connection: RequestConnection | null;
  /** Offers HTTP/1.1 only. */
  readonly http1: boolean;
  readonly tunnel: OpenTunnel | null;
  /** Aborted when the connection is not wanted any more. */
  readonly end: AbortSignal;
}

/**
 * Connects to a server, through the proxy if there is one, and finds out by ALPN what it speaks. Rejects with the error of the socket, or
 * with `ERR_SPDY_TIMEOUT`; nothing is left open then.
 */
export function openConnection(plan: ConnectPlan): Promise<Opened> {
  const { target, tls } = plan;
  const name = tls.servername ?? (net.isIP(target.hostname) === 0 ? target.hostname : null);
  const servername = target.scheme === 'https' ? name : null;
  return tellConnecting(target, servername, () => openInTime(plan));
}

async function openInTime(plan: ConnectPlan): Promise<Opened> {
  const { connectTimeoutMs } = plan.settings;
  const controller = new AbortController();
  const stopAbort = onAbort(plan.end, (reason) => controller.abort(reason));
  const timer =
    connectTimeoutMs === 0
      ? null
      : setTimeout(() => {
          const message = `no connection to ${plan.target.origin} within ${connectTimeoutMs} ms`;
          controller.abort(new SpdyError('ERR_SPDY_TIMEOUT', message));
        }, connectTimeoutMs);
  try {
    return await open(plan, controller.signal);
  } finally {
    stopAbort();
    if (timer !== null) clearTimeout(timer);
  }
}

async function open(plan: ConnectPlan, signal: AbortSignal): Promise<Opened> {
  const { target, settings } = plan;
  const transport = await openTransport(plan, signal);
  if (target.scheme === 'http') {
    const { version } = settings;
    return { socket: transport, protocol: version === null || plan.http1 ? 'http/1.1' : version };
  }
  const own = plan.connection?.createConnection !== undefined && isTls(transport);
  const socket = own ? transport : plan.tlsSessions.connect(plan.name, transport, tlsOptions(plan));
  // One that somebody else has made may be ready.
  if (!own || socket.getFinished() === undefined) await ready(socket, 'secureConnect', signal);
  const version = npnGetVersion(socket.alpnProtocol);
  if (version !== 0) return { socket, protocol: version };
  const silent = socket.alpnProtocol === false || socket.alpnProtocol === null;
  const fallback = silent && !plan.http1 ? settings.defaultVersion : null;
  return { socket, protocol: fallback ?? 'http/1.1' };
}

function isTls(socket: Duplex): socket is tls.TLSSocket {
  return (socket as Partial<tls.TLSSocket>).encrypted === true;
}

function tlsOptions(plan: ConnectPlan): tls.ConnectionOptions {
  const { target, settings } = plan;
  const offered = plan.http1
    ? ['http/1.1']
    : (settings.protocols ?? [...getNpnProtocols(), 'http/1.1']);
  return {
    // Only names may stand in SNI.
    ...(net.isIP(target.hostname) === 0 ? { servername: target.hostname } : {}),
    // Without SNI the certificate is still to be checked against the address.
    host: target.hostname,
    ...plan.tls,
    ALPNProtocols: [...offered],
  };
}

async function openTransport(plan: ConnectPlan, signal: AbortSignal): Promise<Duplex> {
  const { target, tunnel } = plan;
  if (tunnel !== null) return tunnel(target, signal);
  const made = connected(plan);
  // Whoever awaits a socket misses an 'error' that it has at once.
  const socket = 'then' in made ? await promised(made, signal) : made;
  if ((socket as net.Socket).connecting === true) await ready(socket, 'connect', signal);
  return socket;
}

/** A connection that is begun, in the way of the request, or else of the agent. */
function connected(plan: ConnectPlan): Duplex | Promise<Duplex> {
  const { target, settings, connection } = plan;
  const { hostname, port, scheme } = target;
  if (connection === null) {
    const { createConnection } = settings;
    return createConnection === null
      ? net.connect({ host: hostname, port, noDelay: true })
      : createConnection(target);
  }
  const options = socketOptions(connection, hostname, port);
  const { createConnection } = connection;
  if (createConnection === undefined) return net.connect(options);
  const secure = scheme === 'https' ? tlsOptions(plan) : {};
  return connectionBy(createConnection, { ...secure, ...options } as net.TcpNetConnectOpts);
}

/** Waits for a connection that somebody else makes; one that comes too late is destroyed. */
function promised(made: Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let late = false;
    const stopAbort = onAbort(signal, (reason) => {
      late = true;
      reject(reason);
    });
    made
      .then((socket) => {
        if (late) socket.on('error', () => {}).destroy();
        else resolve(socket);
      }, reject)
      .finally(stopAbort);
  });
}

/** Waits for an event, and destroys the socket if it does not come. */
function ready(socket: Duplex, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null): void => {
      socket.off(event, onReady);
      socket.off('error', settle);
      socket.off('close', onClose);
      stopAbort();
      if (error === null) {
        resolve();
        return;
      }
      // What the socket has still to say is of no interest.
      socket.on('error', () => {});
      socket.destroy();
      reject(explainTls(error));
    };
    const onReady = (): void => settle(null);
    const onClose = (): void => {
      const message = 'the connection was closed before it was ready';
      settle(new SpdyError('ERR_SPDY_TRANSPORT_CLOSED', message, 'peer'));
    };
    socket.on(event, onReady);
    socket.on('error', settle);
    socket.on('close', onClose);
    const stopAbort = onAbort(signal, (reason) => settle(reason as Error));
  });
}
