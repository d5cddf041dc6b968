import { readFileSync } from 'node:fs';
import {
  type HarScript,
  harRequests,
  type LoadOptions,
  type LoadProtocol,
} from '../../tools/index.ts';
import {
  type Arguments,
  headerOption,
  numberOption,
  type OptionTable,
  rateOption,
  readCommandLine,
  readOptionFile,
  UsageError,
} from '../arguments.ts';
import { TLS_OPTIONS, tlsFiles } from '../tls-files.ts';

/** What `spdyload` was told. */
export interface SpdyloadOptions {
  readonly load: LoadOptions;
  readonly json: boolean;
  /** Where a page is written; null for none. */
  readonly html: string | null;
  /** Entries of a HAR that are left out. */
  readonly skipped: number;
}

/** Shown by `--help`; fits a screen of 80 by 24. */
export const SPDYLOAD_HELP = `Usage: spdyload [OPTION]... [-i FILE] [URI]...
Sends many requests to a server and tells how fast it answers, as h2load does.
  -n, --requests N       in all; default 1 a client  --requests-per-connection N
  -c, --clients N        connections           -t, --threads N   of this program
  -m, --max-concurrent-streams N               requests of a client at once
  -D, --duration TIME    instead of -n: 10, 500ms, 2m      --warm-up-time TIME
      --rps N            open loop: so many requests of each client in a second
      --think TIME       pause between requests; 1s-3s: any time in between
      --limit-rate RATE  bytes read in a second, by all or --slow-clients N
  -r, --rate N           clients that begin in each --rate-period TIME (1 s)
  -i, --input-file FILE  URIs, one a line        -B, --base-uri URI  of them all
  -H, --header 'N: V'    a header; ':method', ':path' and ':host' replace those
  -d, --data FILE        POST this file       --har FILE   requests of a HAR
  -p, --protocol NAME    spdy/3.1, spdy/3, spdy/2, h2 or http/1.1 only; without
                         TLS the default is spdy/3.1       --h1: http/1.1
      --alpn-list LIST   protocols to offer, with commas; default all of these
  -w, --window-bits N, -W, --connection-window-bits N  2^N - 1 bytes; default 30
      --header-compression indexed|deflate (SPDY)    --header-table-size N (h2)
  -T, --connection-active-timeout TIME         longest life of a connection
  -N, --connection-inactivity-timeout TIME     longest silence of one
  -k, --insecure   --cacert FILE   --cert FILE   --key FILE   --sni NAME    TLS
      --html FILE   page with charts   --json   as JSON   -h, --help   --version
Exit status: 1 if a request failed or none was made; 64: usage.
`;

const OPTIONS: OptionTable = {
  requests: { type: 'string', short: 'n' },
  clients: { type: 'string', short: 'c' },
  threads: { type: 'string', short: 't' },
  'requests-per-connection': { type: 'string' },
  'max-concurrent-streams': { type: 'string', short: 'm' },
  duration: { type: 'string', short: 'D' },
  'warm-up-time': { type: 'string' },
  rps: { type: 'string' },
  think: { type: 'string' },
  'limit-rate': { type: 'string' },
  'slow-clients': { type: 'string' },
  rate: { type: 'string', short: 'r' },
  'rate-period': { type: 'string' },
  'input-file': { type: 'string', short: 'i' },
  'base-uri': { type: 'string', short: 'B' },
  header: { type: 'string', short: 'H', multiple: true },
  data: { type: 'string', short: 'd' },
  har: { type: 'string' },
  protocol: { type: 'string', short: 'p' },
  h1: { type: 'boolean' },
  'alpn-list': { type: 'string' },
  'window-bits': { type: 'string', short: 'w' },
  'connection-window-bits': { type: 'string', short: 'W' },
  'header-compression': { type: 'string' },
  'header-table-size': { type: 'string' },
  'connection-active-timeout': { type: 'string', short: 'T' },
  'connection-inactivity-timeout': { type: 'string', short: 'N' },
  ...TLS_OPTIONS,
  sni: { type: 'string' },
  json: { type: 'boolean' },
  html: { type: 'string' },
};

/** What the names of the library are on the command line. */
const OPTION_NAMES: Readonly<Record<string, string>> = {
  durationMs: '--duration',
  protocol: '--protocol',
  protocols: '--alpn-list',
  readRate: '--limit-rate',
  requestRate: '--rps',
  requests: '--requests',
  slowClients: '--slow-clients',
  thinkMs: '--think',
  urls: 'URIs',
  warmUpMs: '--warm-up-time',
  workers: 'threads',
};

const MILLION = 1_000_000;
const MAX_MS = 0x7fffffff;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads the command line of `spdyload`. A text is an answer: it is to be printed, and nothing else done.
 *
 * @throws UsageError
 */
export function parseSpdyloadOptions(argv: readonly string[]): SpdyloadOptions | string {
  const args = readCommandLine({ name: 'spdyload', help: SPDYLOAD_HELP, options: OPTIONS }, argv);
  if (typeof args === 'string') return args;
  const input = args.value('input-file');
  const base = baseOf(args.value('base-uri'));
  const uris = based([...args.positionals, ...(input === null ? [] : linesOf(input))], base.url);
  const script = scriptOf(args.value('har'), uris);
  const urls = script?.requests ?? uris;
  if (urls.length === 0) throw new UsageError('which URI?');
  const servername = args.value('sni');
  const load: LoadOptions = {
    urls,
    ...given('socketPath', base.socketPath),
    headers: args.values('header').map(headerOption),
    tls: { ...tlsFiles(args), ...(servername === null ? {} : { servername }) },
    ...numbers(args),
    ...times(args),
    ...protocols(args),
    ...given('body', bodyOf(args.value('data'))),
    ...given('headerCompression', compression(args.value('header-compression'))),
  };
  return { load, json: args.has('json'), html: args.value('html'), skipped: script?.skipped ?? 0 };
}

/** A message of the library as one about the command line. */
export function inOptions(message: string): string {
  return message
    .replace(/^urls: | \(string\)$/g, '')
    .replace(/(?<=^|\s)\w+(?=[\s,]|$)/g, (word) => OPTION_NAMES[word] ?? word);
}

function numbers(args: Arguments): Partial<LoadOptions> {
  return {
    ...given('requests', numberOption(args, 'requests', 1, Number.MAX_SAFE_INTEGER)),
    ...given('clients', numberOption(args, 'clients', 1, MILLION)),
    ...given('workers', numberOption(args, 'threads', 1, 256)),
    ...given('streams', numberOption(args, 'max-concurrent-streams', 1, MILLION)),
    ...given('connectionRequests', numberOption(args, 'requests-per-connection', 1, MILLION)),
    ...given('requestRate', numberOption(args, 'rps', 0, MILLION, false)),
    ...given('readRate', rateOption(args, 'limit-rate')),
    ...given('slowClients', numberOption(args, 'slow-clients', 1, MILLION)),
    ...given('connectionRate', numberOption(args, 'rate', 0, MILLION)),
    ...given('windowBits', numberOption(args, 'window-bits', 1, 31)),
    ...given('sessionWindowBits', numberOption(args, 'connection-window-bits', 16, 31)),
    ...given('headerTableSize', numberOption(args, 'header-table-size', 0, 0xffffffff)),
  };
}

function times(args: Arguments): Partial<LoadOptions> {
  return {
    ...given('durationMs', timeOption(args, 'duration')),
    ...given('warmUpMs', timeOption(args, 'warm-up-time')),
    ...given('thinkMs', thinkOption(args)),
    ...given('ratePeriodMs', timeOption(args, 'rate-period')),
    ...given('activeTimeoutMs', timeOption(args, 'connection-active-timeout')),
    ...given('inactivityTimeoutMs', timeOption(args, 'connection-inactivity-timeout')),
  };
}

/** Their names are checked where they are used. */
function protocols(args: Arguments): Partial<LoadOptions> {
  const one = args.has('h1') ? 'http/1.1' : args.value('protocol');
  const list = args.value('alpn-list')?.split(',') ?? null;
  return {
    ...given('protocol', one as LoadProtocol | null),
    ...given('protocols', list as LoadProtocol[] | null),
  };
}

/** A time such as `10`, `10s`, `500ms`, `2m` or `1h`, in milliseconds. */
function timeOption(args: Arguments, name: string): number | null {
  const text = args.value(name);
  if (text === null) return null;
  const ms = timeOf(text);
  if (ms !== null && ms > 0) return ms;
  throw new UsageError(`--${name} takes a time as 10, 10s, 500ms, 2m or 1h, got '${text}'`);
}

/** A time, or two with a hyphen between them. */
function thinkOption(args: Arguments): LoadOptions['thinkMs'] | null {
  const text = args.value('think');
  if (text === null) return null;
  const times = text.split('-').map(timeOf);
  const [shortest = null, longest = shortest] = times;
  if (times.length < 3 && shortest !== null && longest !== null && shortest <= longest)
    return [shortest, longest];
  throw new UsageError(`--think takes a time as 10, 10s or 500ms, or 500ms-2s, got '${text}'`);
}

/** Null for what is no time, or too long. */
function timeOf(text: string): number | null {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * (UNITS[unit] as number));
  return number !== '' && ms <= MAX_MS ? ms : null;
}

/** Where all requests go, instead of the servers in their URIs: a URI, or `unix:` and a path. */
function baseOf(text: string | null): {
  readonly url: URL | null;
  readonly socketPath: string | null;
} {
  if (text?.startsWith('unix:')) {
    if (text !== 'unix:') return { url: null, socketPath: text.slice('unix:'.length) };
  } else if (text === null || (/^https?:/i.test(text) && URL.canParse(text))) {
    return { url: text === null ? null : new URL(text), socketPath: null };
  }
  throw new UsageError(`--base-uri takes a URI of http or https, or unix:PATH, got '${text}'`);
}

/** URIs at the server of another one; a path will do for them, and none is that one itself. */
function based(uris: readonly string[], base: URL | null): readonly string[] {
  if (base === null) return uris;
  if (uris.length === 0) return [base.href];
  return uris.map((uri) => {
    if (!URL.canParse(uri, base.href)) throw new UsageError(`not a URI: '${uri}'`);
    const { pathname, search } = new URL(uri, base.href);
    return `${base.origin}${pathname}${search}`;
  });
}

function linesOf(path: string): string[] {
  const text = path === '-' ? readFileSync(0, 'utf8') : readOptionFile('--input-file', path);
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** With a URI they go to its server. */
function scriptOf(path: string | null, uris: readonly string[]): HarScript | null {
  if (path === null) return null;
  const [uri] = uris;
  if (uris.length > 1) throw new UsageError('--har takes one URI, whose server is asked instead');
  if (uri !== undefined && !URL.canParse(uri)) throw new UsageError(`not a URI: '${uri}'`);
  const text = readOptionFile('--har', path);
  try {
    return harRequests(text, uri === undefined ? undefined : new URL(uri).origin);
  } catch (error) {
    throw new UsageError(`--har: ${(error as Error).message}`);
  }
}

function bodyOf(path: string | null): Uint8Array | null {
  if (path === null) return null;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--data: ${(error as Error).message}`);
  }
}

function compression(name: string | null): 'indexed' | 'deflate' | null {
  if (name === null || name === 'indexed' || name === 'deflate') return name;
  throw new UsageError(`--header-compression takes indexed or deflate, got '${name}'`);
}

/** The option of this name, unless it was not given. */
function given<K extends keyof LoadOptions>(
  name: K,
  value: LoadOptions[K] | null,
): Partial<LoadOptions> {
  return value === null ? {} : { [name]: value };
}
