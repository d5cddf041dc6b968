import type { EventEmitter } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import type { EventedServer } from '../events.ts';
import type { ResolvedServerOptions } from '../options.ts';

/** Milliseconds between two looks at the requests that are late: Node's own, as far as no limit is shorter. */
const CHECK_MS = 30_000;

/** Connections that speak HTTP/1.1: an `http.Server` that never listens gets them, with the same handler. */
export class Http1Connections {
  /** The server that parses; its events 'upgrade', 'connect' and 'clientError' are there for those who need them. */
  readonly server: http.Server;
  readonly #sockets = new Set<net.Socket>();
  /** Connections with a request that is not answered yet. */
  readonly #busy = new Map<net.Socket, number>();
  /** Connections whose end was sent: a request that has crossed it on the way can get no answer, and must not be carried out. */
  readonly #left = new WeakSet<object>();
  #closing = false;

  constructor(options: ResolvedServerOptions) {
    this.server = http.createServer(http1Options(options));
    // Starts its watch over slow requests, which begins with listening.
    this.server.emit('listening');
    this.server.prependListener('request', (request, response) => this.#begin(request, response));
    this.#follow();
  }

  /** Takes a connection. */
  accept(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#busy.delete(socket);
      this.#stop();
    });
    this.server.emit('connection', socket);
  }

  /** Ends idle connections now and the others when they have answered. */
  close(): void {
    this.#closing = true;
    for (const socket of this.#sockets) if (!this.#busy.has(socket)) this.#leave(socket);
    this.#stop();
  }

  /** Whether a request can be answered. What comes of another one is dropped; its client sees that the connection ended before. */
  takes(request: http.IncomingMessage): boolean {
    if (!this.#left.has(request.socket)) return true;
    request.resume();
    return false;
  }

  /** Ends idle connections. */
  closeIdle(): void {
    for (const socket of this.#sockets) if (!this.#busy.has(socket)) socket.destroy();
  }

  /** Takes connections again. */
  reopen(): void {
    if (!this.#closing) return;
    this.#closing = false;
    this.server.emit('listening');
  }

  /** Adds listeners for events for which their mere presence changes what `http` does: only along with others. */
  #follow(): void {
    const { server } = this;
    const begin = (request: http.IncomingMessage, response: http.ServerResponse): void =>
      this.#begin(request, response);
    // What took the connection over decides about it from now on.
    const leave = ({ socket }: http.IncomingMessage): void => {
      this.#sockets.delete(socket);
    };
    const own = new Map<string | symbol, (...args: never[]) => void>([
      ['checkContinue', begin],
      ['checkExpectation', begin],
      ['connect', leave],
      ['upgrade', leave],
    ]);
    server.on('newListener', (event, listener) => {
      const mine = own.get(event as string);
      if (mine === undefined || listener === mine || server.listenerCount(event) > 0) return;
      server.on(event as string, mine as (...args: unknown[]) => void);
    });
    server.on('removeListener', (event) => {
      const mine = own.get(event as string);
      if (mine === undefined || server.listenerCount(event) !== 1) return;
      server.off(event as string, mine as (...args: unknown[]) => void);
    });
  }

  /** Stops the timers of the server, which was never open, with its last connection: its `close()` destroys those whose answer is complete but has not left. */
  #stop(): void {
    if (this.#closing && this.#sockets.size === 0) this.server.close(() => {});
  }

  #begin(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { socket } = request;
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (this.#busy.get(socket) ?? 1) - 1;
      if (left > 0) this.#busy.set(socket, left);
      else this.#busy.delete(socket);
      if (this.#closing && left <= 0) this.#leave(socket);
    });
  }

  #leave(socket: net.Socket): void {
    this.#left.add(socket);
    socket.end();
  }
}

/** Events whose listeners change by their mere presence what `http` does: handed on only while there is one. */
const OPTIONAL_EVENTS = [
  'checkContinue',
  'checkExpectation',
  'clientError',
  'connect',
  'upgrade',
] as const;

/** Makes the events of the server for HTTP/1.1 events of the one that listens. */
export function forwardHttp1Events(connections: Http1Connections, server: EventedServer): void {
  const http1 = connections.server;
  http1.on('request', (request, response) => {
    if (connections.takes(request)) server.emit('request', request, response);
  });
  http1.on('dropRequest', (request, socket) => server.emit('dropRequest', request, socket));
  http1.on('timeout', (socket) => {
    if (!server.emit('timeout', socket)) socket.destroy();
  });
  const source: EventEmitter = http1;
  const target: EventEmitter = server;
  const handOn = new Map<string | symbol, (...args: unknown[]) => void>(
    OPTIONAL_EVENTS.map((event) => [
      event,
      (...args) => {
        const [request] = args;
        if (request instanceof http.IncomingMessage && !connections.takes(request)) {
          request.socket.destroySoon();
        } else target.emit(event, ...args);
      },
    ]),
  );
  server.on('newListener', (event) => {
    const listener = handOn.get(event);
    if (listener !== undefined && server.listenerCount(event) === 0) source.on(event, listener);
  });
  server.on('removeListener', (event) => {
    const listener = handOn.get(event);
    if (listener !== undefined && server.listenerCount(event) === 0) source.off(event, listener);
  });
}

function http1Options(options: ResolvedServerOptions): http.ServerOptions {
  const requestTimeout = options.http1.requestTimeout ?? options.requestTimeoutMs;
  const most = requestTimeout > 0 ? requestTimeout : Number.POSITIVE_INFINITY;
  const headersTimeout = Math.min(options.headersTimeoutMs, most);
  const limits = [headersTimeout, requestTimeout].filter((limit) => limit > 0);
  return {
    requestTimeout,
    headersTimeout,
    // A limit that is looked at more rarely than it is long would be none.
    connectionsCheckingInterval: Math.min(CHECK_MS, ...limits),
    maxHeaderSize: options.maxHeaderSize,
    ...options.http1,
  };
}
