import type { Server as HttpServer, IncomingMessage } from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { Deadline } from '../../common/deadline.ts';
import { IdTable } from '../../common/id-table.ts';
import { SpdyError } from '../../errors.ts';
import { SERVER } from '../../protocol/constants.ts';
import { findVersion, type ProtocolVersion } from '../../protocol/version.ts';
import type { SessionVersion, SpdyStream } from '../../session/public.ts';
import { npnGetVersion, resolveVersion, Session } from '../../session/public.ts';
import { dispatchTo } from './dispatch.ts';
import { ServerEmitter, type SpdyRequestListener } from './events.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import { Http1Connections } from './http1.ts';
import {
  type ResolvedServerOptions,
  resolveServerOptions,
  type SpdyServerOptions,
} from './options.ts';
import { proxyAllows, readProxyHeader, showClient } from './proxy-protocol.ts';
import type { SpdyRequest } from './request.ts';
import type { SpdyResponse } from './response.ts';
import { isSpdyUpgrade, refuseUpgrade, startSwitching, type UpgradeOptions } from './upgrade.ts';

/** How a connection is served whose protocol is known. */
export interface HandleOptions {
  /** Whether the client speaks TLS, if only to a terminator in front. Default: whether the socket does. */
  readonly secure?: boolean;
}

/**
 * Makes a server for SPDY/2, SPDY/3 and SPDY/3.1, and HTTP/1.1 for clients that speak none of them. The handler is one for
 * `http.createServer()`, such as an Express app.
 *
 * @throws InvalidArgumentError for an option that is out of range
 */
export function createServer(
  options?: SpdyServerOptions | SpdyRequestListener,
  handler?: SpdyRequestListener,
): SpdyServer {
  const given = typeof options === 'function' ? {} : (options ?? {});
  const server = new SpdyServer(given);
  const listener = typeof options === 'function' ? options : handler;
  if (listener !== undefined) server.on('request', listener);
  return server;
}

/** A SPDY server over TLS with ALPN, over plain TCP, or over whatever streams `handle()` is given. See `SpdyServerEvents`. */
export class SpdyServer extends ServerEmitter {
  /** The TCP or TLS server that listens. */
  readonly listener: net.Server | tls.Server;
  /** Milliseconds without a byte after which a stream emits 'timeout'; 0 for none. */
  timeout = 0;

  readonly #options: ResolvedServerOptions;
  readonly #http1: Http1Connections | null;
  readonly #sessions = new Set<Session>();
  readonly #sockets = new Set<Duplex>();
  readonly #deadline = new Deadline();
  readonly #host: ExchangeHost;
  readonly #proxyAllows: (address: string) => boolean;
  #closing = false;
  #listenerClosed = true;
  #closeError: Error | undefined;

  /** @throws InvalidArgumentError for an option that is out of range */
  constructor(options: SpdyServerOptions = {}) {
    super();
    const settled = resolveServerOptions(options);
    this.#options = settled;
    this.#host = {
      options: settled,
      dispatch: (request, response) => dispatchTo(this, request, response),
      idleTimeoutMs: () => this.timeout,
      timedOut: (socket) => this.emit('timeout', socket as unknown as net.Socket),
    };
    this.#proxyAllows = proxyAllows(settled.proxyProtocol ?? { allow: [] });
    this.#http1 = settled.allowHttp1 ? this.#openHttp1() : null;
    this.listener = settled.secure ? this.#openTls(options) : this.#openPlain(options);
    this.listener.on('connection', (socket: net.Socket) => this.#track(socket));
    this.listener.on('listening', () => {
      this.#listenerClosed = false;
      this.#closing = false;
      this.#http1?.reopen();
      this.emit('listening');
    });
    this.listener.on('error', (error) => this.emit('error', error));
    this.listener.on('close', () => {
      this.#listenerClosed = true;
      this.#checkClosed();
    });
  }

  // What listens

  /** As `net.Server.listen()`. */
  listen(...args: unknown[]): this {
    (this.listener.listen as (...args: unknown[]) => unknown)(...args);
    return this;
  }

  /** As `net.Server.address()`. */
  address(): net.AddressInfo | string | null {
    return this.listener.address();
  }

  /** Whether it accepts connections. */
  get listening(): boolean {
    return this.listener.listening;
  }

  /** As `tls.Server.setSecureContext()`: another certificate for new connections. */
  setSecureContext(options: tls.SecureContextOptions): void {
    (this.listener as tls.Server).setSecureContext(options);
  }

  /** As `tls.Server.addContext()`: a certificate for a server name. */
  addContext(hostname: string, context: tls.SecureContextOptions): void {
    (this.listener as tls.Server).addContext(hostname, context);
  }

  /** As `net.Server.getConnections()`. */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    this.listener.getConnections(callback);
    return this;
  }

  /** As `net.Server.maxConnections`. */
  get maxConnections(): number {
    return this.listener.maxConnections;
  }

  set maxConnections(count: number) {
    this.listener.maxConnections = count;
  }

  /** Lets the server keep the process alive (the default). */
  ref(): this {
    this.listener.ref();
    return this;
  }

  /** Lets the process end although the server listens. */
  unref(): this {
    this.listener.unref();
    return this;
  }

  /** Sets `timeout`, for HTTP/1.1 as well. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    this.timeout = milliseconds;
    this.#http1?.server.setTimeout(milliseconds);
    if (listener !== undefined) this.on('timeout', listener);
    return this;
  }

  /** The sessions that are open. */
  get sessions(): ReadonlySet<Session> {
    return this.#sessions;
  }

  /** The server that HTTP/1.1 connections are given to: for 'upgrade' and the like. Null without `allowHttp1`. */
  get http1(): HttpServer | null {
    return this.#http1?.server ?? null;
  }

  // Connections from elsewhere

  /** Speaks SPDY on any stream, in the version that its other end knows. Returns the session. */
  handle(socket: Duplex, version: SessionVersion, options: HandleOptions = {}): Session {
    this.#track(socket);
    const secure = options.secure ?? (socket as Partial<tls.TLSSocket>).encrypted === true;
    return this.#begin(socket, resolveVersion(version), secure);
  }

  /**
   * Answers the 'upgrade' event of an `http.Server` with SPDY/3.1 (the upgrade request becomes no stream). Null, with nothing done,
   * for a request that asks for something else.
   */
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    options: Omit<UpgradeOptions, 'session'> = {},
  ): Session | null {
    if (!isSpdyUpgrade(request)) return null;
    if (this.#closing) {
      refuseUpgrade(socket, 503);
      return null;
    }
    startSwitching(request, socket, head, options.headers);
    return this.handle(socket, 'spdy/3.1');
  }

  // The end

  /**
   * Stops accepting, sends GOAWAY on every session and waits until the requests are answered, at most `closeTimeoutMs`. `callback` is
   * called, and 'close' emitted, when the last connection has ended.
   */
  close(callback?: (error?: Error) => void): this {
    if (callback !== undefined) this.once('close', () => callback(this.#closeError));
    if (this.#closing) return this;
    this.#closing = true;
    this.#closeError = undefined;
    this.listener.close((error) => {
      this.#closeError = error;
      this.#listenerClosed = true;
      this.#checkClosed();
    });
    this.#http1?.close();
    for (const session of this.#sessions) void session.close();
    const { closeTimeoutMs } = this.#options;
    if (closeTimeoutMs > 0 && this.#sockets.size > 0) {
      this.#deadline.start(closeTimeoutMs, () => this.closeAllConnections());
    }
    return this;
  }

  /** Ends all connections at once, without waiting for requests. */
  closeAllConnections(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends the connections on which no request is open. */
  closeIdleConnections(): void {
    this.#http1?.closeIdle();
    for (const session of this.#sessions) if (session.state.openStreams === 0) void session.close();
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.close(() => resolve()));
  }

  #checkClosed(): void {
    if (!this.#closing || !this.#listenerClosed || this.#sockets.size > 0) return;
    this.#deadline.stop();
    this.#closing = false;
    process.nextTick(() => this.emit('close'));
  }

  #openTls(options: SpdyServerOptions): tls.Server {
    const { protocols, handshakeTimeoutMs } = this.#options;
    const alpn = options.ALPNCallback === undefined ? { ALPNProtocols: [...protocols] } : {};
    const server = tls.createServer({
      // Clients that have asked all that they want may end their half before the answers are there.
      allowHalfOpen: true,
      ...alpn,
      ...(handshakeTimeoutMs > 0 ? { handshakeTimeout: handshakeTimeoutMs } : {}),
      ...options,
    });
    server.on('secureConnection', (socket) => {
      this.emit('connection', socket);
      this.#accept(socket, socket.alpnProtocol ?? false, true);
    });
    server.on('tlsClientError', (error, socket) => {
      // After a handshake that took too long the connection is still open.
      socket.destroy();
      this.emit('tlsClientError', error, socket);
    });
    return server;
  }

  #openPlain(options: SpdyServerOptions): net.Server {
    const { proxyProtocol, version } = this.#options;
    const server = net.createServer({
      noDelay: true,
      allowHalfOpen: options.allowHalfOpen ?? true,
    });
    server.on('connection', (socket) => {
      this.emit('connection', socket);
      if (proxyProtocol === null) this.#begin(socket, version, false);
      else this.#readProxyHeader(socket);
    });
    return server;
  }

  #openHttp1(): Http1Connections {
    const http1 = new Http1Connections({
      requestTimeout: this.#options.requestTimeoutMs,
      maxHeaderSize: this.#options.maxHeaderSize,
      ...this.#options.http1,
    });
    http1.server.on('request', (request, response) => this.emit('request', request, response));
    http1.server.on('timeout', (socket) => {
      if (!this.emit('timeout', socket)) socket.destroy();
    });
    this.on('newListener', (event) => {
      // Their mere presence changes what `http` does.
      if (event === 'checkContinue' || event === 'checkExpectation') {
        if (http1.server.listenerCount(event) > 0) return;
        http1.server.on(event, (request: SpdyRequest, response: SpdyResponse) =>
          this.emit(event, request, response),
        );
      }
    });
    return http1;
  }

  #track(socket: Duplex): void {
    // One that has ended already never says so again.
    if (socket.closed || this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#checkClosed();
    });
  }

  #readProxyHeader(socket: net.Socket): void {
    socket.on('error', () => {});
    const refuse = (error: Error): void => {
      socket.destroy();
      this.emit('proxyError', error, socket);
    };
    if (!this.#proxyAllows(socket.remoteAddress ?? '')) {
      const message = `PROXY header: ${socket.remoteAddress} may not send one`;
      refuse(new SpdyError('ERR_SPDY_PROTOCOL', message, 'peer'));
      return;
    }
    readProxyHeader(socket, this.#options.handshakeTimeoutMs, (error, header) => {
      if (header === null) {
        refuse(error as Error);
        return;
      }
      if (header.proxied) showClient(socket, header);
      this.#accept(socket, header.alpn ?? false, header.tls);
    });
  }

  /** Serves a connection in the protocol that was negotiated; false for none. */
  #accept(socket: net.Socket, protocol: string | false, secure: boolean): void {
    const { defaultVersion, h2 } = this.#options;
    const version = findVersion(npnGetVersion(protocol));
    if (version !== null) this.#begin(socket, version, secure);
    else if (protocol === false && defaultVersion !== null)
      this.#begin(socket, defaultVersion, secure);
    else if (protocol === 'h2' && h2 !== null) giveToH2(h2, socket as tls.TLSSocket);
    else if (this.#http1 !== null && (protocol === false || protocol.startsWith('http/1.')))
      this.#http1.accept(socket);
    else if (!this.emit('unknownProtocol', socket)) this.#explain(socket);
  }

  #begin(socket: Duplex, version: ProtocolVersion, secure: boolean): Session {
    const session = new Session(SERVER, version.id, this.#options.session);
    const exchanges = new IdTable<Exchange>();
    const deadline = new Deadline();
    const { headersTimeoutMs } = this.#options;
    this.#sessions.add(session);
    session.on('stream', (stream: SpdyStream, headers, flags) => {
      deadline.stop();
      if (this.listenerCount('request') === 0 && this.emit('stream', stream, headers, flags))
        return;
      const exchange = Exchange.begin(stream, headers, flags, session, secure, this.#host);
      if (exchange !== null) exchanges.set(stream.id, exchange);
    });
    session.on('streamClose', (streamId, _status, error) => {
      const exchange = exchanges.get(streamId);
      if (exchange === undefined) return;
      exchanges.delete(streamId);
      if (error !== null) exchange.abort(error);
    });
    session.on('error', (error) => this.emit('sessionError', error, session));
    session.on('timeout', () => {
      if (session.state.openStreams === 0) void session.close();
    });
    session.on('close', () => {
      deadline.stop();
      this.#sessions.delete(session);
    });
    if (headersTimeoutMs > 0) deadline.start(headersTimeoutMs, () => void session.close());
    session.attach(socket);
    this.emit('session', session);
    if (this.#closing) void session.close();
    return session;
  }

  /** Says in text what is spoken here, to a client that speaks nothing of it. */
  #explain(socket: net.Socket): void {
    const text = `This server speaks ${this.#options.protocols.join(', ')}; TLS clients choose by ALPN.\n`;
    socket.on('error', () => {});
    socket.resume();
    socket.end(
      `HTTP/1.1 426 Upgrade Required\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
    const deadline = new Deadline();
    deadline.start(5000, () => socket.destroy());
    socket.once('close', () => deadline.stop());
  }
}

function giveToH2(h2: net.Server | ((socket: tls.TLSSocket) => void), socket: tls.TLSSocket): void {
  if (typeof h2 === 'function') h2(socket);
  else h2.emit(h2 instanceof tls.Server ? 'secureConnection' : 'connection', socket);
}
