import { once } from 'node:events';
import {
  type AddressInfo,
  connect,
  createServer,
  isIP,
  type ListenOptions,
  type Server,
  type Socket,
} from 'node:net';
import { performance } from 'node:perf_hooks';
import {
  type ConnectionOptions,
  connect as connectTls,
  createServer as createTlsServer,
  type TLSSocket,
  type Server as TlsServer,
} from 'node:tls';
import { hostAndPort } from '../../../common/network/host-and-port.ts';
import { ConnectionDecoder, type FrameNumbers } from '../decode/connection-decoder.ts';
import type { DumpDirection, DumpSink } from '../events.ts';
import { type ResolvedTapOptions, resolveTapOptions, type TapOptions } from './tap-options.ts';
import { pump } from './tap-pump.ts';

/** What is offered to the server behind a tap: no HTTP/2, which could not be read. */
const PROTOCOLS = ['spdy/3.1', 'spdy/3', 'spdy/2', 'http/1.1'];
/** The first byte of a TLS connection. */
const HANDSHAKE = 0x16;
/** How long the server is asked what it speaks. */
const PROBE_MS = 5000;

/**
 * Stands between clients and a server: passes everything on, and tells what is SPDY in it. TLS is ended here, with a certificate of its own, and
 * begun again towards the server.
 */
export class Tap {
  readonly #options: ResolvedTapOptions;
  readonly #sink: DumpSink;
  readonly #numbers: FrameNumbers = { last: 0 };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #secure: Promise<TlsServer> | null = null;
  #connections = 0;

  /** @throws InvalidArgumentError for an option that is none */
  constructor(options: TapOptions, sink: DumpSink) {
    this.#options = resolveTapOptions(options);
    this.#sink = sink;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true });
    this.#server.maxConnections = this.#options.maxConnections;
    this.#server.on('connection', (socket) => this.#accept(socket));
  }

  /** The certificate (PEM) that clients with TLS see. */
  get certificate(): string {
    return this.#options.certificate.cert;
  }

  /** The port that it listens at; 0 before it does, and at a unix socket. */
  get port(): number {
    return (this.#server.address() as Partial<AddressInfo> | null)?.port ?? 0;
  }

  /** Sockets that are open, of both sides. */
  get sockets(): number {
    return this.#sockets.size;
  }

  /** Listens for clients, at a port of 127.0.0.1 or `host`, or at the unix socket of a path. Resolves with itself; rejects if it cannot. */
  async listen(port: number | string = 0, host = '127.0.0.1'): Promise<this> {
    const options: ListenOptions = typeof port === 'string' ? { path: port } : { port, host };
    this.#server.listen(options);
    await once(this.#server, 'listening');
    return this;
  }

  /** Ends listening and all connections; resolves when they are closed. */
  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : null;
    if (closed !== null) this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    (await this.#secure?.catch(() => null))?.close();
    await closed;
  }

  /** Looks at the first byte: whether the client begins TLS. */
  #accept(socket: Socket): void {
    this.#keep(socket);
    socket.once('readable', () => {
      const first: Buffer | null = socket.read(1);
      if (first !== null) socket.unshift(first);
      if (first?.[0] === HANDSHAKE) this.#acceptTls(socket);
      else this.#begin(socket, this.#options.tls ?? false, null);
    });
  }

  #acceptTls(socket: Socket): void {
    this.#secure ??= this.#makeSecure();
    this.#secure.then(
      (server) => server.emit('connection', socket),
      () => socket.destroy(),
    );
  }

  async #makeSecure(): Promise<TlsServer> {
    const tls = this.#options.tls ?? true;
    // The client may have what the server speaks, in the order of the server.
    const spoken = tls ? await this.#probe() : PROTOCOLS;
    const server = createTlsServer({
      ...this.#options.certificate,
      ...(spoken.length === 0 ? {} : { ALPNProtocols: spoken }),
      allowHalfOpen: true,
    });
    server.on('secureConnection', (secure) => {
      this.#keep(secure);
      this.#begin(secure, tls, secure);
    });
    server.on('tlsClientError', (error) => {
      this.#note(`TLS handshake with the client failed: ${error.message}`);
    });
    return server;
  }

  /** What the server speaks: it is asked again without what it has chosen, until it chooses nothing. */
  async #probe(): Promise<string[]> {
    const spoken: string[] = [];
    for (let left = PROTOCOLS; left.length > 0; ) {
      const chosen = await this.#ask(left);
      if (chosen === null) break;
      spoken.push(chosen);
      left = left.filter((name) => name !== chosen);
    }
    return spoken;
  }

  async #ask(protocols: readonly string[]): Promise<string | null> {
    const socket = this.#connectTls(protocols, undefined);
    socket.setTimeout(PROBE_MS, () => socket.destroy(new Error('no answer')));
    try {
      await once(socket, 'secureConnect');
      return typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : null;
    } catch {
      return null;
    } finally {
      socket.on('error', () => {});
      socket.destroy();
    }
  }

  #connectTls(protocols: readonly string[], servername: string | undefined): TLSSocket {
    const { host, place, ca, verify } = this.#options;
    const name = servername ?? host;
    const options: ConnectionOptions & { readonly allowHalfOpen: boolean } = {
      ...place,
      host,
      rejectUnauthorized: verify,
      allowHalfOpen: true,
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
      ...(ca === undefined ? {} : { ca }),
      ...(isIP(name) === 0 ? { servername: name } : {}),
    };
    return connectTls(options);
  }

  /** Connects to the server, and passes on. */
  #begin(client: Socket, tls: boolean, secure: TLSSocket | null): void {
    const { place, placeName, dump } = this.#options;
    const chosen = secure?.alpnProtocol;
    const names = typeof chosen === 'string' ? [chosen] : [];
    const servername = (secure as { readonly servername?: unknown } | null)?.servername;
    const server = tls
      ? this.#connectTls(names, typeof servername === 'string' ? servername : undefined)
      : connect({ ...place, allowHalfOpen: true, noDelay: true });
    this.#keep(server);
    const number = ++this.#connections;
    const decoder = new ConnectionDecoder(
      {
        ...dump,
        number,
        client: clientName(client),
        server: placeName,
      },
      this.#sink,
      this.#numbers,
    );
    server.once('error', (error) => {
      if (!client.destroyed) this.#note(`the server: ${error.message}`, number);
    });
    const listen = (direction: DumpDirection) => ({
      bytes: (chunk: Buffer) => decoder.push(direction, chunk, now()),
      end: (reset: boolean) => decoder.end(direction, now(), reset),
    });
    pump(client, server, listen('c2s'));
    pump(server, client, listen('s2c'));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #note(text: string, connection = 0): void {
    this.#sink.event({
      event: 'note',
      connection,
      time: now(),
      direction: null,
      offset: null,
      text,
    });
  }
}

/** Of a unix socket nothing is known. */
function clientName({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress === undefined ? 'unix:' : hostAndPort(remoteAddress, remotePort ?? 0);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
