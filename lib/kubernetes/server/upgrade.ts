import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { Deadline } from '../../common/deadline.ts';
import { loadPackage, MissingPackageError } from '../../common/packages.ts';
import {
  isSpdyUpgrade,
  refuseUpgrade,
  startSwitching,
} from '../../http/server/connection/upgrade.ts';
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

/** A WebSocket of channels, which is paused, and its sub-protocol ('' for none). */
export interface ChannelSocket {
  readonly webSocket: WebSocket;
  readonly subprotocol: string;
}

/** A client of exec or attach: its streams are those of SPDY, or channels. */
export type CommandFront =
  | { readonly transport: Duplex; readonly protocol: RemoteCommandProtocol }
  | ChannelSocket;

/** A client of port forwarding: the bytes of a SPDY session, or channels. */
export type ForwardFront = { readonly transport: Duplex } | ChannelSocket;

/** Answers 101 to a client with which everything is agreed on. Rejects with UpgradeRefusedError when no WebSocket comes of it. */
export type Accept<T> = (socket: Duplex, head: Buffer) => Promise<T>;

/** A refusal with header fields. */
class Refusal extends UpgradeRefusedError {
  readonly headers: readonly (readonly [string, string])[];

  constructor(message: string, statusCode: number, headers: readonly [string, string][] = []) {
    super(message, statusCode, null);
    this.headers = headers;
  }
}

/**
 * What is agreed on with a client of exec or attach; nothing is answered yet.
 *
 * @throws UpgradeRefusedError when it asks for no sub-protocol that is spoken here, or for a page of another site
 */
export function agreeOnCommand(
  request: IncomingMessage,
  origins: readonly string[],
): Accept<CommandFront> {
  if (isWebSocketUpgrade(request)) {
    const subprotocol = negotiateChannels(request, WEBSOCKET_COMMAND_PROTOCOLS, origins);
    return channels(request, subprotocol, MAX_COMMAND_MESSAGE);
  }
  const protocol = negotiate(request, REMOTE_COMMAND_PROTOCOLS);
  return async (socket, head) => {
    startSwitching(request, socket, head, [[PROTOCOL_FIELD, protocol]]);
    return { transport: socket, protocol };
  };
}

/**
 * The same for a client of port forwarding: over SPDY, over a WebSocket that carries it, or over channels.
 *
 * @throws UpgradeRefusedError as `agreeOnCommand()`, and for channels without ports in the URL
 */
export function agreeOnForward(
  request: IncomingMessage,
  { ports }: ForwardRequest,
  origins: readonly string[],
): Accept<ForwardFront> {
  if (!isWebSocketUpgrade(request)) {
    const protocol = negotiate(request, [PORT_FORWARD_PROTOCOL]);
    return async (socket, head) => {
      startSwitching(request, socket, head, [[PROTOCOL_FIELD, protocol]]);
      return { transport: socket };
    };
  }
  const tunnel = PORT_FORWARD_WEBSOCKET_PROTOCOL;
  if (offeredOverWebSocket(request).includes(tunnel)) {
    const accept = channels(request, tunnel, MAX_TUNNEL_MESSAGE);
    return async (socket, head) => {
      const { webSocket } = await accept(socket, head);
      return { transport: new WebSocketDuplex(webSocket) };
    };
  }
  const subprotocol = negotiateChannels(request, WEBSOCKET_FORWARD_PROTOCOLS, origins);
  const most = codecOf(subprotocol).binary ? MAX_CHANNEL_PORTS : MAX_BASE64_PORTS;
  if (ports.length === 0 || ports.length > most)
    throw new Refusal(`1 to ${most} ports must be in the URL, as ports=80,81`, 400);
  return channels(request, subprotocol, MAX_TUNNEL_MESSAGE);
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
function isWebSocketUpgrade(request: IncomingMessage): boolean {
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

function channels(
  request: IncomingMessage,
  subprotocol: string,
  maxPayload: number,
): Accept<ChannelSocket> {
  return async (socket, head) => {
    const webSocket = await acceptWebSocket(request, socket, head, subprotocol, maxPayload);
    return { webSocket, subprotocol };
  };
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
  if (socket.destroyed) throw new Refusal('the client has gone', 400);
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
