import { type EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { PROTO_SPDY3_1, type SpdyVersion } from '../../../lib/protocol/constants.ts';
import { certificate, peerPath } from './peers.ts';
import { protocolName } from './sockets.ts';

/** Headers as spdy-transport gives and takes them. */
export type TransportHeaders = Record<string, string | string[]>;

/** What a request or a push asks for. */
export interface TransportRequest {
  method?: string;
  path: string;
  host?: string;
  headers?: TransportHeaders;
  status?: number;
  response?: TransportHeaders;
}

/** A stream of spdy-transport, as far as the specs use it. */
export interface TransportStream extends Duplex {
  readonly id: number;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: TransportHeaders;
  respond(status: number, headers: TransportHeaders): void;
  sendHeaders(headers: TransportHeaders): void;
  abort(code?: string): void;
  pushPromise(
    request: TransportRequest,
    callback: (error: Error | null, stream: TransportStream) => void,
  ): void;
}

/** A connection of spdy-transport, as far as the specs use it. */
export interface TransportConnection extends EventEmitter {
  start(version: number): void;
  request(request: TransportRequest): TransportStream;
  ping(callback: (error: Error | null) => void): void;
  end(callback?: () => void): void;
}

interface Transport {
  connection: {
    create(
      socket: net.Socket,
      options: { protocol: 'spdy'; isServer: boolean },
    ): TransportConnection;
  };
}

/** One end of a loopback connection with spdy-transport on it. */
export interface TransportEndpoint {
  readonly connection: TransportConnection;
  readonly socket: net.Socket;
  /** Frames it received, oldest first. */
  readonly frames: { type: string }[];
  /** What it emitted as 'error'. */
  readonly errors: Error[];
}

/** A loopback server of spdy-transport. */
export interface TransportListener {
  readonly port: number;
  readonly endpoints: readonly TransportEndpoint[];
  close(): Promise<void>;
}

/** Listens with spdy-transport on a free loopback port, `secure`: with TLS and ALPN; `onStream` gets each request. */
export async function transportListen(
  version: SpdyVersion,
  onStream: (stream: TransportStream) => void,
  secure = false,
): Promise<TransportListener> {
  const endpoints: TransportEndpoint[] = [];
  const accept = (socket: net.Socket): void => {
    const end = endpoint(socket, version, true);
    end.connection.on('stream', onStream);
    endpoints.push(end);
  };
  const server = secure
    ? tls.createServer({ ...certificate(), ALPNProtocols: [protocolName(version)] }, accept)
    : net.createServer(accept);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    endpoints,
    close: async () => {
      for (const { socket } of endpoints) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Connects with spdy-transport to a loopback port. */
export async function transportDial(
  version: SpdyVersion,
  port: number,
): Promise<TransportEndpoint> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return endpoint(socket, version, false);
}

/** Sends a request and reads the reply whole. */
export async function transportRequest(
  { connection }: TransportEndpoint,
  request: TransportRequest,
  body?: Buffer,
): Promise<{ status: number; headers: TransportHeaders; body: Buffer }> {
  const stream = connection.request({ method: 'GET', host: 'localhost', headers: {}, ...request });
  const response = once(stream, 'response') as Promise<[number, TransportHeaders]>;
  if (body) stream.end(body);
  const [status, headers] = await response;
  return { status, headers, body: await readAll(stream) };
}

/** Reads a stream to its end. (`for await` would destroy it, its writable half included.) */
export function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => resolve(Buffer.concat(chunks)));
    stream.once('error', reject);
  });
}

function endpoint(socket: net.Socket, version: SpdyVersion, isServer: boolean): TransportEndpoint {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  const require = createRequire(peerPath('spdy-transport/package.json'));
  const transport = require('spdy-transport') as Transport;
  const connection = transport.connection.create(socket, { protocol: 'spdy', isServer });
  const frames: { type: string }[] = [];
  const errors: Error[] = [];
  connection.on('frame', (frame: { type: string }) => frames.push(frame));
  connection.on('error', (error: Error) => errors.push(error));
  connection.start(version === PROTO_SPDY3_1 ? 3.1 : version);
  return { connection, socket, frames, errors };
}
