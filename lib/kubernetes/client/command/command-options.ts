import { checkBoolean, checkObject, checkRange, checkTime, shown } from '../../../common/check.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import type { SessionOptions } from '../../../session/public.ts';
import type { ClusterOptions } from '../../kubeconfig/cluster.ts';
import type { TerminalSize } from '../../wire/terminal-size.ts';
import type { KeepOpenOptions } from '../keep-open.ts';
import { type Action, type CommandQuery, type PodTarget, pathOf } from '../target/target.ts';
import { checkTransport, type KubernetesTransport } from '../transport.ts';

/** A container behind an API server or on a kubelet. */
export interface PodCommandTarget extends PodTarget {
  /** The API server, kubelet or runtime to ask, and how: TLS, credentials, headers. */
  readonly cluster: ClusterOptions;
}

/** A URL that a container runtime has given for one command (its `Exec`, `Attach` or `PortForward` answer); `cluster` says how to connect. */
export interface UrlTarget {
  /** Absolute URL with its query; used as it is. */
  readonly url: string | URL;
  /** Certificates, token, fields and agent; its `server` does not count. Default none. */
  readonly cluster?: Partial<ClusterOptions> | undefined;
}

/** Where something is done. */
export type KubernetesTarget = PodCommandTarget | UrlTarget;

/** Options of `attach()`, and of `exec()` besides the command. Of a `url` target the query is decided already: they say the same again. */
export interface RemoteCommandOptions {
  /** Whether standard input is sent. Default false. */
  readonly stdin?: boolean | undefined;
  /** Whether standard output is wanted. Default true. */
  readonly stdout?: boolean | undefined;
  /** Whether standard error is wanted. Default true; with a terminal there is none. */
  readonly stderr?: boolean | undefined;
  /** Runs the command on a terminal. Default false. */
  readonly tty?: boolean | undefined;
  /** The first size of the terminal. */
  readonly size?: TerminalSize | undefined;
  /**
   * `'spdy'`, `'websocket'` (from Kubernetes 1.30 on; needs the package `ws`), or `'auto'`: SPDY, and WebSocket when the server does not let
   * that through. Default `'auto'`.
   */
  readonly transport?: KubernetesTransport | undefined;
  /** Ends the connection, and rejects with `ERR_SPDY_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for connecting and the HTTP answer, 0 for no limit. Default 30000. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds for the server to accept all streams, 0 for no limit. Default 30000. */
  readonly replyTimeoutMs?: number | undefined;
  /** Milliseconds between PINGs, which keep proxies from closing a silent connection; 0 for none. Default 30000. */
  readonly pingIntervalMs?: number | undefined;
  /**
   * Milliseconds for the server to send anything behind a PING, 0 for no limit. Default 30000. Then the connection is lost. A server that may
   * be stuck with input which the command does not read has more time.
   */
  readonly pingTimeoutMs?: number | undefined;
  /** Options of the session, over those that Kubernetes needs. */
  readonly session?: SessionOptions | undefined;
}

/** Options of `exec()`. */
export type ExecOptions = KubernetesTarget &
  RemoteCommandOptions & {
    /** The argument vector; no shell looks at it. */
    readonly command: readonly string[];
  };

/** Options of `attach()`. */
export type AttachOptions = KubernetesTarget & RemoteCommandOptions;

/** Options of a command with every default filled in. */
export interface ResolvedCommand {
  readonly query: CommandQuery;
  readonly transport: KubernetesTransport;
  readonly size: TerminalSize | null;
  readonly replyTimeoutMs: number;
  readonly keepOpen: KeepOpenOptions;
}

/** Checks the options of a command; `inputIsRead`: it reads all of its input as it comes. */
export function resolveCommand(
  command: readonly string[] | null,
  options: RemoteCommandOptions,
  inputIsRead = false,
): ResolvedCommand {
  checkObject('options', options);
  const isWord = (word: unknown): boolean => typeof word === 'string';
  if (command !== null && !(Array.isArray(command) && command.length > 0 && command.every(isWord)))
    throw new InvalidArgumentError('command must be an array of strings, and not empty');
  const { size = null, replyTimeoutMs = 30_000 } = options;
  const { pingIntervalMs = 30_000, pingTimeoutMs = 30_000 } = options;
  const { stdin = false, stdout = true, stderr = true, tty = false } = options;
  checkBoolean('tty', tty);
  const query: CommandQuery = {
    command,
    stdin: checkBoolean('stdin', stdin),
    stdout: checkBoolean('stdout', stdout),
    // The terminal has merged it already.
    stderr: checkBoolean('stderr', stderr) && !tty,
    tty,
  };
  if (!query.stdin && !query.stdout && !query.stderr)
    throw new InvalidArgumentError('one of stdin, stdout and stderr is needed');
  if (size !== null) checkSize(size);
  checkTime('replyTimeoutMs', replyTimeoutMs);
  checkTime('pingIntervalMs', pingIntervalMs);
  checkTime('pingTimeoutMs', pingTimeoutMs);
  const keepOpen = { pingIntervalMs, pingTimeoutMs, inputIsRead };
  const transport = checkTransport(options.transport ?? 'auto');
  return { query, transport, size, replyTimeoutMs, keepOpen };
}

/** Checks the size of a terminal. */
export function checkSize(size: TerminalSize): void {
  checkObject('size', size);
  checkRange('size.columns', size.columns, 1, 65535);
  checkRange('size.rows', size.rows, 1, 65535);
}

/** The server to connect to, and path and query of the request there. */
export function locateTarget(
  target: KubernetesTarget,
  action: Action,
  query: CommandQuery | null,
): { readonly cluster: ClusterOptions; readonly path: string } {
  if (!('url' in target)) return { cluster: target.cluster, path: pathOf(target, action, query) };
  let url: URL;
  try {
    url = new URL(target.url);
  } catch {
    throw new InvalidArgumentError(`url must be a URL, got ${shown(target.url)}`);
  }
  return { cluster: { ...target.cluster, server: url.origin }, path: url.pathname + url.search };
}
