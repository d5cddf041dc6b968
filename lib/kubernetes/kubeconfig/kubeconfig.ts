import { checkOptions, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { KubeConfigError } from '../errors.ts';
import type { KubeConfig } from './context.ts';
import { together } from './credential-files.ts';
import { credentialsOf, type TokenSource, tokenOf } from './credentials.ts';
import {
  type ConfigEntry,
  defaultFiles,
  type MergedConfig,
  noKubeConfig,
  readFiles,
} from './files.ts';
import { serverOf } from './server.ts';
import { serviceAccountIfAny } from './service-account.ts';

/** What `loadKubeConfig()` shall read. */
export interface KubeConfigOptions {
  /**
   * One file, which must exist, or several, of which missing ones are skipped. Default: the variable KUBECONFIG, then `~/.kube/config`, then,
   * in a pod, its service account.
   */
  readonly path?: string | readonly string[] | undefined;
  /** The context to use. Default: the `current-context`. */
  readonly context?: string | undefined;
  /** A bearer token instead of the user's token, password, plugin (`exec`) or `auth-provider`. */
  readonly token?: TokenSource | undefined;
  /** Where the service account of a pod is looked for. Default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly serviceAccountDirectory?: string | undefined;
}

const OPTION_NAMES = optionNames<KubeConfigOptions>({
  path: true,
  context: true,
  token: true,
  serviceAccountDirectory: true,
});

/**
 * Reads the current context as kubectl does, from one file, several or the usual ones. Where there is none of the usual ones, and no context was
 * asked for, a pod has its service account. Files of certificates and tokens are read now, and again when they have changed. A credential
 * plugin (`exec`) is run now, and again when what it gave has expired. Needs the package `yaml`, but for a service account.
 *
 * A proxy of the environment (HTTPS_PROXY, NO_PROXY) counts where the cluster has no `proxy-url`.
 *
 * @throws KubeConfigError for what is missing, malformed or not supported (an `auth-provider` but a valid `id-token` of oidc), and for a plugin
 * that is not installed, fails or prints no credential
 */
export async function loadKubeConfig(
  options: string | KubeConfigOptions = {},
): Promise<KubeConfig> {
  const settings = typeof options === 'string' ? { path: options } : options;
  checkOptions('loadKubeConfig()', settings, OPTION_NAMES);
  const { path, context, token, serviceAccountDirectory: directory } = settings;
  const { files, lenient } = filesOf(path);
  const config = await readFiles(files, lenient);
  if (config !== null) return await contextOf(config, settings);
  const ofPod =
    path === undefined && context === undefined
      ? await serviceAccountIfAny(directory === undefined ? {} : { directory }, token)
      : null;
  if (ofPod === null) throw noKubeConfig(files);
  return ofPod;
}

async function contextOf(config: MergedConfig, settings: KubeConfigOptions): Promise<KubeConfig> {
  const contextName = settings.context ?? config.currentContext;
  if (contextName === null)
    throw new KubeConfigError(
      `no current-context in ${config.files.join(', ')}: choose one of ${known(config.contexts)}`,
    );
  const { fields: context } = find(config, 'contexts', contextName, 'context');
  const clusterName = context.text('cluster');
  const userName = context.text('user');
  if (clusterName === null) throw new KubeConfigError(`${context.where} names no cluster`);
  const cluster = find(config, 'clusters', clusterName, 'cluster');
  const user = userName === null ? null : find(config, 'users', userName, 'user');
  const server = await serverOf(cluster);
  const credentials =
    user === null
      ? tokenOf(settings.token)
      : await credentialsOf(user, settings.token, cluster, server);
  return {
    cluster: {
      ...server,
      ...credentials,
      ...together(server.certificates, credentials.certificates),
    },
    namespace: context.text('namespace') ?? 'default',
    contextName,
    clusterName,
    userName,
    contextNames: [...config.contexts.keys()],
    files: config.files,
  };
}

function filesOf(given: KubeConfigOptions['path']): ReturnType<typeof defaultFiles> {
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
