import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { type Certificate, makeCertificate } from '../../lib/http/server/connection/certificate.ts';
import { CLIENT, SERVER, type Side } from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import type { SessionOptions } from '../../lib/session/session-options.ts';
import { type DecodedFrame, FrameDecoder } from './frame-decoder.ts';
import { FrameFactory } from './frame-factory.ts';

/** Headers of a GET or POST. */
export function requestHeaders(method = 'GET', path = '/'): HeaderList {
  return [
    [':method', method],
    [':scheme', 'https'],
    [':host', 'localhost'],
    [':path', path],
    [':version', 'HTTP/1.1'],
  ];
}

/** Headers of a 200. */
export const RESPONSE: HeaderList = [
  [':status', '200 OK'],
  [':version', 'HTTP/1.1'],
];

let certificate: Certificate | null = null;

/** One certificate for all specs. */
export function sharedCertificate(): Certificate {
  certificate ??= makeCertificate();
  return certificate;
}

/** Both ends of a connection. */
export interface Connection<T extends Duplex = Duplex> {
  readonly client: T;
  readonly server: T;
}

/** A TCP connection over the loopback interface. */
export async function tcpConnection(allowHalfOpen = false): Promise<Connection<net.Socket>> {
  const server = net.createServer({ allowHalfOpen });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen });
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  server.close();
  return { client, server: accepted as net.Socket };
}

/** A TLS connection that has negotiated `protocol`. */
export async function tlsConnection(protocol: string): Promise<Connection<tls.TLSSocket>> {
  const { key, cert } = sharedCertificate();
  const server = tls.createServer({ key, cert, ALPNProtocols: [protocol] });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = tls.connect({ port, host: '127.0.0.1', ca: cert, ALPNProtocols: [protocol] });
  const [[accepted]] = await Promise.all([
    once(server, 'secureConnection'),
    once(client, 'secureConnect'),
  ]);
  server.close();
  return { client, server: accepted as tls.TLSSocket };
}

/** One end of a connection in memory: what is written here is read at the other end, with backpressure. */
class MemoryEnd extends Duplex {
  other: MemoryEnd | null = null;
  #continue: (() => void) | null = null;

  override _read(): void {
    const other = this.other;
    if (other === null) return;
    const proceed = other.#continue;
    other.#continue = null;
    proceed?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.other?.push(chunk) === true) done();
    else this.#continue = done;
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  /** Like a socket: the other end hears of it. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other } = this;
    if (!this.readableEnded || !this.writableFinished) setImmediate(() => other?.destroy());
    done(error);
  }
}

/** A connection in memory whose buffers hold `highWaterMark` bytes each way. */
export function memoryConnection(highWaterMark = 16384): Connection {
  const client = new MemoryEnd({ highWaterMark });
  const server = new MemoryEnd({ highWaterMark });
  client.other = server;
  server.other = client;
  return { client, server };
}

/** A client and a server session that are connected. */
export interface SessionPair {
  readonly client: Session;
  readonly server: Session;
  /** Destroys both and waits until they are closed. */
  end(): Promise<void>;
}

/** Sessions on both ends of a connection. */
export function pairOver(
  connection: Connection,
  version: ProtocolVersion,
  options: { readonly client?: SessionOptions; readonly server?: SessionOptions } = {},
): SessionPair {
  const client = new Session(CLIENT, version.id, options.client).attach(connection.client);
  const server = new Session(SERVER, version.id, options.server).attach(connection.server);
  const end = async (): Promise<void> => {
    await Promise.all([client, server].map(closed));
  };
  return {
    client,
    server,
    end: () => {
      client.destroy();
      server.destroy();
      return end();
    },
  };
}

/** Waits until a stream has emitted 'close'. */
export async function closed(stream: Duplex): Promise<void> {
  // `closed` is true a tick before the event.
  if (stream.closed) await new Promise((next) => setImmediate(next));
  else await new Promise<void>((done) => stream.once('close', () => done()));
}

/** Waits until a condition holds; the mocha timeout is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((next) => setImmediate(next));
}

/** Waits for everything that is already on its way in this process. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((next) => setImmediate(next));
}

/** A peer that is no Session: it sends any bytes and decodes what comes. */
export class RawPeer {
  readonly socket: Duplex;
  readonly make: FrameFactory;
  readonly frames: DecodedFrame[] = [];
  readonly #decoder: FrameDecoder;

  /** `make` is given when something was made before there was a socket. */
  constructor(
    socket: Duplex,
    version: ProtocolVersion,
    make: FrameFactory = new FrameFactory(version),
  ) {
    this.socket = socket;
    this.make = make;
    this.#decoder = new FrameDecoder(version);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.frames.push(...this.#decoder.push(chunk)));
  }

  send(...frames: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Names of the frames that came. */
  get names(): string[] {
    return this.frames.map(({ frame }) => String(frame.type));
  }

  /** Waits for a frame of this name, and returns the last one. */
  async frame(name: string, count = 1): Promise<DecodedFrame> {
    const ofName = (): DecodedFrame[] =>
      this.frames.filter(({ frame }) => String(frame.type) === name);
    await until(() => ofName().length >= count);
    return ofName().at(-1) as DecodedFrame;
  }
}

/** A raw client or server in front of a session over TCP. */
export async function rawAgainst(
  side: Side,
  version: ProtocolVersion,
  options: SessionOptions = {},
  allowHalfOpen = false,
): Promise<{ readonly session: Session; readonly peer: RawPeer; readonly socket: net.Socket }> {
  const connection = await tcpConnection(allowHalfOpen);
  const [own, others] =
    side === CLIENT
      ? [connection.client, connection.server]
      : [connection.server, connection.client];
  const session = new Session(side, version.id, options).attach(own);
  return { session, peer: new RawPeer(others, version), socket: own };
}

/** Runs `action` and returns the exceptions that became uncaught meanwhile, instead of failing the run. */
export async function uncaughtDuring(action: () => Promise<void>): Promise<unknown[]> {
  const caught: unknown[] = [];
  const former = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const take = (exception: unknown): void => {
    caught.push(exception);
  };
  process.on('uncaughtException', take);
  try {
    await action();
    await settle();
  } finally {
    process.removeListener('uncaughtException', take);
    for (const listener of former) process.on('uncaughtException', listener);
  }
  return caught;
}
