import path from 'node:path';
import { InvalidArgumentError } from '../../errors.ts';
import { KubeConfigError } from '../errors.ts';
import { readBounded } from './bounded-file.ts';
import type { ClusterOptions } from './cluster.ts';
import type { Fields } from './fields.ts';
import { type ConfigEntry, defaultFiles, type MergedConfig, readFiles } from './files.ts';
import { proxyAgent } from './proxy-agent.ts';

/** Largest certificate, key or token file that is read, in bytes. */
const MAX_CREDENTIAL_SIZE = 1 << 20;

/** The folder in which a pod finds its service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A bearer token, or what gives one for each request. */
export type TokenSource = string | (() => string | Promise<string>);

/** What `loadKubeConfig()` shall read. */
export interface KubeConfigOptions {
  /** One file, which must exist, or several, of which missing ones are skipped. Default: the variable KUBECONFIG, then `~/.kube/config`. */
  readonly path?: string | readonly string[];
  /** The context to use. Default: the `current-context`. */
  readonly context?: string;
  /** A bearer token instead of the user's token, password or plugin (`exec`, `auth-provider`, which are not run here). */
  readonly token?: TokenSource;
}

/** A context of a kubeconfig: where the cluster is and who we are there. */
export interface KubeConfig {
  /** For `exec()`, `portForward()` and so on. */
  readonly cluster: ClusterOptions;
  /** The namespace of the context, else `default`. */
  readonly namespace: string;
  /** Null for a service account. */
  readonly contextName: string | null;
  readonly clusterName: string | null;
  readonly userName: string | null;
  /** The names of all contexts. */
  readonly contextNames: readonly string[];
  /** The files that were read. */
  readonly files: readonly string[];
}

/**
 * Reads the current context as kubectl does, from one file, several or the usual ones. Certificates are read at once, a `tokenFile`
 * again for each request. Needs the package `yaml`.
 *
 * @throws KubeConfigError for what is missing, malformed or not supported: credentials from a program (`exec`) or an `auth-provider`
 * (give the option `token` instead), a SOCKS proxy
 */
export async function loadKubeConfig(
  options: string | KubeConfigOptions = {},
): Promise<KubeConfig> {
  const settings = typeof options === 'string' ? { path: options } : options;
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
  const secure = server.server.startsWith('https:');
  return {
    cluster: {
      ...server,
      ...(user === null
        ? tokenOf(settings.token)
        : await credentialsOf(user, settings.token, secure)),
    },
    namespace: context.text('namespace') ?? 'default',
    contextName,
    clusterName,
    userName,
    contextNames: [...config.contexts.keys()],
    files: config.files,
  };
}

/**
 * The service account of the pod that this program runs in: the API server from KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, its
 * CA, the namespace and the token, which is read again for each request because it changes every hour.
 *
 * @throws KubeConfigError outside of a pod
 */
export async function loadServiceAccount(
  options: { readonly directory?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<KubeConfig> {
  const { directory = SERVICE_ACCOUNT, env = process.env } = options;
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env;
  if (host === '' || port === '')
    throw new KubeConfigError(
      'this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set',
    );
  const tokenFile = path.join(directory, 'token');
  const files = ['ca.crt', 'namespace', 'token'].map((name) => path.join(directory, name));
  const [ca, namespace] = await Promise.all(files.map(readCredential));
  return {
    cluster: {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      ca: ca as Buffer,
      token: rereading(tokenFile, null),
    },
    namespace: (namespace as Buffer).toString('utf8').trim(),
    contextName: null,
    clusterName: null,
    userName: null,
    contextNames: [],
    files,
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

/** Where the API server is and how it proves itself. */
async function serverOf(entry: ConfigEntry): Promise<ClusterOptions> {
  const { fields } = entry;
  const ca = await dataOrFile(entry, 'certificate-authority');
  const insecure = fields.flag('insecure-skip-tls-verify');
  if (insecure && ca !== null)
    throw new KubeConfigError(
      `${fields.where}: certificate-authority and insecure-skip-tls-verify exclude each other`,
    );
  const server = serverUrl(fields, ca !== null || insecure);
  const servername = fields.text('tls-server-name');
  const proxy = fields.text('proxy-url');
  return {
    server: server.href.replace(/\/+$/, ''),
    ...(ca === null ? {} : { ca }),
    ...(insecure ? { rejectUnauthorized: false } : {}),
    ...(servername === null ? {} : { servername }),
    ...(proxy === null ? {} : { agent: proxyAgent(proxyUrl(fields, proxy), server) }),
  };
}

function serverUrl(fields: Fields, secure: boolean): URL {
  const text = fields.text('server');
  if (text === null) throw new KubeConfigError(`${fields.where}: there is no server`);
  // Without a scheme kubectl takes https where something tells of TLS.
  const full = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http${secure ? 's' : ''}://${text}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new KubeConfigError(`${fields.where}: server is no http or https URL: ${text}`);
  return url;
}

function proxyUrl(fields: Fields, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new KubeConfigError(
      `${fields.where}: proxy-url must be a http or https URL (SOCKS is not supported)`,
    );
  return url;
}

/** Who we are. A password is not sent without TLS; the same is seen to for tokens where they are sent. */
async function credentialsOf(
  entry: ConfigEntry,
  token: TokenSource | undefined,
  secure: boolean,
): Promise<Partial<ClusterOptions>> {
  const { fields } = entry;
  const cert = await dataOrFile(entry, 'client-certificate');
  const key = await dataOrFile(entry, 'client-key');
  if ((cert === null) !== (key === null))
    throw new KubeConfigError(
      `${fields.where}: client-certificate and client-key belong together, but one is missing`,
    );
  const headers = impersonation(fields);
  const certificate = cert === null || key === null ? {} : { cert, key };
  if (token !== undefined) return { ...certificate, ...tokenOf(token), headers };
  refusePlugins(fields);
  const bearer = await bearerOf(entry);
  const basic = basicOf(fields);
  if (bearer !== null && basic !== null)
    throw new KubeConfigError(`${fields.where}: a token and a username exclude each other`);
  return {
    ...certificate,
    ...(bearer === null ? {} : { token: bearer }),
    headers: { ...(basic !== null && secure ? { Authorization: basic } : {}), ...headers },
  };
}

function tokenOf(token: TokenSource | undefined): Partial<ClusterOptions> {
  return token === undefined ? {} : { token };
}

function refusePlugins(fields: Fields): void {
  const advice =
    'is not supported here: get a token yourself and give it, as in loadKubeConfig({ token })';
  if (fields.has('exec')) {
    const command = fields.fields('exec').text('command') ?? 'unknown';
    throw new KubeConfigError(
      `${fields.where}: credentials from a program (exec: ${command}) ${advice}`,
    );
  }
  if (fields.has('auth-provider')) {
    const name = fields.fields('auth-provider').text('name') ?? 'unknown';
    throw new KubeConfigError(
      `${fields.where}: credentials of an auth-provider (${name}) ${advice}`,
    );
  }
}

/** A token, where a file goes before the one in the kubeconfig. */
async function bearerOf(entry: ConfigEntry): Promise<TokenSource | null> {
  const { fields, directory } = entry;
  const token = fields.text('token');
  const file = fields.text('tokenFile');
  if (file === null) return token;
  const source = rereading(path.resolve(directory, file), token);
  // What cannot be read now is told now.
  await source();
  return source;
}

/** Reads a token again for each request, because it changes; the last good one counts while the file cannot be read. */
function rereading(file: string, fallback: string | null): () => Promise<string> {
  let last = fallback;
  return async () => {
    try {
      const text = (await readCredential(file)).toString('utf8').trim();
      if (text === '') throw new KubeConfigError(`the token file ${file} is empty`);
      last = text;
    } catch (error) {
      if (last === null) throw error;
    }
    return last as string;
  };
}

function basicOf(fields: Fields): string | null {
  const name = fields.text('username');
  const password = fields.text('password');
  if (name === null && password === null) return null;
  if (name === null || name.includes(':'))
    throw new KubeConfigError(`${fields.where}: a password needs a username, without a colon`);
  return `Basic ${Buffer.from(`${name}:${password ?? ''}`).toString('base64')}`;
}

/** The fields that ask to act as another user. */
function impersonation(fields: Fields): Record<string, string | readonly string[]> {
  const name = fields.text('as');
  const uid = fields.text('as-uid');
  const groups = fields.texts('as-groups');
  const extra = fields.fields('as-user-extra');
  if (name === null) {
    if (uid === null && groups.length === 0 && extra.names.length === 0) return {};
    throw new KubeConfigError(`${fields.where}: as-uid, as-groups and as-user-extra need as`);
  }
  const headers: Record<string, string | readonly string[]> = { 'Impersonate-User': name };
  if (uid !== null) headers['Impersonate-Uid'] = uid;
  if (groups.length > 0) headers['Impersonate-Group'] = groups;
  for (const key of extra.names) headers[`Impersonate-Extra-${escapeKey(key)}`] = extra.texts(key);
  return headers;
}

/** A key becomes a part of a field name: what may not stand there is percent-encoded. */
function escapeKey(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[\w!#$&'*+.^`|~-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** `NAME-data` (base64), else the file `NAME`, else null. */
async function dataOrFile(
  { fields, directory }: ConfigEntry,
  name: string,
): Promise<Buffer | null> {
  const data = fields.bytes(`${name}-data`);
  if (data !== null) return data;
  const file = fields.text(name);
  return file === null ? null : await readCredential(path.resolve(directory, file));
}

async function readCredential(file: string): Promise<Buffer> {
  try {
    return await readBounded(file, MAX_CREDENTIAL_SIZE);
  } catch (cause) {
    throw new KubeConfigError(`a file of credentials cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}
