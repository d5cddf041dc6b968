import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Deadline } from '../../common/deadline.ts';
import { loadPackage, MissingPackageError } from '../../common/packages.ts';
import { isSpdyUpgrade, refuseUpgrade, startSwitching } from '../../http/server/upgrade.ts';
import { UpgradeRefusedError } from '../errors.ts';
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

/** How long a refused client may take to read why, in milliseconds. */
const REFUSAL_TIMEOUT_MS = 5000;

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

/**
 * Accepts the upgrade of a port forwarding: SPDY, or a WebSocket that carries it.
 *
 * @throws UpgradeRefusedError as `switchToCommand()`
 */
export async function switchToForward(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<Switched<typeof PORT_FORWARD_PROTOCOL>> {
  const protocol = PORT_FORWARD_PROTOCOL;
  if (isWebSocketUpgrade(request)) {
    return { transport: await acceptWebSocket(request, socket, head), protocol };
  }
  negotiate(request, [protocol]);
  startSwitching(request, socket, head, [[PROTOCOL_FIELD, protocol]]);
  return { transport: socket, protocol };
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

function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return /\bwebsocket\b/i.test(request.headers.upgrade ?? '');
}

function loadWebSocket(): Promise<typeof import('ws')> {
  const loading = loadPackage<typeof import('ws')>('ws', 'port forwarding over WebSocket');
  return loading.catch((error) => {
    throw error instanceof MissingPackageError ? new Refusal(error.message, 501) : error;
  });
}

async function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<WebSocketDuplex> {
  const protocol = PORT_FORWARD_WEBSOCKET_PROTOCOL;
  const offered = parseProtocols(request.headersDistinct['sec-websocket-protocol']);
  if (!offered.includes(protocol))
    throw new Refusal(`the only WebSocket protocol that is spoken here is ${protocol}`, 400);
  const { WebSocketServer } = await loadWebSocket();
  const options = { ...WEBSOCKET_OPTIONS, noServer: true, clientTracking: false };
  const server = new WebSocketServer(options);
  // The slash in its name is not allowed in one, and the package keeps to that: it must not see the name.
  server.on('headers', (lines) => lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
  const { 'sec-websocket-protocol': _, ...headers } = request.headers;
  const nameless: IncomingMessage = Object.create(request, { headers: { value: headers } });
  return new Promise((resolve, reject) => {
    // It answers bad handshakes itself.
    socket.once('close', () => reject(new Refusal('no WebSocket came of it', 400)));
    server.handleUpgrade(nameless, socket, head, (webSocket) =>
      resolve(new WebSocketDuplex(webSocket)),
    );
  });
}
