import path from 'node:path';
import { lateChildProcess } from '../../common/late-modules.ts';
import { KubeConfigError } from '../errors.ts';
import type { ClusterOptions } from './cluster.ts';
import { Fields } from './fields.ts';
import type { ConfigEntry } from './files.ts';
import { parseYaml } from './yaml.ts';

/** What a plugin has given. */
export interface PluginCredential {
  readonly token: string | null;
  /** PEM, both or none. */
  readonly cert: string | null;
  readonly key: string | null;
  /** Milliseconds since 1970; null: for as long as it is good. */
  readonly expires: number | null;
}

/** How a plugin is run (client.authentication.k8s.io). */
interface Plugin {
  readonly where: string;
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string | null;
  readonly interactive: boolean;
}

const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
/** The extension of a cluster that is meant for plugins. */
const EXTENSION = 'client.authentication.k8s.io/exec';
/** Most bytes that are read of a plugin. */
const MAX_OUTPUT = 1 << 20;

/**
 * A user's credential plugin (`exec`): a program that prints a token, or a certificate with its key. A token is kept until it expires; then
 * the program is run again.
 */
export class CredentialPlugin {
  readonly #plugin: Plugin;
  readonly #info: string;
  #last: Promise<PluginCredential> | null = null;
  #expires: number | null = null;

  /** @throws KubeConfigError for what is malformed, and for a program that wants a terminal where there is none */
  constructor(user: ConfigEntry, cluster: ConfigEntry, server: ClusterOptions) {
    const exec = user.fields.fields('exec');
    this.#plugin = readPlugin(exec, user.directory);
    const { apiVersion, interactive } = this.#plugin;
    const told = exec.flag('provideClusterInfo') ? { cluster: clusterInfo(cluster, server) } : {};
    this.#info = JSON.stringify({
      kind: 'ExecCredential',
      apiVersion,
      spec: { interactive, ...told },
    });
  }

  /** Its credential: that of before, as long as it is good and not the token, or the certificate, that was refused. Rejects with KubeConfigError. */
  async credential(refused?: string): Promise<PluginCredential> {
    if (this.#expires !== null && this.#expires <= Date.now()) this.#last = null;
    const last = this.#last;
    // Of several requests that were refused at once one is enough to run it again.
    if (refused !== undefined && last !== null) {
      const { token, cert } = await last;
      if ((refused === token || refused === cert) && this.#last === last) this.#last = null;
    }
    this.#last ??= this.#run();
    return await this.#last;
  }

  async #run(): Promise<PluginCredential> {
    this.#expires = null;
    try {
      const output = await runPlugin(this.#plugin, this.#info);
      const credential = await readCredential(this.#plugin, output);
      this.#expires = credential.expires;
      return credential;
    } catch (error) {
      this.#last = null;
      throw error;
    }
  }
}

function readPlugin(exec: Fields, directory: string): Plugin {
  const { where } = exec;
  const apiVersion = exec.text('apiVersion') ?? '';
  const command = exec.text('command');
  if (!VERSIONS.includes(apiVersion))
    throw exec.wrong('apiVersion', `must be one of ${VERSIONS.join(', ')}`);
  if (command === null) throw new KubeConfigError(`${where}: there is no command`);
  const mode = exec.text('interactiveMode') ?? 'IfAvailable';
  if (!['Never', 'IfAvailable', 'Always'].includes(mode))
    throw exec.wrong('interactiveMode', 'must be Never, IfAvailable or Always');
  const isTerminal = process.stdin.isTTY === true;
  if (mode === 'Always' && !isTerminal)
    throw new KubeConfigError(`${where}: ${command} asks its user, but there is no terminal`);
  const env = exec.entries('env').map((one) => [one.text('name') ?? '', one.text('value') ?? '']);
  return {
    where,
    apiVersion,
    // A path is relative to its file; a name is looked up.
    command: /[/\\]/.test(command) ? path.resolve(directory, command) : command,
    args: exec.texts('args'),
    env: Object.fromEntries(env),
    installHint: exec.text('installHint'),
    interactive: isTerminal && mode !== 'Never',
  };
}

/** What a plugin is told of the cluster. */
function clusterInfo({ fields }: ConfigEntry, cluster: ClusterOptions): object {
  const { server, servername, rejectUnauthorized, ca } = cluster;
  const proxy = fields.text('proxy-url');
  const extension = fields.entries('extensions').find((one) => one.text('name') === EXTENSION);
  return {
    server,
    ...(servername === undefined ? {} : { 'tls-server-name': servername }),
    ...(rejectUnauthorized === false ? { 'insecure-skip-tls-verify': true } : {}),
    ...(ca === undefined ? {} : { 'certificate-authority-data': base64(ca) }),
    ...(proxy === null ? {} : { 'proxy-url': proxy }),
    ...(extension === undefined ? {} : { config: extension.raw('extension') }),
  };
}

function base64(ca: NonNullable<ClusterOptions['ca']>): string {
  return [ca]
    .flat()
    .map((one) => Buffer.from(one).toString('base64'))
    .join('');
}

/** Runs it: what it prints. Its words on stderr, as an address to log in at, go to the user. */
function runPlugin(plugin: Plugin, info: string): Promise<Buffer> {
  const { where, command, args, env, interactive, installHint } = plugin;
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void => {
      const hint = installHint === null ? '' : `\n${installHint.trim()}`;
      reject(new KubeConfigError(`${where}: ${command} ${why}${hint}`, { cause }));
    };
    const child = lateChildProcess().spawn(command, args, {
      env: { ...process.env, ...env, KUBERNETES_EXEC_INFO: info },
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let length = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= MAX_OUTPUT) return;
      child.kill();
      fail(`prints more than ${MAX_OUTPUT} bytes`);
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'ENOENT' ? 'is not installed' : `cannot be run: ${error.message}`, error),
    );
    child.once('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(chunks));
      else fail(`failed: ${signal ?? `exit code ${code}`}`);
    });
  });
}

async function readCredential(plugin: Plugin, output: Buffer): Promise<PluginCredential> {
  const { where, command, apiVersion } = plugin;
  const place = `${where}: what ${command} prints`;
  // Secrets may stand anywhere in it: only places are told.
  const root = Fields.of(await parseYaml(output.toString(), place), place);
  if (root.text('kind') !== 'ExecCredential' || root.text('apiVersion') !== apiVersion)
    throw new KubeConfigError(`${place} is no ExecCredential of ${apiVersion}`);
  const status = root.fields('status');
  const token = status.text('token');
  const cert = status.text('clientCertificateData');
  const key = status.text('clientKeyData');
  if ((cert === null) !== (key === null))
    throw new KubeConfigError(`${place} has a certificate without key, or the reverse`);
  if (token === null && cert === null)
    throw new KubeConfigError(`${place} has neither a token nor a certificate`);
  const until = status.text('expirationTimestamp');
  const expires = until === null ? null : Date.parse(until);
  if (Number.isNaN(expires)) throw status.wrong('expirationTimestamp', 'is no time');
  return { token, cert, key, expires };
}
