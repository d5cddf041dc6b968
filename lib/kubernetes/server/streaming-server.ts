import { EventEmitter } from 'node:events';
import type http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Session, SessionOptions } from '../../session/public.ts';
import { UpgradeRefusedError } from '../errors.ts';
import { httpFailure } from '../wire/status.ts';
import type { CommandHandler } from './command-outcome.ts';
import { CommandSession } from './command-session.ts';
import { ForwardSession, type PortForwardHandler } from './forward-session.ts';
import { checkHandlers, type StreamingHandlers } from './handlers.ts';
import {
  type ResolvedStreamingOptions,
  resolveStreamingOptions,
  type StreamingServerOptions,
} from './options.ts';
import { parseRoute, type Route, type StreamingRequest } from './routes.ts';
import { type RuntimeRequest, readRuntimeRequest } from './runtime-request.ts';
import { serverSession } from './server-session.ts';
import { OneTimeTokens } from './tokens.ts';
import {
  isWebSocketUpgrade,
  refuse,
  switchToCommand,
  switchToForward,
  switchToWebSocketCommand,
} from './upgrade.ts';
import { WebSocketCommand } from './websocket-command.ts';
import { WebSocketForward } from './websocket-forward.ts';

/** Events of a StreamingServer with their arguments. Harmless without listeners. */
export interface StreamingServerEvents {
  /** A handler or `authorize` has thrown; the client was told. */
  handlerError: [error: unknown, request: IncomingMessage];
  /** A session has failed: the client broke the protocol, or exceeded a limit. */
  sessionError: [error: Error, request: IncomingMessage];
}

/** Clients reset each connection that they give up, and kubectl from 1.32 on every one: two streams each. */
const FORWARD_RESETS = { burst: 20_000, perSecond: 2000 };
/** Most streams of one command: there is use for five. */
const MAX_COMMAND_STREAMS = 32;
/** The transport's own question whether the peer is still there. */
const TCP_KEEPALIVE_MS = 30_000;

/** What was begun for a client. */
interface Served {
  readonly life: { readonly closed: Promise<unknown>; end(): void };
  /** Resolves when the handlers are done. */
  readonly done: Promise<void>;
}

/** What may differ between transports. */
interface SocketLike {
  setTimeout?(ms: number): unknown;
  setKeepAlive?(enable: boolean, ms: number): unknown;
}

/**
 * Serves exec, attach and port forwarding to clients of Kubernetes, under the URLs of API servers, kubelets and container runtimes, on
 * any `http` or `https` server.
 */
export function createStreamingServer(
  handlers: StreamingHandlers,
  options: StreamingServerOptions = {},
): StreamingServer {
  return new StreamingServer(handlers, options);
}

/** Made by `createStreamingServer()`. */
export class StreamingServer extends EventEmitter<StreamingServerEvents> {
  readonly #handlers: StreamingHandlers;
  readonly #options: ResolvedStreamingOptions;
  readonly #tokens = new OneTimeTokens<StreamingRequest>();
  readonly #lives = new Set<Served['life']>();
  readonly #detach: (() => void)[] = [];
  #sessions = 0;
  #pending = 0;
  #closing = false;

  /** @throws InvalidArgumentError for an option that is out of range */
  constructor(handlers: StreamingHandlers, options: StreamingServerOptions = {}) {
    super();
    this.#handlers = checkHandlers(handlers);
    this.#options = resolveStreamingOptions(options);
  }

  /** Sessions that count for `maxSessions`. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Serves the 'upgrade' events of a server. If nobody else listens for them, other URLs are answered 404. Returns itself. */
  attach(server: http.Server | https.Server): this {
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (this.handleUpgrade(request, socket, head)) return;
      if (server.listenerCount('upgrade') > 1) return;
      socket.on('error', ignore);
      refuse(socket, failure(404, 'NotFound', 'nothing is served under this URL'));
    };
    server.on('upgrade', onUpgrade);
    this.#detach.push(() => server.removeListener('upgrade', onUpgrade));
    return this;
  }

  /** For the 'upgrade' event of an `http.Server`: false if the URL is none of this server, and nothing was done. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    let route: Route | null;
    try {
      route = parseRoute(request.url ?? '', this.#options.pathPrefix);
    } catch (exception) {
      socket.on('error', ignore);
      refuse(socket, exception as UpgradeRefusedError);
      return true;
    }
    if (route === null) return false;
    socket.on('error', ignore);
    void this.#serve(route, request, socket, head);
    return true;
  }

  /** For requests that ask for no upgrade: answers 400 under the URLs of this server; else false, and nothing was done. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    try {
      if (parseRoute(request.url ?? '', this.#options.pathPrefix) === null) return false;
    } catch {
      // It is ours, and no better.
    }
    response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('Upgrade request required\n');
    return true;
  }

  /**
   * A path as container runtimes give it out for a request that came another way: good for one use within a minute. The
   * request itself is part of no URL.
   *
   * @throws InvalidArgumentError for a request that makes no sense
   * @throws InvalidStateError when 1000 paths wait already
   */
  issuePath(request: RuntimeRequest): string {
    const asked = readRuntimeRequest(request);
    const token = this.#tokens.issue(asked);
    return `${this.#options.pathPrefix}/${asked.kind.toLowerCase()}/${token}`;
  }

  /** Accepts nothing more, sends all clients away, and resolves when their sessions are closed. Commands are told by their `signal`. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const detach of this.#detach.splice(0)) detach();
    const lives = [...this.#lives];
    for (const life of lives) life.end();
    await Promise.all(lives.map(({ closed }) => closed));
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Serves a request from the first check to the end of its session. Never rejects. */
  async #serve(
    route: Route,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const { maxSessions, maxPendingSessions } = this.#options;
    if (this.#closing || this.#sessions >= maxSessions || this.#pending >= maxPendingSessions) {
      const message = this.#closing ? 'the server is closing' : 'too many sessions';
      refuse(socket, failure(503, 'ServiceUnavailable', message));
      return;
    }
    this.#sessions += 1;
    this.#pending += 1;
    let pending = true;
    const started = (): void => {
      if (pending) this.#pending -= 1;
      pending = false;
    };
    try {
      const asked = await this.#admit(route, request);
      if (this.#closing) throw failure(503, 'ServiceUnavailable', 'the server is closing');
      if (socket.destroyed) return;
      await this.#run(asked, request, socket, head, started);
    } catch (exception) {
      if (!(exception instanceof UpgradeRefusedError))
        this.emit('handlerError', exception, request);
      if (socket.destroyed) return;
      const refusal =
        exception instanceof UpgradeRefusedError
          ? exception
          : failure(500, 'InternalError', 'the request could not be checked');
      refuse(socket, refusal);
    } finally {
      started();
      this.#sessions -= 1;
    }
  }

  /** What is asked for, if there is a handler for it and the client may. */
  async #admit(route: Route, request: IncomingMessage): Promise<StreamingRequest> {
    if (request.method !== 'GET' && request.method !== 'POST')
      throw failure(405, 'MethodNotAllowed', 'only GET and POST are served');
    const asked = route.api === 'runtime' ? this.#tokens.take(route.token) : route.asked;
    if (asked === null || (route.api === 'runtime' && route.kind !== asked.kind))
      throw failure(404, 'NotFound', 'the URL is unknown, was used, or is too old');
    if (this.#handlers[asked.kind] === undefined)
      throw failure(501, 'NotImplemented', `${asked.kind} is not served here`);
    const { authorize } = this.#options;
    if (authorize && (await authorize(asked, request)) !== true)
      throw failure(403, 'Forbidden', `${asked.kind} is not allowed`);
    return asked;
  }

  async #run(
    asked: StreamingRequest,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    started: () => void,
  ): Promise<void> {
    const { streamCreationTimeoutMs, endTimeoutMs, maxConnections } = this.#options;
    const failed = (error: unknown): void => {
      this.emit('handlerError', error, request);
    };
    const common = { request, failed, streamCreationTimeoutMs, endTimeoutMs };
    (socket as SocketLike).setTimeout?.(0);
    (socket as SocketLike).setKeepAlive?.(true, TCP_KEEPALIVE_MS);
    const { origins, idleTimeoutMs } = this.#options;
    const broken = (error: Error): void => void this.emit('sessionError', error, request);
    const channels = { ...common, idleTimeoutMs, broken };
    let served: Served;
    if (asked.kind === 'portForward') {
      const handler = this.#handlers.portForward as PortForwardHandler;
      const switched = await switchToForward(request, socket, head, asked, origins);
      if ('webSocket' in switched) {
        const { webSocket, subprotocol } = switched;
        const init = { ...channels, socket: webSocket, asked, subprotocol, handler };
        served = new WebSocketForward(init);
      } else {
        const session = this.#session(switched.transport, request, {
          maxConcurrentStreams: 2 * maxConnections,
          streamResetRate: FORWARD_RESETS,
        });
        served = new ForwardSession({ ...common, session, asked, handler, maxConnections });
      }
      started();
    } else if (isWebSocketUpgrade(request)) {
      const handler = this.#handlers[asked.kind] as CommandHandler;
      const switched = await switchToWebSocketCommand(request, socket, head, origins);
      const { webSocket, subprotocol } = switched;
      const init = { ...channels, socket: webSocket, asked, subprotocol, handler };
      served = new WebSocketCommand(init);
      started();
    } else {
      const handler = this.#handlers[asked.kind] as CommandHandler;
      const { transport, protocol } = switchToCommand(request, socket, head);
      const session = this.#session(transport, request, {
        maxConcurrentStreams: MAX_COMMAND_STREAMS,
      });
      served = new CommandSession({ ...common, session, asked, protocol, handler, started });
    }
    this.#lives.add(served.life);
    if (this.#closing) served.life.end();
    await served.life.closed;
    this.#lives.delete(served.life);
    await served.done;
  }

  #session(transport: Duplex, request: IncomingMessage, limits: SessionOptions): Session {
    const session = serverSession(this.#options, limits);
    session.on('error', (error) => this.emit('sessionError', error, request));
    return session.attach(transport);
  }
}

function failure(code: number, reason: string, message: string): UpgradeRefusedError {
  return new UpgradeRefusedError(message, code, httpFailure(code, reason, message));
}

function ignore(): void {}
