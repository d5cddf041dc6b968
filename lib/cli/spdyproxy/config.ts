import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkBoolean, checkRange } from '../../common/check.ts';
import { checkOptions, optionNames } from '../../common/option-names.ts';
import { loadPackage } from '../../common/packages.ts';
import type { BackOptions, FrontOptions, ProxyOptions } from '../../tools/index.ts';
import { ACCESS_FORMATS, type AccessFormat } from '../access-line.ts';
import { UsageError } from '../arguments.ts';
import { checkKeyPair } from '../key-pair.ts';
import { checkCertificates } from '../tls-files.ts';
import { socketPathOf } from '../unix-socket.ts';
import { CONFIG_SCHEMA, FRONT_SCHEMA } from './schema.ts';

/** The files of a private key and its certificate. */
export interface CertificateFiles {
  readonly key: string;
  readonly cert: string;
}

/** A front, and what is only known when it is opened. */
export interface FrontConfig {
  readonly options: FrontOptions;
  /** The first one is for clients that ask for no name, or for another; with TLS and without any, one is made. */
  readonly certificates: readonly CertificateFiles[];
  /** Access mode of the file of a unix socket; null as the system makes it (0777 without the umask). */
  readonly mode: number | null;
}

/** Where requests are logged. */
export interface AccessLogConfig {
  readonly file: string;
  readonly format: AccessFormat;
}

/** What the program does: out of the command line, or of a file. */
export interface ProgramConfig {
  readonly fronts: readonly FrontConfig[];
  readonly proxy: ProxyOptions;
  /** Where `/healthz` and `/metrics` are; null for nowhere. */
  readonly admin: { readonly host: string; readonly port: number } | null;
  /** A file, `-` for standard output; null for no log. */
  readonly accessLog: AccessLogConfig | null;
  /** Processes that share the work; 0 for none but this one. */
  readonly workers: number;
}

/** Most bytes of a configuration. */
const MAX_BYTES = 1 << 20;
/** Most aliases that a YAML document may resolve to. */
const MAX_ALIASES = 100;

type Json = Readonly<Record<string, unknown>>;

const TOP_NAMES = new Set(Object.keys(CONFIG_SCHEMA.properties));
const FRONT_NAMES = new Set(Object.keys(FRONT_SCHEMA.properties));
const ADMIN_NAMES = optionNames<{ host: string; port: number }>({ host: true, port: true });
const LOG_NAMES = optionNames<{ file: string; format: string }>({ file: true, format: true });
const FLAGS = ['tls', 'sniff', 'h2', 'allowHttp1', 'requestCert'] as const;
const TLS_FILES = ['ca', 'cert', 'key'] as const;

/**
 * Reads a configuration: JSON, or YAML for which the package `yaml` is needed. Files that it names are relative to its folder.
 *
 * @throws UsageError when it cannot be read, or has members that no configuration has
 */
export async function readConfig(file: string): Promise<ProgramConfig> {
  const text = readText(file);
  const value = file.endsWith('.json') ? parseJson(text, file) : await parseYaml(text, file);
  try {
    return configOf(value, dirname(resolve(file)));
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}

function configOf(value: unknown, folder: string): ProgramConfig {
  checkOptions('the configuration', value, TOP_NAMES);
  const given = value as Json;
  const { fronts, admin, accessLog, workers = 0, backs, ...rest } = given;
  if (!Array.isArray(fronts) || fronts.length === 0) throw new Error('fronts: at least one');
  if (!Number.isInteger(workers) || (workers as number) < 0 || (workers as number) > 1024) {
    throw new Error('workers: an integer from 0 to 1024');
  }
  const list = Array.isArray(backs) ? backs.map((back) => backOf(back, folder)) : backs;
  const opened = fronts.map((front) => frontOf(front, folder));
  checkPlaces(opened);
  return {
    fronts: opened,
    proxy: { ...rest, backs: list } as ProxyOptions,
    admin: admin === undefined ? null : adminOf(admin),
    accessLog: accessLog === undefined ? null : logOf(accessLog, folder),
    workers: workers as number,
  };
}

function frontOf(value: unknown, folder: string): FrontConfig {
  checkOptions('a front', value, FRONT_NAMES);
  const { certificates = [], inherited, path, mode, ...options } = value as Json;
  if (mode !== undefined && (path === undefined || !isMode(mode))) {
    throw new Error("mode: of a unix socket, three octal digits as a text: '660'");
  }
  if (!Array.isArray(certificates)) throw new Error('certificates: a list');
  checkFront(options);
  return {
    options: {
      ...options,
      ...(path === undefined ? {} : { path: socketPathOf(String(path), folder) }),
      ...(inherited === undefined ? {} : { fd: inheritedSocket(inherited as number) }),
    } as FrontOptions,
    certificates: certificates.map((pair: Json) => {
      checkOptions('a certificate', pair, new Set(['key', 'cert']));
      const { key, cert } = pair;
      if (typeof key !== 'string' || typeof cert !== 'string') {
        throw new Error('a certificate has key and cert, both names of files');
      }
      return { key: resolve(folder, key), cert: resolve(folder, cert) };
    }),
    mode: isMode(mode) ? Number.parseInt(mode, 8) : null,
  };
}

/** What would be taken for something else, or be found out when it listens: YAML has `no` for a text. */
function checkFront(options: Json): void {
  for (const name of FLAGS) {
    if (options[name] !== undefined) checkBoolean(name, options[name]);
  }
  const { port } = options;
  if (port !== undefined) checkRange('port', port, 0, 65535);
}

/** Two fronts cannot listen at one place. */
function checkPlaces(fronts: readonly FrontConfig[]): void {
  const places = new Set<string>();
  for (const { options } of fronts) {
    const { host = '', port = 0, path, fd } = options;
    const place = path ?? (fd === undefined ? `${host}:${port}` : `inherited ${fd - 3}`);
    if (place.endsWith(':0')) continue;
    if (places.has(place)) throw new Error(`two fronts listen at ${place.replace(/^[\0:]/, '')}`);
    places.add(place);
  }
}

/** A number would be read as a decimal one, or as octal, by the reader of the file. */
function isMode(value: unknown): value is string {
  return typeof value === 'string' && /^0?[0-7]{3}$/.test(value);
}

/** A back whose TLS options name files. */
function backOf(value: unknown, folder: string): unknown {
  if (typeof value === 'string') {
    return value.replace(/^((?:[^+]+\+)?unix:)([^@].*)$/, (_all, before, path) => {
      return `${before}${resolve(folder, path)}`;
    });
  }
  if (typeof value !== 'object' || value === null) return value;
  const back = value as BackOptions;
  const tls: Record<string, unknown> = { ...back.tls };
  for (const name of TLS_FILES) {
    const file = tls[name];
    if (typeof file === 'string') tls[name] = readText(resolve(folder, file));
  }
  checkBackTls(back, tls);
  const { socketPath } = back;
  return {
    ...back,
    ...(back.tls === undefined ? {} : { tls }),
    ...(socketPath === undefined ? {} : { socketPath: socketPathOf(socketPath, folder) }),
  };
}

/**
 * Checks what files hold that a back names: faults would show at its first connection.
 *
 * @throws UsageError
 */
function checkBackTls({ tls: named = {} }: BackOptions, { ca, cert, key, passphrase }: Json): void {
  const name = (part: (typeof TLS_FILES)[number]): string => String(named[part]);
  if (typeof ca === 'string') checkCertificates(name('ca'), ca);
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('cert and key of a back belong together');
  }
  if (typeof cert !== 'string' || typeof key !== 'string') return;
  const word = typeof passphrase === 'string' ? passphrase : undefined;
  checkKeyPair({ name: name('key'), pem: key }, { name: name('cert'), pem: cert }, word);
}

function adminOf(value: unknown): { readonly host: string; readonly port: number } {
  if (typeof value !== 'object' || value === null) throw new Error('admin: an object with a port');
  checkOptions('admin', value, ADMIN_NAMES);
  const { host = '127.0.0.1', port } = value as { host?: string; port: number };
  if (!Number.isInteger(port)) throw new Error('admin.port: a number');
  return { host, port };
}

function logOf(value: unknown, folder: string): ProgramConfig['accessLog'] {
  checkOptions('accessLog', value, LOG_NAMES);
  const { file, format = 'combined' } = value as { file: string; format?: AccessFormat };
  if (typeof file !== 'string') throw new Error('accessLog.file: the name of a file, or -');
  if (!ACCESS_FORMATS.includes(format)) {
    throw new Error(`accessLog.format: one of ${ACCESS_FORMATS.join(', ')}`);
  }
  return { file: file === '-' ? file : resolve(folder, file), format };
}

/**
 * The descriptor of a socket that the service manager has opened (systemd's LISTEN_FDS), counted from 0.
 *
 * @throws UsageError if there is none
 */
export function inheritedSocket(index: number): number {
  const { LISTEN_FDS = '0', LISTEN_PID = '' } = process.env;
  // Workers get it from the process that has it, by the same number.
  const owner = cluster.isWorker ? process.ppid : process.pid;
  const count = LISTEN_PID === String(owner) ? Number(LISTEN_FDS) : 0;
  if (Number.isInteger(index) && index >= 0 && index < count) return 3 + index;
  throw new UsageError(`no socket ${index} was handed over (LISTEN_FDS)`);
}

function readText(file: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MAX_BYTES) throw new Error(`${file} has more than ${MAX_BYTES} bytes`);
    return bytes.toString();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${(error as Error).message}`);
  }
}

async function parseYaml(text: string, file: string): Promise<unknown> {
  const yaml = await loadPackage('yaml', 'a configuration', () => import('yaml'));
  try {
    return yaml.parse(text, { maxAliasCount: MAX_ALIASES, prettyErrors: true });
  } catch (error) {
    throw new UsageError(`${file} is no YAML: ${(error as Error).message}`);
  }
}
