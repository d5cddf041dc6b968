import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, ListenOptions, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkRange } from '../../../common/check.ts';
import { checkSocketPath } from '../../../common/network/socket-path.ts';
import type { SpdyRequest } from '../../../http/server/exchange/request.ts';
import type { SpdyResponse } from '../../../http/server/exchange/response.ts';
import type { SpdyServerOptions } from '../../../http/server/options.ts';
import { createServer, type SpdyServer } from '../../../http/server/server.ts';
import type { ClientFacts, FrontRequest, Reply } from '../relay/exchange.ts';
import { clientOf } from './client-facts.ts';
import { H2Reply, readH2 } from './h2-front.ts';
import { H2Watch } from './h2-watch.ts';
import { Http1Watch } from './http1-watch.ts';
import { MessageReply, readMessage } from './message-front.ts';
import { readSwitching, SocketReply } from './socket-front.ts';
import { WebSocketReply } from './websocket-reply.ts';

/** Where clients connect, and what is spoken there: the options of `createServer()` and of `listen()` of `net`. */
export interface FrontOptions
  extends Omit<SpdyServerOptions, 'h2' | 'http1'>,
    Omit<ListenOptions, 'signal'> {
  /** A descriptor of a socket that listens already, instead of an address. */
  readonly fd?: number | undefined;
  /** Whether HTTP/2 is offered too, behind SPDY. Default true. */
  readonly h2?: boolean | undefined;
  /** Most streams of an HTTP/2 connection at once. Default 100, as with SPDY. */
  readonly maxConcurrentStreams?: number | undefined;
  /** Most connections at once, 1 to 2147483647; those beyond are closed. Default: no limit. */
  readonly maxConnections?: number | undefined;
}

/** What a front hands its connections and requests to. */
export interface FrontHost {
  /** A connection has come, and its client is known: may destroy it. */
  accept(socket: Socket): void;
  /** A request has come. */
  take(request: FrontRequest, reply: Reply): void;
  /** A request has come that goes nowhere: `fault` says why. */
  refuse(fault: string, reply: Reply, client: ClientFacts): void;
}

/** As `idleTimeoutMs` of `createServer()`. */
const IDLE_TIMEOUT_MS = 180_000;
/** As `stallTimeoutMs` of sessions. */
const STALL_TIMEOUT_MS = 120_000;
/** Bytes that a stream of HTTP/2 may bring before they were read; for the connection four times as much. */
const H2_WINDOW = 1 << 18;

/** Listens at one address, and makes one kind of exchange out of whatever is spoken there. */
export class ProxyFront {
  /** What listens: its certificates, limits and connections. */
  readonly server: SpdyServer;
  readonly #listen: ListenOptions;
  readonly #host: FrontHost;
  /** Connections of HTTP/1.1 of which a request was refused. */
  readonly #distrusted = new WeakSet<object>();
  /** All of them, and what ends them. */
  readonly #http1 = new WeakMap<object, Http1Watch>();
  readonly #stallMs: number;
  /** Those of HTTP/2, and what ends them. */
  readonly #h2Sessions = new Map<http2.Http2Session, H2Watch>();

  /** `SpdyProxy.listen()` makes it. @internal */
  constructor(options: FrontOptions, host: FrontHost) {
    const { h2 = true, maxConcurrentStreams = 100, maxConnections, ...rest } = options;
    const { listening, server } = splitOptions(rest);
    this.#host = host;
    this.#stallMs = server.session?.stallTimeoutMs ?? STALL_TIMEOUT_MS;
    if (typeof listening.path === 'string') checkSocketPath('path', listening.path);
    this.#listen = listening;
    const session = { maxConcurrentStreams, ...server.session };
    this.server = createServer({
      ...server,
      session,
      // Node would answer that itself, and go on with what follows.
      http1: { requireHostHeader: false },
      ...(h2 && h2Possible(server) ? { h2: this.#h2Server(maxConcurrentStreams, server) } : {}),
    });
    if (maxConnections !== undefined) {
      this.server.maxConnections = checkRange('maxConnections', maxConnections, 1, 0x7fffffff);
    }
    // Before a handshake, which costs far more than the connection.
    if (server.proxyProtocol === undefined)
      this.server.listener.on('connection', (socket) => host.accept(socket));
    else this.server.on('proxyHeader', (_header, socket) => host.accept(socket));
    const request = (message: SpdyRequest, response: SpdyResponse): void => {
      const read = this.#read(message, () => readMessage(message));
      if (read === null) return;
      if (message.stream === undefined) this.#watchOf(message.socket).follow(response);
      this.#give(read, new MessageReply(message, response), message.socket);
    };
    this.server.on('request', request);
    this.server.on('checkContinue', request);
    // What is expected is the affair of the back.
    this.server.on('checkExpectation', request);
    this.server.on('connect', (message, answer, head) => {
      if (message.stream === undefined) this.#switching(message, answer as Duplex, head);
      else request(message, answer as SpdyResponse);
    });
    this.server.on('upgrade', (message, socket, head) => this.#switching(message, socket, head));
  }

  /** Where it listens: that of a unix socket is its path. */
  get address(): AddressInfo | string | null {
    return this.server.address();
  }

  /** The port at which it listens; 0 where there is none. */
  get port(): number {
    const { address } = this;
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  /** Begins to listen. @internal */
  async listen(): Promise<void> {
    this.server.listen(this.#listen);
    await once(this.server, 'listening');
  }

  /** Stops listening and sends GOAWAY, waits for requests as long as `closeTimeoutMs`, then ends all connections. */
  async close(): Promise<void> {
    for (const session of this.#h2Sessions.keys()) session.close();
    await this.server[Symbol.asyncDispose]();
  }

  /** Ends all connections at once. */
  destroy(): void {
    for (const session of this.#h2Sessions.keys()) session.destroy();
    this.server.closeAllConnections();
  }

  #switching(message: IncomingMessage, socket: Duplex, head: Buffer = Buffer.alloc(0)): void {
    const read = this.#read(message, () => readSwitching(message, socket, head));
    this.#http1.get(socket)?.stop();
    if (read === null) socket.destroy();
    else this.#give(read, new SocketReply(message, socket), socket as Socket);
  }

  #give(request: FrontRequest | string, reply: Reply, socket: Socket): void {
    if (typeof request === 'string') this.#host.refuse(request, reply, clientOf(socket));
    else this.#host.take(request, reply);
  }

  /** Null for a request behind one that was refused: nobody knows where it begins. */
  #read(message: SpdyRequest, read: () => FrontRequest | string): FrontRequest | string | null {
    const { socket, stream } = message;
    if (stream === undefined && this.#distrusted.has(socket)) return null;
    const request = read();
    if (typeof request === 'string' && stream === undefined) this.#distrusted.add(socket);
    return request;
  }

  #watchOf(socket: Socket): Http1Watch {
    let watch = this.#http1.get(socket);
    if (watch === undefined) {
      watch = new Http1Watch(socket, this.#stallMs);
      this.#http1.set(socket, watch);
    }
    return watch;
  }

  #h2Server(
    maxConcurrentStreams: number,
    { idleTimeoutMs = IDLE_TIMEOUT_MS }: SpdyServerOptions,
  ): http2.Http2Server {
    const server = http2.createServer({
      settings: {
        maxConcurrentStreams,
        initialWindowSize: H2_WINDOW,
        // For WebSockets.
        enableConnectProtocol: true,
      },
    });
    server.on('session', (session) => {
      const watch = new H2Watch(session, idleTimeoutMs, this.#stallMs);
      this.#h2Sessions.set(session, watch);
      session.setLocalWindowSize(4 * H2_WINDOW);
      session.on('error', () => {});
      session.once('close', () => {
        watch.stop();
        this.#h2Sessions.delete(session);
      });
      if (!this.server.listening) session.close();
    });
    server.on('stream', (stream, headers, _flags, ...more: unknown[]) => {
      // It is told late: the client may have reset the stream by then, or the connection may be gone.
      stream.on('error', () => {});
      if (stream.destroyed || stream.session?.destroyed !== false) return;
      const watch = this.#h2Sessions.get(stream.session);
      watch?.follow(stream);
      const raw = more[0] as string[] | undefined;
      const method = headers[':method'] ?? '';
      const request = readH2(stream, raw ?? Object.entries(headers).flat().map(String));
      const switches = typeof request !== 'string' && request.upgrade !== null;
      const reply = switches
        ? new WebSocketReply(stream, request)
        : new H2Reply(stream, method === 'CONNECT', watch);
      this.#give(request, reply, stream.session.socket as Socket);
    });
    return server;
  }
}

const LISTEN_NAMES = [
  'backlog',
  'exclusive',
  'fd',
  'host',
  'ipv6Only',
  'path',
  'port',
  'readableAll',
  'reusePort',
  'writableAll',
] as const;

function splitOptions(options: Omit<FrontOptions, 'h2'>): {
  readonly listening: ListenOptions;
  readonly server: SpdyServerOptions;
} {
  const listening: Record<string, unknown> = {};
  const server: Record<string, unknown> = { ...options };
  for (const name of LISTEN_NAMES) {
    if (server[name] !== undefined) listening[name] = server[name];
    delete server[name];
  }
  return { listening, server };
}

/** Whether clients can choose HTTP/2: by ALPN, by a PROXY header, or by how they begin. */
function h2Possible({ tls, sniff, proxyProtocol }: SpdyServerOptions): boolean {
  return tls !== false || sniff === true || proxyProtocol !== undefined;
}
