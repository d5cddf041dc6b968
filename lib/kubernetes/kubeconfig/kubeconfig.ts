import { checkOptions, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { KubeConfigError } from '../errors.ts';
import type { ClusterOptions } from './cluster.ts';
import { credentialsOf, type TokenSource, tokenOf } from './credentials.ts';
import { type ConfigEntry, defaultFiles, type MergedConfig, readFiles } from './files.ts';
import { serverOf } from './server.ts';

/** What `loadKubeConfig()` shall read. */
export interface KubeConfigOptions {
  /** One file, which must exist, or several, of which missing ones are skipped. Default: the variable KUBECONFIG, then `~/.kube/config`. */
  readonly path?: string | readonly string[];
  /** The context to use. Default: the `current-context`. */
  readonly context?: string;
  /** A bearer token instead of the user's token, password, plugin (`exec`) or `auth-provider`. */
  readonly token?: TokenSource;
}

const OPTION_NAMES = optionNames<KubeConfigOptions>({
  path: true,
  context: true,
  token: true,
});

/** A context of a kubeconfig: where the cluster is and who we are there. */
export interface KubeConfig {
  /** For `exec()`, `portForward()` and so on. */
  readonly cluster: ClusterOptions;
  /** The namespace of the context, else `default`. */
  readonly namespace: string;
  /** Null for a service account. */
  readonly contextName: string | null;
  /** Null for a service account. */
  readonly clusterName: string | null;
  /** Null for a service account, and for a context without a user. */
  readonly userName: string | null;
  /** Names of all contexts that the files have, in their order. */
  readonly contextNames: readonly string[];
  /** Paths of the files that were read, the first one counting most. */
  readonly files: readonly string[];
}

/**
 * Reads the current context as kubectl does, from one file, several or the usual ones. Certificates are read at once, a `tokenFile`
 * again for each request. A credential plugin (`exec`) is run now, and again when its token has expired. Needs the package `yaml`.
 *
 * @throws KubeConfigError for what is missing, malformed or not supported (an `auth-provider` but a valid `id-token` of oidc, a SOCKS
 * proxy), and for a plugin that is not installed, fails or prints no credential
 */
export async function loadKubeConfig(
  options: string | KubeConfigOptions = {},
): Promise<KubeConfig> {
  const settings = typeof options === 'string' ? { path: options } : options;
  checkOptions('loadKubeConfig()', settings, OPTION_NAMES);
  const { files, lenient } = filesOf(settings);
  const config = await readFiles(files, lenient);
  const contextName = settings.context ?? config.currentContext;
  if (contextName === null)
    throw new KubeConfigError(
      `no current-context in ${config.files.join(', ')}: choose one of ${known(config.contexts)}`,
    );
  const { fields: context } = find(config, 'contexts', contextName, 'context');
  const clusterName = context.text('cluster');
  const userName = context.text('user');
  if (clusterName === null) throw new KubeConfigError(`context ${contextName} names no cluster`);
  const cluster = find(config, 'clusters', clusterName, 'cluster');
  const user = userName === null ? null : find(config, 'users', userName, 'user');
  const server = await serverOf(cluster);
  return {
    cluster: {
      ...server,
      ...(user === null
        ? tokenOf(settings.token)
        : await credentialsOf(user, settings.token, cluster, server)),
    },
    namespace: context.text('namespace') ?? 'default',
    contextName,
    clusterName,
    userName,
    contextNames: [...config.contexts.keys()],
    files: config.files,
  };
}

function filesOf({ path: given }: KubeConfigOptions): ReturnType<typeof defaultFiles> {
  if (given === undefined) return defaultFiles();
  if (typeof given === 'string' && given !== '') return { files: [given], lenient: false };
  if (Array.isArray(given) && given.length > 0) return { files: [...given], lenient: true };
  throw new InvalidArgumentError('path must be the name of a file, or a list of names');
}

function find(
  config: MergedConfig,
  list: 'clusters' | 'users' | 'contexts',
  name: string,
  what: string,
): ConfigEntry {
  const entry = config[list].get(name);
  if (entry !== undefined) return entry;
  throw new KubeConfigError(
    `${config.files.join(', ')}: there is no ${what} ${JSON.stringify(name)}, only ${known(config[list])}`,
  );
}

function known(entries: ReadonlyMap<string, ConfigEntry>): string {
  return entries.size === 0 ? 'none at all' : [...entries.keys()].join(', ');
}
