import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { CLIENT, SERVER, type SpdyVersion } from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import { Session } from '../../../lib/session/session.ts';
import type { SessionOptions } from '../../../lib/session/session-options.ts';
import { certificate } from './peers.ts';

/** One end of a loopback connection with a session on it. */
export interface Endpoint {
  readonly session: Session;
  readonly socket: net.Socket;
  /** Errors of the session and its socket, for diagnosis. */
  readonly errors: Error[];
}

/** A loopback server that makes a session of each connection. */
export interface Listener {
  readonly port: number;
  /** The connections so far. */
  readonly endpoints: readonly Endpoint[];
  /** Ends the server and its connections. */
  close(): Promise<void>;
}

/** How to speak. */
export interface SpeakOptions extends SessionOptions {
  /** TLS with ALPN. */
  readonly secure?: boolean;
}

/** Listens on a free loopback port. */
export async function listen(
  version: SpdyVersion,
  setUp: (session: Session) => void,
  { secure = false, ...options }: SpeakOptions = {},
): Promise<Listener> {
  const endpoints: Endpoint[] = [];
  const accept = (socket: net.Socket): void => {
    const end = endpoint(SERVER, version, socket, options);
    endpoints.push(end);
    setUp(end.session);
  };
  const server = secure
    ? tls.createServer({ ...certificate(), ALPNProtocols: [protocolName(version)] }, accept)
    : net.createServer(accept);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    endpoints,
    close: async () => {
      for (const { session, socket } of endpoints) {
        session.destroy();
        socket.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}

/** Connects to a loopback port. */
export async function dial(
  version: SpdyVersion,
  port: number,
  { secure = false, ...options }: SpeakOptions = {},
): Promise<Endpoint> {
  const socket = secure
    ? tls.connect({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: certificate().cert,
        ALPNProtocols: [protocolName(version)],
      })
    : net.connect(port, '127.0.0.1');
  await once(socket, secure ? 'secureConnect' : 'connect');
  return endpoint(CLIENT, version, socket, options);
}

/** Ends a connection that `dial` made, whatever its state. */
export function hangUp({ session, socket }: Endpoint): void {
  session.destroy();
  socket.destroy();
}

function endpoint(
  side: typeof CLIENT | typeof SERVER,
  version: SpdyVersion,
  socket: net.Socket,
  options: SessionOptions,
): Endpoint {
  socket.setNoDelay(true);
  const errors: Error[] = [];
  const session = new Session(side, version, options);
  session.on('error', (error) => errors.push(error));
  socket.on('error', (error) => errors.push(error));
  session.attach(socket);
  return { session, socket, errors };
}

/** Name of a version in ALPN. */
export function protocolName(version: SpdyVersion): string {
  const found = PROTOCOL_VERSIONS.find(({ id }) => id === version);
  if (!found) throw new RangeError(`no SPDY version ${version}`);
  return found.name;
}
