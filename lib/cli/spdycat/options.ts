import { statSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Header } from '../../protocol/frames.ts';
import {
  type Arguments,
  numberOption,
  type OptionTable,
  packageVersion,
  readCommandLine,
  readOptionFile,
  SPDY_OPTIONS,
  type SpdyArguments,
  spdyArguments,
  UsageError,
} from '../arguments.ts';
import { type ProxyPlace, parseProxy } from './proxy-option.ts';

/** Consecutive URLs that share a connection, and are fetched at the same time. */
export type UrlGroup = readonly URL[];

/** What `spdycat` was told. */
export interface SpdycatOptions extends Omit<SpdyArguments, 'tls'> {
  readonly groups: readonly UrlGroup[];
  readonly method: string;
  /** Instead of the path of the URL. */
  readonly path: string | null;
  /** Fields of every request, the built-in ones included. */
  readonly headers: readonly Header[];
  /** Name for SNI and the check of the certificate, instead of that in the URL. */
  readonly servername: string | null;
  /** What to send: a file, a pipe or a device; `-` for standard input. */
  readonly data: string | null;
  readonly multiply: number | null;
  readonly assets: boolean;
  readonly windowSize: number | null;
  readonly tls: TlsFiles;
  readonly proxy: ProxyPlace | null;
  /** For connecting, and again for all that follows; of each group. */
  readonly timeoutMs: number | null;
  /** For everything together. */
  readonly maxTimeMs: number | null;
  /** The file for a HAR. */
  readonly har: string | null;
  readonly nullOut: boolean;
  readonly remoteName: boolean;
  readonly fail: boolean;
  readonly stat: boolean;
}

/** Options for TLS, with the content of the files. */
export interface TlsFiles {
  readonly rejectUnauthorized?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Shown by `--help`; fits a screen of 80 by 24. */
export const SPDYCAT_HELP = `Usage: spdycat [OPTION]... URI...
Fetches over SPDY, or HTTP/1.1 where a server speaks nothing else. Bodies go to
standard output, everything else to standard error.
  -n, --null-out       discard bodies      -O, --remote-name  save them by name
  -v, --verbose        log all frames      -s, --stat         times of requests
  -f, --fail           HTTP >= 400 fails       --json         results as JSON
  -H, --header 'N: V'  a header; ':method', ':path' and ':host' replace those
  -d, --data FILE      POST this file ('-': standard input)
  -m, --multiply N     request each URI N times       --trace FILE   see docs
  -a, --get-assets     fetch style sheets, icons, images and scripts of HTML too
  -2, --spdy2   -3, --spdy3   --spdy3-1    speak this version only
      --no-tls         plain TCP; needs one of these three
  -w, --window-bits N  2^N bytes of window for each stream (0 to 30)
  -k, --insecure       accept any certificate of the server
      --cacert FILE    trust this certificate (PEM) instead of those of Node
      --cert FILE   --key FILE             certificate and key of ours (PEM)
  -p, --proxy HOST     connect there; http://HOST: ask it as a proxy (CONNECT)
  -P, --proxy-port N   port of it; default 443
  -t, --timeout SEC    for connecting, and again for the rest, per server
      --max-time SEC   for everything together
      --color          colours on no terminal too         --har FILE   see docs
  -h, --help           print this text         --version      print the version
Exit status: for how many servers a request failed (at most 63); 64: usage.
`;

const OPTIONS: OptionTable = {
  'null-out': { type: 'boolean', short: 'n' },
  'remote-name': { type: 'boolean', short: 'O' },
  stat: { type: 'boolean', short: 's' },
  fail: { type: 'boolean', short: 'f' },
  header: { type: 'string', short: 'H', multiple: true },
  data: { type: 'string', short: 'd' },
  multiply: { type: 'string', short: 'm' },
  'get-assets': { type: 'boolean', short: 'a' },
  ...SPDY_OPTIONS,
  'window-bits': { type: 'string', short: 'w' },
  insecure: { type: 'boolean', short: 'k' },
  cacert: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  proxy: { type: 'string', short: 'p' },
  'proxy-port': { type: 'string', short: 'P' },
  timeout: { type: 'string', short: 't' },
  'max-time': { type: 'string' },
  har: { type: 'string' },
};

/** Timers of Node take no more. */
const MAX_SECONDS = 2_147_483;

/**
 * Reads the command line of `spdycat`. A text is an answer: it is to be printed, and nothing else done.
 *
 * @throws UsageError
 */
export function parseSpdycatOptions(argv: readonly string[]): SpdycatOptions | string {
  const args = readCommandLine({ name: 'spdycat', help: SPDYCAT_HELP, options: OPTIONS }, argv);
  if (typeof args === 'string') return args;
  if (args.positionals.length === 0) throw new UsageError('which URI?');
  const { tls: secure, ...spdy } = spdyArguments(args);
  const windowBits = numberOption(args, 'window-bits', 0, 30);
  const timeout = numberOption(args, 'timeout', 0.001, MAX_SECONDS, false);
  const maxTime = numberOption(args, 'max-time', 0.001, MAX_SECONDS, false);
  const data = args.value('data');
  if (data !== null && data !== '-') assertReadable(data);
  const multiply = numberOption(args, 'multiply', 1, 1_000_000);
  const urls = args.positionals.map((text) => parseUrl(text, !secure));
  return {
    ...spdy,
    groups: groupUrls(urls, multiply),
    ...parseHeaders(args.values('header'), data),
    data,
    multiply,
    assets: args.has('get-assets'),
    windowSize: windowBits === null ? null : 2 ** windowBits,
    tls: tlsFiles(args),
    proxy: parseProxy(args.value('proxy'), numberOption(args, 'proxy-port', 1, 65535)),
    timeoutMs: timeout === null ? null : Math.ceil(timeout * 1000),
    maxTimeMs: maxTime === null ? null : Math.ceil(maxTime * 1000),
    har: args.value('har'),
    nullOut: args.has('null-out'),
    remoteName: args.has('remote-name'),
    fail: args.has('fail'),
    stat: args.has('stat'),
  };
}

/** Consecutive URLs of the same origin together. Without `multiply` each is fetched once, with it so many times. */
export function groupUrls(urls: readonly URL[], multiply: number | null): URL[][] {
  const groups: URL[][] = [];
  for (const url of urls) {
    const last = groups.at(-1);
    if (last?.[0]?.origin !== url.origin) groups.push([url]);
    else if (multiply !== null || !last.some(({ href }) => href === url.href)) last.push(url);
  }
  return groups.map((group) => group.flatMap((url) => new Array<URL>(multiply ?? 1).fill(url)));
}

function parseUrl(text: string, plain: boolean): URL {
  if (!URL.canParse(text)) throw new UsageError(`not a URI: '${text}'`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new UsageError(`only http and https are spoken: '${text}'`);
  }
  url.hash = '';
  if (plain && url.protocol === 'https:') {
    const port = url.port === '' ? '443' : url.port;
    const plainUrl = new URL(`http:${url.href.slice('https:'.length)}`);
    plainUrl.port = port;
    return plainUrl;
  }
  return url;
}

type HeaderOptions = Pick<SpdycatOptions, 'method' | 'path' | 'headers' | 'servername'>;

function parseHeaders(values: readonly string[], data: string | null): HeaderOptions {
  const builtIn = new Map<string, string>([
    [':method', data === null ? 'GET' : 'POST'],
    [':path', ''],
    ['host', ''],
    ['accept', '*/*'],
    ['accept-encoding', 'gzip, deflate, br'],
    ['user-agent', `spdylay/${packageVersion()}`],
  ]);
  const further: Header[] = [];
  for (const text of values) {
    const [given, value] = parseHeader(text);
    const name = given === ':host' ? 'host' : given;
    if (builtIn.has(name)) builtIn.set(name, value);
    else if (name.startsWith(':')) throw new UsageError(`the header ${name} cannot be replaced`);
    else further.push([name, value]);
  }
  const host = builtIn.get('host') as string;
  const path = builtIn.get(':path') as string;
  const own = [...builtIn].filter(([name, value]) => !name.startsWith(':') && value !== '');
  return {
    method: (builtIn.get(':method') as string).toUpperCase(),
    path: path === '' ? null : path,
    headers: [...own, ...further],
    servername: serverName(host),
  };
}

/** `name: value`; the name may begin with a colon. */
function parseHeader(text: string): [name: string, value: string] {
  const at = text.indexOf(':', 1);
  const name = text.slice(0, Math.max(at, 0)).trim().toLowerCase();
  const value = text.slice(at + 1).trim();
  if (!/^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) || value === '' || /[\0\r\n]/.test(value)) {
    throw new UsageError(`-H takes 'name: value', got '${text}'`);
  }
  // Header text is bytes to the library.
  return [name, Buffer.from(value).toString('latin1')];
}

/** The name in a Host field, unless it is an address: only names may stand in SNI. */
function serverName(host: string): string | null {
  const name = host.replace(/:\d+$/, '');
  return name === '' || name.startsWith('[') || isIP(name) !== 0 ? null : name;
}

function tlsFiles(args: Arguments): TlsFiles {
  const files = ['cacert', 'cert', 'key'].map((name) => {
    const path = args.value(name);
    return path === null ? null : readOptionFile(`--${name}`, path);
  });
  const [ca = null, cert = null, key = null] = files;
  if ((cert === null) !== (key === null)) throw new UsageError('--cert and --key belong together');
  return {
    ...(args.has('insecure') ? { rejectUnauthorized: false } : {}),
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { cert, key }),
  };
}

function assertReadable(path: string): void {
  try {
    if (!statSync(path).isDirectory()) return;
  } catch (error) {
    throw new UsageError(`--data: ${(error as Error).message}`);
  }
  throw new UsageError(`--data: ${path} is a folder`);
}
