import { EventEmitter } from 'node:events';
import type http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Session, SessionOptions } from '../../session/public.ts';
import type { KubernetesStatus } from '../wire/status.ts';
import type { ServerCommand } from './command.ts';
import { type CommandHandler, outcomeOf } from './command-outcome.ts';
import { type CloseOptions, failure, UpgradeDoor, type Visit } from './door.ts';
import { ForwardSession, type PortForwardHandler } from './forward-session.ts';
import { type FrontInit, type Served, serveCommand, takeOver } from './front.ts';
import { checkHandlers, type StreamingHandlers } from './handlers.ts';
import {
  type ResolvedStreamingOptions,
  resolveStreamingOptions,
  type StreamingServerOptions,
} from './options.ts';
import type { CommandRequest, ForwardRequest, Route, StreamingRequest } from './routes.ts';
import { type RuntimeRequest, readRuntimeRequest } from './runtime-request.ts';
import { serverSession } from './server-session.ts';
import { OneTimeTokens } from './tokens.ts';
import { agreeOnCommand, agreeOnForward } from './upgrade.ts';
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
  readonly #door: UpgradeDoor;

  /** @throws InvalidArgumentError for an option that is out of range */
  constructor(handlers: StreamingHandlers, options: StreamingServerOptions = {}) {
    super();
    this.#handlers = checkHandlers(handlers);
    this.#options = resolveStreamingOptions(options);
    this.#door = new UpgradeDoor({
      ...this.#options,
      serve: (visit) => this.#serve(visit),
      failed: (error, request) => this.emit('handlerError', error, request),
    });
  }

  /** Sessions that count for `maxSessions`. */
  get sessions(): number {
    return this.#door.sessions;
  }

  /** Serves the 'upgrade' events of a server. If nobody else listens for them, other URLs are answered 404. Returns itself. */
  attach(server: http.Server | https.Server): this {
    this.#door.attach(server);
    return this;
  }

  /** For the 'upgrade' event of an `http.Server`: false if the URL is none of this server, and nothing was done. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return this.#door.handleUpgrade(request, socket, head);
  }

  /** For requests that ask for no upgrade: answers 400 under the URLs of this server; else false, and nothing was done. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#door.handleRequest(request, response);
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

  /**
   * Accepts nothing more, gives clients the time of `deadlineMs`, sends those away that are still there, and resolves when their sessions are
   * closed. Commands are told by their `signal`. Another call may shorten the time.
   */
  close(options: CloseOptions = {}): Promise<void> {
    return this.#door.close(options);
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #serve({ route, request, socket, head, started }: Visit): Promise<void> {
    const asked = await this.#admit(route, request);
    this.#door.checkOpen();
    if (socket.destroyed) return;
    takeOver(socket);
    const served =
      asked.kind === 'portForward'
        ? await this.#forward(asked, request, socket, head, started)
        : await this.#command(asked, request, socket, head, started);
    await this.#door.keep(served.life);
    await served.done;
  }

  /** What is asked for, if there is a handler for it and the client may. */
  async #admit(route: Route, request: IncomingMessage): Promise<StreamingRequest> {
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

  async #command(
    asked: CommandRequest,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    started: () => void,
  ): Promise<Served> {
    const handler = this.#handlers[asked.kind] as CommandHandler;
    const front = await agreeOnCommand(request, this.#options.origins)(socket, head);
    const failed = (error: unknown): void => void this.emit('handlerError', error, request);
    const serve = (command: ServerCommand): Promise<KubernetesStatus> =>
      outcomeOf(handler, command, failed);
    return serveCommand(front, asked, this.#front(request), serve, started);
  }

  async #forward(
    asked: ForwardRequest,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    started: () => void,
  ): Promise<Served> {
    const { maxConnections, origins } = this.#options;
    const front = await agreeOnForward(request, asked, origins)(socket, head);
    const handler = this.#handlers.portForward as PortForwardHandler;
    const failed = (error: unknown): void => void this.emit('handlerError', error, request);
    const init = { ...this.#front(request), asked, handler, failed };
    started();
    if ('webSocket' in front) {
      const { webSocket, subprotocol } = front;
      return new WebSocketForward({ ...init, socket: webSocket, subprotocol });
    }
    const session = init.attach(front.transport, {
      maxConcurrentStreams: 2 * maxConnections,
      streamResetRate: FORWARD_RESETS,
    });
    return new ForwardSession({ ...init, session, maxConnections });
  }

  #front(request: IncomingMessage): FrontInit {
    const { streamCreationTimeoutMs, endTimeoutMs, idleTimeoutMs } = this.#options;
    const broken = (error: Error): void => void this.emit('sessionError', error, request);
    const attach = (transport: Duplex, limits: SessionOptions): Session => {
      const session = serverSession(this.#options, limits);
      session.on('error', broken);
      return session.attach(transport);
    };
    return { request, streamCreationTimeoutMs, endTimeoutMs, idleTimeoutMs, attach, broken };
  }
}
