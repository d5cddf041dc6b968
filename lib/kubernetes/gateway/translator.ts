import http, { type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { shown } from '../../common/check.ts';
import { InvalidArgumentError, SpdyError } from '../../errors.ts';
import { locateTarget } from '../client/command/command-options.ts';
import { type CommandConnection, connectCommand } from '../client/command/exec.ts';
import type { CommandLink } from '../client/command/remote-command.ts';
import { PortForwardConnector } from '../client/forward/port-forward-connect.ts';
import { keepSessionOpen } from '../client/keep-open.ts';
import { leave } from '../client/leave.ts';
import { withPlainPod } from '../client/target/resolve-target.ts';
import { clientSession } from '../client/upgrade.ts';
import { RemoteFailureError, TargetError, UpgradeRefusedError } from '../errors.ts';
import type { ServerCommand } from '../server/command.ts';
import { failure, UpgradeDoor, type Visit } from '../server/door.ts';
import { type FrontInit, frontOf, serveCommand, takeOver } from '../server/front.ts';
import type { CommandRequest, ForwardRequest, StreamingRequest } from '../server/routes.ts';
import { agreeOnCommand, agreeOnForward, type ChannelSocket } from '../server/upgrade.ts';
import { WebSocketForward } from '../server/websocket-forward.ts';
import type { KubernetesStatus } from '../wire/status.ts';
import { ByteBridge } from './byte-bridge.ts';
import { forwardThrough } from './channel-bridge.ts';
import { bridgeCommand } from './command-bridge.ts';
import {
  type ResolvedTranslatorOptions,
  resolveTranslatorOptions,
  type StreamTranslatorOptions,
} from './options.ts';
import { type ChosenTarget, completeTarget, type TargetChooser } from './target.ts';

/** Events of a StreamTranslator with their arguments. Harmless without listeners. */
export interface StreamTranslatorEvents {
  /** A target cannot be chosen or reached, or the connection to it was lost; the client was told. */
  targetError: [error: unknown, request: IncomingMessage];
  /** A client broke the protocol, or exceeded a limit. */
  sessionError: [error: Error, request: IncomingMessage];
}

/**
 * Leads exec, attach and port forwarding of clients to servers of Kubernetes that may speak another transport: WebSocket in front and SPDY behind, as
 * API servers do, or the other way round. `target` chooses where each client is led.
 */
export function createStreamTranslator(
  target: TargetChooser,
  options: StreamTranslatorOptions = {},
): StreamTranslator {
  return new StreamTranslator(target, options);
}

/** Made by `createStreamTranslator()`. */
export class StreamTranslator extends UpgradeDoor<StreamTranslatorEvents> {
  readonly #choose: TargetChooser;
  readonly #options: ResolvedTranslatorOptions;

  /** @throws InvalidArgumentError for an option that is out of range */
  constructor(target: TargetChooser, options: StreamTranslatorOptions = {}) {
    const resolved = resolveTranslatorOptions(options);
    super(resolved);
    if (typeof target !== 'function')
      throw new InvalidArgumentError(`target must be a function, got ${shown(target)}`);
    this.#choose = target;
    this.#options = resolved;
  }

  protected override failed(error: unknown, request: IncomingMessage): void {
    this.emit('targetError', error, request);
  }

  protected override async serve(visit: Visit): Promise<void> {
    const { route } = visit;
    if (route.api === 'runtime') throw failure(404, 'NotFound', 'nothing is served under this URL');
    const { asked } = route;
    if (asked.kind === 'portForward') await this.#forward(asked, visit);
    else await this.#command(asked, visit);
  }

  async #command(asked: CommandRequest, visit: Visit): Promise<void> {
    const { request, socket, head, started } = visit;
    const { origins, dialTimeoutMs: timeoutMs, ...options } = this.#options;
    const accept = agreeOnCommand(request, origins);
    const { place, transport } = await this.#target(asked, request);
    const { stdin, stdout, stderr, tty } = asked;
    const { replyTimeoutMs, pingIntervalMs, pingTimeoutMs, session } = options;
    const words = asked.kind === 'exec' ? asked.command : null;
    const connection = await this.#dial(visit, (signal) =>
      connectCommand(place, words, {
        ...{ stdin, stdout, stderr, tty, transport, signal },
        ...{ timeoutMs, replyTimeoutMs, pingIntervalMs, pingTimeoutMs, session },
      }),
    );
    if (connection === null || socket.destroyed) {
      connection?.abandon();
      return;
    }
    const once = new OneCommand(connection);
    try {
      this.checkOpen();
      takeOver(socket);
      const front = await accept(socket, head);
      const failed = (error: unknown): void => this.failed(error, request);
      const serve = (command: ServerCommand): Promise<KubernetesStatus> =>
        bridgeCommand(command, once.begin(), failed);
      const served = serveCommand(front, asked, this.#front(request), serve, started);
      await this.keep(served.life);
      await served.done;
    } finally {
      await once.finish();
    }
  }

  async #forward(asked: ForwardRequest, visit: Visit): Promise<void> {
    const { request, socket, head, started } = visit;
    const { origins, dialTimeoutMs: timeoutMs, idleTimeoutMs, endTimeoutMs } = this.#options;
    const accept = agreeOnForward(request, asked, origins);
    const { place, transport } = await this.#target(asked, request);
    const back = await this.#dial(visit, async (signal) => {
      const named = await withPlainPod(place, { timeoutMs, signal });
      const where = { ...locateTarget(named, 'portforward', null), timeoutMs };
      return new PortForwardConnector(where, transport).dial(signal);
    });
    if (back === null) return;
    try {
      this.checkOpen();
      takeOver(socket);
      const front = await accept(socket, head);
      started();
      if ('webSocket' in front) {
        await this.#forwardChannels(front, asked, request, back);
        return;
      }
      const failed = (error: Error): void => this.failed(error, request);
      const { transport: bytes } = front;
      await this.keep(new ByteBridge({ front: bytes, back, idleTimeoutMs, endTimeoutMs, failed }));
    } finally {
      back.destroy();
    }
  }

  /** Channels are no bytes of SPDY: they become connections of a session. */
  async #forwardChannels(
    { webSocket, subprotocol }: ChannelSocket,
    asked: ForwardRequest,
    request: IncomingMessage,
    back: Duplex,
  ): Promise<void> {
    const { replyTimeoutMs, pingIntervalMs, pingTimeoutMs, session: options } = this.#options;
    const session = clientSession(back, { session: options });
    keepSessionOpen(session, { pingIntervalMs, pingTimeoutMs, inputIsRead: false });
    const served = new WebSocketForward({
      ...this.#front(request),
      socket: webSocket,
      asked,
      subprotocol,
      handler: forwardThrough(session, replyTimeoutMs),
      failed: (error) => {
        // The pod's side refuses a port: the client is told, and nothing else.
        if (!(error instanceof RemoteFailureError)) this.failed(error, request);
      },
    });
    await this.keep(served.life);
    await served.done;
    await leave(session);
  }

  async #target(asked: StreamingRequest, request: IncomingMessage): Promise<ChosenTarget> {
    return completeTarget(await this.#choose(asked, request), asked);
  }

  /** Connects to the target; null when the client has left meanwhile. What goes wrong is what the client is answered. */
  async #dial<T>(
    { request, socket }: Visit,
    connect: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | null> {
    const gone = new AbortController();
    const leaves = (): void => gone.abort();
    socket.once('close', leaves);
    try {
      if (socket.destroyed) return null;
      return await connect(gone.signal);
    } catch (error) {
      if (gone.signal.aborted) return null;
      if (error instanceof InvalidArgumentError) throw error;
      this.failed(error, request);
      throw answerOf(error as Error);
    } finally {
      socket.removeListener('close', leaves);
    }
  }

  #front(request: IncomingMessage): FrontInit {
    return frontOf(this.#options, request, (error) => this.emit('sessionError', error, request));
  }
}

/** A connection whose command begins once, or never. */
class OneCommand {
  readonly #connection: CommandConnection;
  #link: CommandLink | null = null;

  constructor(connection: CommandConnection) {
    this.#connection = connection;
  }

  begin(): CommandLink {
    this.#link = this.#connection.begin();
    return this.#link;
  }

  /** Resolves when the connection is closed. */
  async finish(): Promise<void> {
    if (this.#link === null) {
      this.#connection.abandon();
      return;
    }
    this.#link.close();
    await this.#link.closed();
  }
}

/** What a client is answered whose target cannot be reached: what that has answered, or that it has not. */
function answerOf(error: Error): UpgradeRefusedError {
  const answered = error instanceof UpgradeRefusedError || error instanceof TargetError;
  // There is no pod, and nothing else is wrong.
  const code = answered ? (error.statusCode ?? 404) : 0;
  if (answered && code >= 400) {
    const { status, message } = error;
    if (status !== null) return new UpgradeRefusedError(message, code, status);
    const reason = (http.STATUS_CODES[code] ?? '').replaceAll(/[^A-Za-z]/g, '');
    return failure(code, reason, message);
  }
  const isLate = error instanceof SpdyError && error.code === 'ERR_SPDY_TIMEOUT';
  const message = `the target cannot be reached: ${error.message}`;
  return isLate ? failure(504, 'Timeout', message) : failure(502, 'BadGateway', message);
}
