import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { Deadline } from '../../common/deadline.ts';
import { loadPackage, MissingPackageError } from '../../common/packages.ts';
import { isSpdyUpgrade, refuseUpgrade, startSwitching } from '../../http/server/upgrade.ts';
import { UpgradeRefusedError } from '../errors.ts';
import {
  codecOf,
  MAX_BASE64_PORTS,
  MAX_CHANNEL_PORTS,
  WEBSOCKET_COMMAND_PROTOCOLS,
  WEBSOCKET_FORWARD_PROTOCOLS,
} from '../wire/channels.ts';
import {
  ACCEPTED_PROTOCOLS_FIELD,
  chooseProtocol,
  PORT_FORWARD_PROTOCOL,
  PORT_FORWARD_WEBSOCKET_PROTOCOL,
  PROTOCOL_FIELD,
  parseProtocols,
  REMOTE_COMMAND_PROTOCOLS,
  type RemoteCommandProtocol,
} from '../wire/protocols.ts';
import { WEBSOCKET_OPTIONS, WebSocketDuplex } from '../wire/websocket.ts';
import type { ForwardRequest } from './routes.ts';

/** How long a refused client may take to read why, in milliseconds. */
const REFUSAL_TIMEOUT_MS = 5000;

/** Longest messages that are taken: of a tunnel, and of commands, whose clients send all of their input in one. */
const MAX_TUNNEL_MESSAGE = 1 << 20;
const MAX_COMMAND_MESSAGE = 8 << 20;

/** A connection that speaks SPDY from now on, and the sub-protocol. */
export interface Switched<T extends string> {
  readonly transport: Duplex;
  readonly protocol: T;
}

/** A refusal with header fields. */
class Refusal extends UpgradeRefusedError {
  readonly headers: readonly (readonly [string, string])[];

  constructor(message: string, statusCode: number, headers: readonly [string, string][] = []) {
    super(message, statusCode, null);
    this.headers = headers;
  }
}

/**
 * Accepts the upgrade of an exec or attach.
 *
 * @throws UpgradeRefusedError when it asks for something else than SPDY, or for no sub-protocol that is spoken here
 */
export function switchToCommand(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Switched<RemoteCommandProtocol> {
  const protocol = negotiate(request, REMOTE_COMMAND_PROTOCOLS);
  startSwitching(request, socket, head, [[PROTOCOL_FIELD, protocol]]);
  return { transport: socket, protocol };
}

/** A port forwarding that was accepted: the bytes of a SPDY session, or a WebSocket of channels, which is paused. */
export type SwitchedForward =
  | Switched<typeof PORT_FORWARD_PROTOCOL>
  | { readonly webSocket: WebSocket; readonly subprotocol: string };

/**
 * Accepts the upgrade of a port forwarding: SPDY, a WebSocket that carries it, or one of channels.
 *
 * @throws UpgradeRefusedError as `switchToCommand()` and `switchToWebSocketCommand()`
 */
export async function switchToForward(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { ports }: ForwardRequest,
  origins: readonly string[],
): Promise<SwitchedForward> {
  const protocol = PORT_FORWARD_PROTOCOL;
  if (!isWebSocketUpgrade(request)) {
    negotiate(request, [protocol]);
    startSwitching(request, socket, head, [[PROTOCOL_FIELD, protocol]]);
    return { transport: socket, protocol };
  }
  const tunnel = PORT_FORWARD_WEBSOCKET_PROTOCOL;
  if (offeredOverWebSocket(request).includes(tunnel)) {
    const webSocket = await acceptWebSocket(request, socket, head, tunnel, MAX_TUNNEL_MESSAGE);
    return { transport: new WebSocketDuplex(webSocket), protocol };
  }
  const subprotocol = negotiateChannels(request, WEBSOCKET_FORWARD_PROTOCOLS, origins);
  const most = codecOf(subprotocol).binary ? MAX_CHANNEL_PORTS : MAX_BASE64_PORTS;
  if (ports.length === 0 || ports.length > most)
    throw new Refusal(`1 to ${most} ports must be in the URL, as ports=80,81`, 400);
  const webSocket = await acceptWebSocket(request, socket, head, subprotocol, MAX_TUNNEL_MESSAGE);
  return { webSocket, subprotocol };
}

/**
 * Accepts a WebSocket for an exec or attach. It is paused.
 *
 * @throws UpgradeRefusedError for a page of another site, and for no sub-protocol that is spoken here
 */
export async function switchToWebSocketCommand(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  origins: readonly string[],
): Promise<{ readonly webSocket: WebSocket; readonly subprotocol: string }> {
  const subprotocol = negotiateChannels(request, WEBSOCKET_COMMAND_PROTOCOLS, origins);
  const webSocket = await acceptWebSocket(request, socket, head, subprotocol, MAX_COMMAND_MESSAGE);
  return { webSocket, subprotocol };
}

/** Answers a request that is refused, and closes the connection when the client has had time to read the answer. */
export function refuse(socket: Duplex, error: UpgradeRefusedError): void {
  const { status, statusCode, message } = error;
  const [type, body] =
    status === null
      ? ['text/plain; charset=utf-8', `${message}\n`]
      : ['application/json', JSON.stringify(status)];
  const headers = error instanceof Refusal ? error.headers : [];
  refuseUpgrade(socket, statusCode, [['Content-Type', type], ...headers], body);
  const deadline = new Deadline();
  deadline.start(REFUSAL_TIMEOUT_MS, () => socket.destroy());
  socket.once('close', () => deadline.stop());
  // What the client has sent before it knew must not turn into a reset.
  socket.resume();
}

function negotiate<T extends string>(request: IncomingMessage, supported: readonly T[]): T {
  if (!isSpdyUpgrade(request)) {
    throw new Refusal('unable to upgrade: the headers "Upgrade: SPDY/3.1" are needed', 400);
  }
  const offered = parseProtocols(request.headersDistinct[PROTOCOL_FIELD.toLowerCase()]);
  if (offered.length === 0)
    throw new Refusal(`unable to upgrade: ${PROTOCOL_FIELD} is needed`, 400);
  const protocol = chooseProtocol(offered, supported);
  if (protocol !== null) return protocol;
  const message = `unable to upgrade: none of the offered protocols is spoken here, but ${supported.join(', ')}`;
  throw new Refusal(
    message,
    403,
    supported.map((name) => [ACCEPTED_PROTOCOLS_FIELD, name]),
  );
}

/** Whether a request asks for a WebSocket. */
export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return /\bwebsocket\b/i.test(request.headers.upgrade ?? '');
}

function loadWebSocket(): Promise<typeof import('ws')> {
  const loading = loadPackage<typeof import('ws')>('ws', 'WebSocket');
  return loading.catch((error) => {
    throw error instanceof MissingPackageError ? new Refusal(error.message, 501) : error;
  });
}

/** The sub-protocols that a WebSocket is asked for. */
function offeredOverWebSocket(request: IncomingMessage): string[] {
  return parseProtocols(request.headersDistinct['sec-websocket-protocol']);
}

/** The sub-protocol of a WebSocket of channels; '' for none. */
function negotiateChannels(
  request: IncomingMessage,
  supported: readonly string[],
  origins: readonly string[],
): string {
  if (isForeign(request, origins)) throw new Refusal('no requests of pages of other sites', 403);
  const offered = offeredOverWebSocket(request);
  const subprotocol = offered.length === 0 ? '' : chooseProtocol(offered, supported);
  if (subprotocol === null) {
    const spoken = supported.join(', ');
    throw new Refusal(`none of the offered protocols is spoken here, but ${spoken}`, 403);
  }
  return subprotocol;
}

/** Accepts a WebSocket; '' is no sub-protocol. */
async function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
  maxPayload: number,
): Promise<WebSocket> {
  const { WebSocketServer } = await loadWebSocket();
  const options = { ...WEBSOCKET_OPTIONS, maxPayload, noServer: true, clientTracking: false };
  const server = new WebSocketServer(options);
  // No slash is allowed in such a name, and the package keeps to that: it must not see the name.
  server.on('headers', (lines) => {
    if (protocol !== '') lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
  });
  const { 'sec-websocket-protocol': _, ...headers } = request.headers;
  const nameless: IncomingMessage = Object.create(request, { headers: { value: headers } });
  return new Promise((resolve, reject) => {
    // It answers bad handshakes itself.
    socket.once('close', () => reject(new Refusal('no WebSocket came of it', 400)));
    server.handleUpgrade(nameless, socket, head, (webSocket) => {
      // Until somebody listens.
      webSocket.pause();
      resolve(webSocket);
    });
  });
}

/** Whether a page of another site may have sent a request: browsers say where it comes from. */
function isForeign(
  { headers: { origin, host } }: IncomingMessage,
  origins: readonly string[],
): boolean {
  if (origin === undefined || origins.includes(origin)) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase();
}
