import type { BackOptions, BackProtocol, ForwardedRule, FrontOptions } from '../../tools/index.ts';
import { ACCESS_FORMATS, type AccessFormat } from '../access-line.ts';
import {
  type Arguments,
  numberOption,
  type OptionTable,
  readCommandLine,
  readOptionFile,
  UsageError,
} from '../arguments.ts';
import { checkCertificates } from '../tls-files.ts';
import { socketPathOf } from '../unix-socket.ts';
import { type FrontConfig, inheritedSocket, type ProgramConfig, readConfig } from './config.ts';
import { CONFIG_SCHEMA } from './schema.ts';

/** What `spdyproxy` was told. */
export interface SpdyproxyOptions {
  /** Reads the configuration: again at each call, if it comes from a file. */
  load(): Promise<ProgramConfig>;
  /** Whether only that is done. */
  readonly check: boolean;
  /** A line of JSON for each thing that is told. */
  readonly json: boolean;
}

/** Shown by `--help`; fits a screen of 80 by 24. */
const SPDYPROXY_HELP = `Usage: spdyproxy -b BACK [OPTION]... PORT [PRIVATE_KEY CERT]...
       spdyproxy --config FILE [--check]
A proxy: SPDY, HTTP/2 and HTTP/1.1 in front, any of them behind. PORT may be
'systemd' or unix:PATH. Without a key and certificate it makes throw-away ones.
  -b, --back [PROTOCOL+]URL  a server (or unix:PATH); repeatable. PROTOCOL:
                         http/1.1 (default), h2, spdy/3.1, spdy/3, spdy/2, spdy
      --bridge           servers speak SPDY unless PROTOCOL says otherwise
      --client           the same, and the front is plain HTTP/1.1 and HTTP/2
  -s, --forward          the servers are proxies   -p  --client --forward
      --no-tls           plain TCP; the first bytes tell what a client speaks
      --host ADDRESS     address to listen at; default 127.0.0.1, '::' for all
      --proxy-protocol A,B   connections begin with a PROXY header, from these
      --sticky NAME      the value of this field chooses the server
      --host-header R, --x-forwarded R, --forwarded R, --no-via  header rules
      --cacert FILE, -k  CA of the servers, or none: any certificate will do
      --access-log FILE  '-': standard output   --log-format F  common, combined
                         (default) or json
      --admin PORT       /healthz and /metrics   --workers N  share the work
      --config FILE      JSON or YAML   --check  only read it   --schema  of it
      --json  as JSON    -h, --help  this text   --version  the version
SIGHUP reads the file and certificates again, SIGTERM ends it in order.
`;

const OPTIONS: OptionTable = {
  back: { type: 'string', short: 'b', multiple: true },
  bridge: { type: 'boolean' },
  client: { type: 'boolean' },
  forward: { type: 'boolean', short: 's' },
  'client-proxy': { type: 'boolean', short: 'p' },
  'no-tls': { type: 'boolean' },
  host: { type: 'string' },
  'proxy-protocol': { type: 'string' },
  sticky: { type: 'string' },
  'host-header': { type: 'string' },
  'x-forwarded': { type: 'string' },
  forwarded: { type: 'string' },
  'no-via': { type: 'boolean' },
  cacert: { type: 'string' },
  insecure: { type: 'boolean', short: 'k' },
  'access-log': { type: 'string' },
  'log-format': { type: 'string' },
  admin: { type: 'string' },
  workers: { type: 'string' },
  config: { type: 'string' },
  check: { type: 'boolean' },
  schema: { type: 'boolean' },
  json: { type: 'boolean' },
};

/** What may stand beside `--config`. */
const WITH_CONFIG: ReadonlySet<string> = new Set(['config', 'check', 'json']);

/**
 * Reads the command line of `spdyproxy`. A text is an answer: it is to be printed, and nothing else done.
 *
 * @throws UsageError
 */
export function parseSpdyproxyOptions(argv: readonly string[]): SpdyproxyOptions | string {
  const usage = { name: 'spdyproxy', help: SPDYPROXY_HELP, options: OPTIONS };
  const args = readCommandLine(usage, argv);
  if (typeof args === 'string') return args;
  if (args.has('schema')) return `${JSON.stringify(CONFIG_SCHEMA, null, 2)}\n`;
  const common = { check: args.has('check'), json: args.has('json') };
  const file = args.value('config');
  if (file === null) {
    const config = configOf(args);
    return { ...common, load: async () => config };
  }
  const extra = Object.keys(OPTIONS).find((name) => !WITH_CONFIG.has(name) && given(args, name));
  if (extra !== undefined || args.positionals.length > 0) {
    throw new UsageError(
      `--config says all: ${extra === undefined ? 'PORT' : `--${extra}`} has no place beside it`,
    );
  }
  return { ...common, load: () => readConfig(file) };
}

function given(args: Arguments, name: string): boolean {
  return args.has(name) || args.value(name) !== null;
}

function configOf(args: Arguments): ProgramConfig {
  const clientProxy = args.has('client-proxy');
  const client = args.has('client') || clientProxy;
  const backs = args.values('back');
  if (backs.length === 0) throw new UsageError('which server (-b URL)?');
  const protocol: BackProtocol = client || args.has('bridge') ? 'spdy' : 'http/1.1';
  const sticky = args.value('sticky');
  const log = args.value('access-log');
  return {
    fronts: [frontOf(args, client)],
    proxy: {
      backs: backs.map((text) => backOf(text, protocol, args)),
      forward: args.has('forward') || clientProxy,
      headers: {
        via: !args.has('no-via'),
        ...rule(args, 'host-header', 'host', ['keep', 'rewrite']),
        ...rule(args, 'x-forwarded', 'xForwarded', RULES),
        ...rule(args, 'forwarded', 'forwarded', RULES),
      },
      ...(sticky === null ? {} : { sticky }),
    },
    admin: adminOf(args),
    accessLog: log === null ? null : { file: log, format: formatOf(args) },
    workers: numberOption(args, 'workers', 0, 1024) ?? 0,
  };
}

const RULES: readonly ForwardedRule[] = ['append', 'replace', 'keep', 'drop'];

function rule(args: Arguments, option: string, name: string, known: readonly string[]): object {
  const value = args.value(option);
  if (value === null) return {};
  if (!known.includes(value)) throw new UsageError(`--${option} takes one of ${known.join(', ')}`);
  return { [name]: value };
}

function frontOf(args: Arguments, client: boolean): FrontConfig {
  const [port, ...files] = args.positionals;
  if (port === undefined) throw new UsageError('which PORT?');
  const allow = args.value('proxy-protocol')?.split(',');
  const plain = args.has('no-tls') || client || (allow !== undefined && files.length === 0);
  if (files.length % 2 === 1) throw new UsageError('PRIVATE_KEY needs a CERT behind it');
  if (plain && files.length > 0) throw new UsageError('a plain front has no use for a certificate');
  const certificates = [];
  for (let at = 0; at < files.length; at += 2) {
    certificates.push({ key: files[at] as string, cert: files[at + 1] as string });
  }
  const options: FrontOptions = {
    ...placeOf(args, port),
    ...(plain ? { tls: false } : {}),
    ...(plain ? { sniff: true } : {}),
    ...(allow === undefined ? {} : { proxyProtocol: { allow } }),
  };
  return { options, certificates, mode: null };
}

function placeOf(args: Arguments, port: string): FrontOptions {
  if (port === 'systemd') return { fd: inheritedSocket(0) };
  if (port.startsWith('unix:')) return { path: socketPathOf(port.slice('unix:'.length)) };
  return {
    port: numberOption({ ...args, value: () => port }, 'port', 0, 65535) as number,
    host: args.value('host') ?? '127.0.0.1',
  };
}

function backOf(text: string, fallback: BackProtocol, args: Arguments): BackOptions {
  const [, protocol, place = ''] = /^(?:([a-z0-9/.]+)\+)?(.*)$/s.exec(text) ?? [];
  const file = args.value('cacert');
  const ca = file === null ? null : readOptionFile('--cacert', file);
  if (ca !== null) checkCertificates('--cacert', ca);
  const tls = {
    ...(ca === null ? {} : { ca }),
    ...(args.has('insecure') ? { rejectUnauthorized: false } : {}),
  };
  const [, path] = /^unix:(.*)$/s.exec(place) ?? [];
  return {
    ...(path === undefined ? { url: place } : { url: 'http://localhost', socketPath: path }),
    protocol: (protocol as BackProtocol | undefined) ?? fallback,
    tls,
  };
}

function adminOf(args: Arguments): ProgramConfig['admin'] {
  const port = numberOption(args, 'admin', 0, 65535);
  return port === null ? null : { host: '127.0.0.1', port };
}

function formatOf(args: Arguments): AccessFormat {
  const format = (args.value('log-format') ?? 'combined') as AccessFormat;
  if (ACCESS_FORMATS.includes(format)) return format;
  throw new UsageError(`--log-format takes one of ${ACCESS_FORMATS.join(', ')}`);
}
