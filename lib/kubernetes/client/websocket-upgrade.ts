import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { onAbort } from '../../common/abort.ts';
import { Deadline } from '../../common/deadline.ts';
import { explainTls } from '../../common/network/tls-error.ts';
import { loadPackage } from '../../common/packages.ts';
import { SpdyError } from '../../errors.ts';
import { UpgradeRefusedError } from '../errors.ts';
import type { ClusterOptions } from '../kubeconfig/cluster.ts';
import type { TunnelOptions } from '../kubeconfig/proxy-agent.ts';
import { printable } from '../wire/printable.ts';
import { PORT_FORWARD_WEBSOCKET_PROTOCOL } from '../wire/protocols.ts';
import { WEBSOCKET_OPTIONS, WebSocketDuplex } from '../wire/websocket.ts';
import { aborted, locate, type RequestCredentials, withCredentials } from './api/api-request.ts';
import { readBody, refusal } from './upgrade.ts';

/** How a WebSocket is opened. */
export interface WebSocketRequest {
  readonly cluster: ClusterOptions;
  /** Path and query behind the prefix of `server`. */
  readonly path: string;
  /** Milliseconds for connecting and the answer, 0 for no limit. */
  readonly timeoutMs: number;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/** A WebSocket that is open, and paused until somebody listens. */
export interface OpenWebSocket {
  readonly socket: WebSocket;
  /** The sub-protocol that the server chose; '' for none. */
  readonly protocol: string;
}

/** Idle time before TCP asks whether the other end is there. */
const TCP_KEEP_ALIVE_MS = 30_000;
const SUBPROTOCOL_FIELD = 'sec-websocket-protocol';

/**
 * Asks for a WebSocket that carries the bytes of a SPDY/3.1 session (Kubernetes 1.31), and resolves with these. Rejects as
 * `upgradeToSpdy()` does. Needs the package `ws`.
 */
export async function dialTunnel(options: WebSocketRequest): Promise<Duplex> {
  const { socket } = await openWebSocket(options, [PORT_FORWARD_WEBSOCKET_PROTOCOL]);
  const stream = new WebSocketDuplex(socket);
  stream.on('error', () => {});
  return stream;
}

/** Opens a WebSocket for one of these sub-protocols. Rejects as `upgradeToSpdy()` does. Needs the package `ws`. */
export async function openWebSocket(
  options: WebSocketRequest,
  protocols: readonly string[],
): Promise<OpenWebSocket> {
  const { cluster, signal } = options;
  const { WebSocket: Client } = await loadPackage<typeof import('ws')>(
    'ws',
    "the transport 'websocket'",
  );
  const url = locate(cluster.server, options.path);
  return await withCredentials(url, cluster, signal, (credentials) =>
    openOnce(Client, url, credentials, options, protocols),
  );
}

async function openOnce(
  Client: typeof WebSocket,
  url: URL,
  credentials: RequestCredentials,
  options: WebSocketRequest,
  protocols: readonly string[],
): Promise<OpenWebSocket> {
  const { agent } = options.cluster;
  // Also ends what an agent does for the request, as asking a proxy.
  const attempt = new AbortController();
  const socket = new Client(url.href.replace(/^http/, 'ws'), {
    ...credentials.tls,
    ...(agent === undefined ? {} : { agent }),
    headers: {
      ...(credentials.fields as Record<string, string>),
      // `ws` takes no name with a slash as a sub-protocol: the field is written and read here.
      [SUBPROTOCOL_FIELD]: protocols.join(', '),
    },
    ...WEBSOCKET_OPTIONS,
    ...({ connectSignal: attempt.signal } satisfies TunnelOptions),
  });
  try {
    const protocol = await opened(socket, options);
    const found = protocols.find((name) => name.toLowerCase() === protocol.toLowerCase());
    if (found !== undefined) return { socket, protocol: found };
    socket.terminate();
    throw new UpgradeRefusedError(otherProtocol(protocol), 101, null);
  } catch (error) {
    attempt.abort();
    throw error;
  }
}

/** Waits for the answer to the handshake: resolves with the sub-protocol. */
function opened(socket: WebSocket, { signal, timeoutMs }: WebSocketRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    const deadline = new Deadline();
    const settle = (error: Error): void => {
      deadline.stop();
      stopAbort();
      reject(error);
      socket.terminate();
    };
    const stopAbort = onAbort(signal, (reason) => settle(aborted(reason)));
    if (timeoutMs > 0) {
      const message = `no answer to the WebSocket handshake within ${timeoutMs} ms`;
      deadline.start(timeoutMs, () => settle(new SpdyError('ERR_SPDY_TIMEOUT', message)));
    }
    let protocol = '';
    socket.once('upgrade', (response: IncomingMessage) => {
      protocol = response.headers[SUBPROTOCOL_FIELD] ?? '';
      delete response.headers[SUBPROTOCOL_FIELD];
      response.socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    });
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      readBody(response).then((body) => settle(refusal(response, body)), settle);
    });
    socket.on('error', (error) => settle(explainTls(error)));
    socket.once('open', () => {
      deadline.stop();
      stopAbort();
      socket.pause();
      resolve(protocol);
    });
  });
}

function otherProtocol(name: string): string {
  return `the server switched to something else: Sec-WebSocket-Protocol: ${printable(name)}`;
}
