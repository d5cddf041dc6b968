import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { onAbort } from '../../common/abort.ts';
import { Deadline } from '../../common/deadline.ts';
import { loadPackage } from '../../common/packages.ts';
import { SpdyError } from '../../errors.ts';
import { CLIENT } from '../../protocol/constants.ts';
import { Session, type SessionOptions } from '../../session/public.ts';
import { UpgradeRefusedError } from '../errors.ts';
import type { ClusterOptions } from '../kubeconfig/cluster.ts';
import type { TunnelOptions } from '../kubeconfig/proxy-agent.ts';
import { printable } from '../wire/printable.ts';
import { PORT_FORWARD_WEBSOCKET_PROTOCOL } from '../wire/protocols.ts';
import { kubernetesSession } from '../wire/session-options.ts';
import { WEBSOCKET_OPTIONS, WebSocketDuplex } from '../wire/websocket.ts';
import { aborted, locate, readBody, refusal, tokenFor } from './upgrade.ts';

/** How a WebSocket becomes a session. */
export interface WebSocketRequest {
  readonly cluster: ClusterOptions;
  /** Path and query behind the prefix of `server`. */
  readonly path: string;
  /** Milliseconds for connecting and the answer, 0 for no limit. */
  readonly timeoutMs: number;
  /** Gives up, and ends the session later. */
  readonly signal: AbortSignal;
  /** Options of the session, over those that Kubernetes needs. */
  readonly session: SessionOptions;
}

/** Idle time before TCP asks whether the other end is there. */
const TCP_KEEP_ALIVE_MS = 30_000;
const SUBPROTOCOL_FIELD = 'sec-websocket-protocol';

/**
 * Asks for a WebSocket that carries the bytes of a SPDY/3.1 session (Kubernetes 1.31), and resolves with the session. Rejects as
 * `upgradeToSpdy()` does. Needs the package `ws`.
 */
export async function upgradeToWebSocket(options: WebSocketRequest): Promise<Session> {
  const { cluster, signal } = options;
  const { WebSocket: Client } = await loadPackage<typeof import('ws')>(
    'ws',
    "the transport 'websocket'",
  );
  const url = locate(cluster.server, options.path);
  const secure = url.protocol === 'https:';
  const token = await tokenFor(url, cluster, signal);
  const { server: _, token: __, headers, agent, ...tls } = cluster;
  // Also ends what an agent does for the request, as asking a proxy.
  const attempt = new AbortController();
  const socket = new Client(url.href.replace(/^http/, 'ws'), {
    ...(secure ? tls : {}),
    ...(agent === undefined ? {} : { agent }),
    headers: {
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...headers,
      // `ws` takes no name with a slash as a sub-protocol: the field is written and read here.
      [SUBPROTOCOL_FIELD]: PORT_FORWARD_WEBSOCKET_PROTOCOL,
    },
    ...WEBSOCKET_OPTIONS,
    ...({ connectSignal: attempt.signal } satisfies TunnelOptions),
  });
  const stream = new WebSocketDuplex(socket);
  stream.on('error', () => {});
  await opened(socket, options).catch((error) => {
    attempt.abort();
    throw error;
  });
  const session = new Session(
    CLIENT,
    'spdy/3.1',
    kubernetesSession({ signal, ...options.session }),
  );
  session.on('error', () => {});
  return session.attach(stream);
}

/** Waits for the answer to the handshake. */
function opened(socket: WebSocket, { signal, timeoutMs }: WebSocketRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = new Deadline();
    const settle = (error: Error | null): void => {
      deadline.stop();
      stopAbort();
      if (error === null) {
        resolve();
        return;
      }
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
    socket.on('error', settle);
    socket.once('open', () => {
      if (protocol.toLowerCase() === PORT_FORWARD_WEBSOCKET_PROTOCOL.toLowerCase()) settle(null);
      else settle(new UpgradeRefusedError(otherProtocol(protocol), 101, null));
    });
  });
}

function otherProtocol(name: string): string {
  return `the server switched to something else: Sec-WebSocket-Protocol: ${printable(name)}`;
}
