import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type net from 'node:net';
import { nextTick } from 'node:process';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { Deadline } from '../../common/deadline.ts';
import { showBy } from '../../common/inspection.ts';
import { onRejection } from '../../common/rejections.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';
import type { Session, SessionVersion } from '../../session/public.ts';
import { resolveVersion } from '../../session/public.ts';
import { Acceptor } from './connection/acceptor.ts';
import { endGracefully } from './connection/graceful-end.ts';
import { forwardHttp1Events, Http1Connections } from './connection/http1.ts';
import { ListeningServer } from './connection/listening-server.ts';
import { ServerSessions } from './connection/sessions.ts';
import {
  isSpdyUpgrade,
  refuseUpgrade,
  startSwitching,
  type UpgradeOptions,
} from './connection/upgrade.ts';
import { dispatchTo } from './dispatch.ts';
import type { SpdyRequestListener } from './events.ts';
import {
  checkHandled,
  type HandleOptions,
  type ResolvedServerOptions,
  resolveServerOptions,
  type SpdyServerOptions,
} from './options.ts';
import { takeRejection } from './rejection.ts';

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
export class SpdyServer extends ListeningServer {
  static {
    showBy(SpdyServer, (it) => it.#facts());
    onRejection(SpdyServer, takeRejection);
  }

  /** The TCP or TLS server that listens. */
  override readonly listener: net.Server | tls.Server;
  /** Milliseconds without a byte after which a stream emits 'timeout'; 0 for none. */
  timeout = 0;

  readonly #options: ResolvedServerOptions;
  readonly #http1: Http1Connections | null;
  readonly #sessions: ServerSessions;
  readonly #sockets = new Set<Duplex>();
  readonly #deadline = new Deadline();
  #closing = false;
  #listenerClosed = true;
  #closeError: Error | undefined;

  /** @throws InvalidArgumentError for an option that is out of range */
  constructor(options: SpdyServerOptions = {}) {
    const settled = resolveServerOptions(options);
    super(settled);
    this.#options = settled;
    this.#sessions = new ServerSessions(settled, this, {
      options: settled,
      server: this,
      dispatch: (request, response) => dispatchTo(this, request, response),
      idleTimeoutMs: () => this.timeout,
      timedOut: (socket) => this.emit('timeout', socket as unknown as net.Socket),
    });
    const http1 = settled.allowHttp1 ? new Http1Connections(settled) : null;
    if (http1 !== null) forwardHttp1Events(http1, this);
    this.#http1 = http1;
    this.listener = new Acceptor(options, settled, {
      server: this,
      begin: (socket, version, secure) =>
        endGracefully(socket, this.#begin(socket, version, secure)),
      beginHttp1: http1 === null ? null : (socket) => http1.accept(socket),
    }).listener;
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
    // Test helpers (supertest) close only a server that has this field of `net.Server`.
    Object.defineProperty(this, '_handle', { get: () => (this.listening ? this.listener : null) });
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
    return this.#sessions.open;
  }

  override get http1(): HttpServer | null {
    return this.#http1?.server ?? null;
  }

  // Connections from elsewhere

  /**
   * Speaks SPDY on any stream, in the version that its other end knows. Returns the session.
   *
   * @throws InvalidArgumentError for what is no stream, and for an option that does not exist
   */
  handle(socket: Duplex, version: SessionVersion, options: HandleOptions = {}): Session {
    const secure = checkHandled(socket, options);
    const protocol = resolveVersion(version);
    this.#track(socket);
    return this.#begin(socket, protocol, secure);
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
    this.#sessions.close();
    const { closeTimeoutMs } = this.#options;
    if (closeTimeoutMs > 0 && this.#sockets.size > 0) {
      this.#deadline.start(closeTimeoutMs, () => this.closeAllConnections());
    }
    return this;
  }

  /** Ends all connections at once, without waiting for requests. */
  closeAllConnections(): void {
    this.#sessions.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends the connections on which no request is open. */
  closeIdleConnections(): void {
    this.#http1?.closeIdle();
    this.#sessions.closeIdle();
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.close(() => resolve()));
  }

  #checkClosed(): void {
    if (!this.#closing || !this.#listenerClosed || this.#sockets.size > 0) return;
    this.#deadline.stop();
    this.#closing = false;
    nextTick(() => this.emit('close'));
  }

  #begin(socket: Duplex, version: ProtocolVersion, secure: boolean): Session {
    const session = this.#sessions.begin(socket, version, secure);
    if (this.#closing) void session.close();
    return session;
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

  /** What `util.inspect()` shows. */
  #facts(): object {
    const { sessions, listening, timeout } = this;
    let requests = 0;
    for (const session of sessions) requests += session.state.openStreams;
    return {
      listening,
      address: this.address(),
      closing: this.#closing,
      connections: this.#sockets.size,
      sessions: sessions.size,
      requests,
      http1: this.#http1 !== null,
      timeout,
    };
  }
}
