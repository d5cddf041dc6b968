import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Session, SessionOptions } from '../../session/public.ts';
import type { KubernetesStatus } from '../wire/status.ts';
import type { ServerCommand } from './command.ts';
import { CommandSession } from './command-session.ts';
import type { Life } from './door.ts';
import type { ResolvedStreamingOptions } from './options.ts';
import type { CommandRequest } from './routes.ts';
import { serverSession } from './server-session.ts';
import type { CommandFront } from './upgrade.ts';
import { WebSocketCommand } from './websocket-command.ts';

/** What is served to one client. */
export interface Served {
  readonly life: Life;
  /** Resolves when its connection is closed, and what serves it is done. */
  readonly done: Promise<unknown>;
}

/** Whatever kind of client is served. */
export interface FrontInit {
  readonly request: IncomingMessage;
  readonly streamCreationTimeoutMs: number;
  readonly endTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Makes a session on a transport. */
  readonly attach: (transport: Duplex, limits: SessionOptions) => Session;
  /** The client broke the protocol. */
  readonly broken: (error: Error) => void;
}

/** Options that every server of streams has. */
type FrontOptions = Pick<
  ResolvedStreamingOptions,
  'streamCreationTimeoutMs' | 'endTimeoutMs' | 'idleTimeoutMs' | 'idleIgnoresPing' | 'session'
>;

/** Most streams of one command: there is use for five. */
const MAX_COMMAND_STREAMS = 32;
/** The transport's own question whether the peer is still there. */
const TCP_KEEPALIVE_MS = 30_000;

/** What may differ between transports. */
interface SocketLike {
  setTimeout?(ms: number): unknown;
  setKeepAlive?(enable: boolean, ms: number): unknown;
}

/** How the client of a request is served. `broken`: it broke the protocol. */
export function frontOf(
  options: FrontOptions,
  request: IncomingMessage,
  broken: (error: Error) => void,
): FrontInit {
  const { streamCreationTimeoutMs, endTimeoutMs, idleTimeoutMs } = options;
  const attach = (transport: Duplex, limits: SessionOptions): Session => {
    const session = serverSession(options, limits);
    session.on('error', broken);
    return session.attach(transport);
  };
  return { request, streamCreationTimeoutMs, endTimeoutMs, idleTimeoutMs, attach, broken };
}

/** Takes the socket of an upgrade from the HTTP server, which would end it when it is silent. */
export function takeOver(socket: Duplex): void {
  (socket as SocketLike).setTimeout?.(0);
  (socket as SocketLike).setKeepAlive?.(true, TCP_KEEPALIVE_MS);
}

/** Serves a client of exec or attach. `started` is called when the command is served, whose outcome `serve` resolves with: it never rejects. */
export function serveCommand(
  front: CommandFront,
  asked: CommandRequest,
  init: FrontInit,
  serve: (command: ServerCommand) => Promise<KubernetesStatus>,
  started: () => void,
): Served {
  if ('webSocket' in front) {
    const { webSocket: socket, subprotocol } = front;
    started();
    return new WebSocketCommand({ ...init, socket, asked, subprotocol, serve });
  }
  const { transport, protocol } = front;
  const session = init.attach(transport, { maxConcurrentStreams: MAX_COMMAND_STREAMS });
  return new CommandSession({ ...init, session, asked, protocol, serve, started });
}
