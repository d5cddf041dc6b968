import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { KubernetesStatus } from '../wire/status.ts';
import type { ServerCommand } from './command.ts';
import { type CommandHandler, outcomeOf } from './command-outcome.ts';
import { failure, UpgradeDoor, type Visit } from './door.ts';
import { ForwardSession, type PortForwardHandler } from './forward-session.ts';
import { type FrontInit, frontOf, type Served, serveCommand, takeOver } from './front.ts';
import { checkHandlers, type StreamingHandlers } from './handlers.ts';
import {
  type ResolvedStreamingOptions,
  resolveStreamingOptions,
  type StreamingServerOptions,
} from './options.ts';
import type { CommandRequest, ForwardRequest, Route, StreamingRequest } from './routes.ts';
import { type RuntimeRequest, readRuntimeRequest } from './runtime-request.ts';
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
export class StreamingServer extends UpgradeDoor<StreamingServerEvents> {
  readonly #handlers: StreamingHandlers;
  readonly #options: ResolvedStreamingOptions;
  readonly #tokens = new OneTimeTokens<StreamingRequest>();

  /** @throws InvalidArgumentError for an option that is out of range */
  constructor(handlers: StreamingHandlers, options: StreamingServerOptions = {}) {
    const resolved = resolveStreamingOptions(options);
    super(resolved);
    this.#options = resolved;
    this.#handlers = checkHandlers(handlers);
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

  protected override failed(error: unknown, request: IncomingMessage): void {
    this.emit('handlerError', error, request);
  }

  protected override async serve({ route, request, socket, head, started }: Visit): Promise<void> {
    const asked = await this.#admit(route, request);
    this.checkOpen();
    if (socket.destroyed) return;
    takeOver(socket);
    const served =
      asked.kind === 'portForward'
        ? await this.#forward(asked, request, socket, head, started)
        : await this.#command(asked, request, socket, head, started);
    await this.keep(served.life);
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
    const failed = (error: unknown): void => this.failed(error, request);
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
    const failed = (error: unknown): void => this.failed(error, request);
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
    return frontOf(this.#options, request, (error) => this.emit('sessionError', error, request));
  }
}
