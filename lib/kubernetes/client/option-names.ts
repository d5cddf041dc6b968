import { checkOptions, type NamesOf, optionNames } from '../../common/option-names.ts';
import { isTlsOption } from '../../session/public.ts';
import type { ClusterOptions } from '../kubeconfig/cluster.ts';
import type {
  PodCommandTarget,
  RemoteCommandOptions,
  UrlTarget,
} from './command/command-options.ts';
import type { PortForwardOptions } from './forward/port-forward-options.ts';

const TARGET: NamesOf<PodCommandTarget & UrlTarget> = {
  cluster: true,
  url: true,
  namespace: true,
  pod: true,
  container: true,
  uid: true,
  api: true,
  podTimeoutMs: true,
};

const COMMAND: NamesOf<RemoteCommandOptions> = {
  stdin: true,
  stdout: true,
  stderr: true,
  tty: true,
  size: true,
  transport: true,
  signal: true,
  timeoutMs: true,
  replyTimeoutMs: true,
  pingIntervalMs: true,
  pingTimeoutMs: true,
  session: true,
};

const CLUSTER_NAMES = optionNames<ClusterOptions>({
  ca: true,
  cert: true,
  key: true,
  passphrase: true,
  servername: true,
  rejectUnauthorized: true,
  server: true,
  token: true,
  certificates: true,
  headers: true,
  agent: true,
});

/** Names of the options of `attach()`. */
export const ATTACH_OPTION_NAMES: ReadonlySet<string> = new Set(
  Object.keys({ ...TARGET, ...COMMAND }),
);

/** Names of the options of `exec()`. */
export const EXEC_OPTION_NAMES: ReadonlySet<string> = new Set([...ATTACH_OPTION_NAMES, 'command']);

/** Names of the options of `run()`. */
export const RUN_OPTION_NAMES: ReadonlySet<string> = new Set(
  [...EXEC_OPTION_NAMES, 'input', 'maxOutputBytes'].filter(
    (name) => !['stdin', 'stdout', 'stderr', 'tty', 'size'].includes(name),
  ),
);

/** Names of the options of `portForward()`. */
export const PORT_FORWARD_OPTION_NAMES: ReadonlySet<string> = optionNames<
  PodCommandTarget & UrlTarget & PortForwardOptions
>({
  ...TARGET,
  transport: true,
  reconnect: true,
  signal: true,
  timeoutMs: true,
  replyTimeoutMs: true,
  pingIntervalMs: true,
  pingTimeoutMs: true,
  stallTimeoutMs: true,
  session: true,
});

/** Names of what a stream translator is told of a target. */
export const TRANSLATOR_TARGET_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(TARGET),
  'transport',
]);

/**
 * Checks the names of the options of a call, and of its cluster.
 *
 * @throws InvalidArgumentError for a name that is none
 */
export function checkTargetNames(call: string, options: object, names: ReadonlySet<string>): void {
  checkOptions(call, options, names);
  const { cluster } = options as { readonly cluster?: unknown };
  if (typeof cluster === 'object' && cluster !== null)
    checkOptions('cluster', cluster, CLUSTER_NAMES, isTlsOption);
}
