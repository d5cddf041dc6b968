import type { Readable, Writable } from 'node:stream';
import type { ClusterOptions } from '../../kubeconfig/cluster.ts';
import { REMOTE_COMMAND_PROTOCOLS } from '../../wire/protocols.ts';
import { ATTACH_OPTION_NAMES, checkTargetNames, EXEC_OPTION_NAMES } from '../option-names.ts';
import { withPlainPod } from '../target/resolve-target.ts';
import { tryBoth } from '../transport.ts';
import { upgradeToSpdy } from '../upgrade.ts';
import { openWebSocket } from '../websocket-upgrade.ts';
import {
  type AttachOptions,
  type ExecOptions,
  type KubernetesTarget,
  locateTarget,
  type RemoteCommandOptions,
  type ResolvedCommand,
  resolveCommand,
} from './command-options.ts';
import { type CommandLink, RemoteCommand } from './remote-command.ts';
import { SpdyCommand } from './spdy-command.ts';
import { WebSocketCommand } from './websocket-command.ts';

/** The options that say which streams a command has, by their values where those are known beforehand. */
export interface StreamFlags<
  In extends boolean,
  Out extends boolean,
  Err extends boolean,
  Tty extends boolean,
> {
  /** Whether `stdin` is there to be written. Default false. */
  readonly stdin?: In | undefined;
  /** Whether `stdout` is there to be read. Default true. */
  readonly stdout?: Out | undefined;
  /** Whether `stderr` is there to be read. Default true; with `tty` there is none. */
  readonly stderr?: Err | undefined;
  /** Whether it runs in a terminal. Default false. */
  readonly tty?: Tty | undefined;
}

/** A command whose streams are there, or null, as its options said. */
export type StartedCommand<
  In extends boolean,
  Out extends boolean,
  Err extends boolean,
  Tty extends boolean,
> = RemoteCommand & {
  /** Standard input of the command; ending it is its end of input. */
  readonly stdin: If<In, Writable>;
  /** Standard output of the command. */
  readonly stdout: If<Out, Readable>;
  /** Standard error of the command; a terminal has none. */
  readonly stderr: Tty extends true ? null : If<Err, Readable>;
};

type If<Wanted extends boolean, T> = Wanted extends true ? T : null;

/**
 * Runs a command in a container. Resolves when the connection is there; how the command ends is told by `exited`.
 *
 * Rejects with UpgradeRefusedError, with the error of the socket or of TLS, with `ERR_SPDY_TIMEOUT` or `ERR_SPDY_ABORTED`, and with
 * InvalidArgumentError for bad options.
 */
export async function exec<
  In extends boolean = false,
  Out extends boolean = true,
  Err extends boolean = true,
  Tty extends boolean = false,
>(
  options: ExecOptions & StreamFlags<In, Out, Err, Tty>,
): Promise<StartedCommand<In, Out, Err, Tty>> {
  checkTargetNames('exec()', options, EXEC_OPTION_NAMES);
  return start(options, options.command, options);
}

/** Connects to the streams of a container's main process. The rest is as with `exec()`. */
export async function attach<
  In extends boolean = false,
  Out extends boolean = true,
  Err extends boolean = true,
  Tty extends boolean = false,
>(
  options: AttachOptions & StreamFlags<In, Out, Err, Tty>,
): Promise<StartedCommand<In, Out, Err, Tty>> {
  checkTargetNames('attach()', options, ATTACH_OPTION_NAMES);
  return start(options, null, options);
}

/** Starts a command, or attaches when it is null; `inputIsRead`: it reads all of its input as it comes. */
export async function start<Started extends RemoteCommand>(
  target: KubernetesTarget,
  command: readonly string[] | null,
  options: RemoteCommandOptions,
  inputIsRead = false,
): Promise<Started> {
  const connection = await connectCommand(target, command, options, inputIsRead);
  // What was asked for is what it has: the types of the callers say no more.
  return new RemoteCommand(connection.begin()) as Started;
}

/** A connection for a command. Over SPDY that has not begun yet. */
export interface CommandConnection {
  begin(): CommandLink;
  /** Ends the connection of a command that shall not begin. */
  abandon(): void;
}

/** Connects for a command, or to attach when it is null; the rest is as with `start()`. */
export async function connectCommand(
  target: KubernetesTarget,
  command: readonly string[] | null,
  options: RemoteCommandOptions,
  inputIsRead = false,
): Promise<CommandConnection> {
  const resolved = resolveCommand(command, options, inputIsRead);
  const action = command === null ? 'attach' : 'exec';
  const named = await withPlainPod(target, options);
  const way = { ...locateTarget(named, action, resolved.query), options, resolved };
  const { transport } = resolved;
  if (transport === 'spdy') return await overSpdy(way);
  if (transport === 'websocket') return await overWebSocket(way);
  return await tryBoth<CommandConnection>(
    () => overSpdy(way),
    () => overWebSocket(way),
  );
}

/** Where a command is started, and how. */
interface Way {
  readonly cluster: ClusterOptions;
  readonly path: string;
  readonly options: RemoteCommandOptions;
  readonly resolved: ResolvedCommand;
}

async function overSpdy({ cluster, path, options, resolved }: Way): Promise<CommandConnection> {
  const { signal, timeoutMs, session: sessionOptions } = options;
  const { session, protocol } = await upgradeToSpdy({
    cluster,
    path,
    protocols: REMOTE_COMMAND_PROTOCOLS,
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(sessionOptions === undefined ? {} : { session: sessionOptions }),
  });
  return {
    begin: () => new SpdyCommand(session, protocol, resolved),
    abandon: () => void session.destroy(),
  };
}

async function overWebSocket(way: Way): Promise<CommandConnection> {
  const { cluster, path, options, resolved } = way;
  const { signal = new AbortController().signal, timeoutMs = 30_000 } = options;
  const { stdin, tty } = resolved.query;
  // Below v5 stdin has no end; what is typed in a terminal needs none.
  const protocols =
    stdin && !tty ? ['v5.channel.k8s.io'] : ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
  const { socket, protocol } = await openWebSocket({ cluster, path, timeoutMs, signal }, protocols);
  return {
    begin: () => new WebSocketCommand(socket, protocol, resolved, signal),
    abandon: () => socket.terminate(),
  };
}
