import {
  type Arguments,
  numberOption,
  rateOption,
  readCommandLine,
  type SpdyArguments,
  spdyArguments,
  UsageError,
} from '../../arguments.ts';
import { type TlsFiles, tlsFiles } from '../../tls-files.ts';
import type { RetryChoice } from '../fetch/retries.ts';
import { WriteOut } from '../output/write-out.ts';
import { type BodyChoice, type DataOptions, dataOptions } from './data-options.ts';
import { Places } from './places.ts';
import { type ProxyPlace, parseProxy } from './proxy-option.ts';
import { type RequestChoices, requestChoices } from './request-options.ts';
import { SPDYCAT_HELP, SPDYCAT_HELP_ALL, SPDYCAT_TABLE } from './usage.ts';

/** Consecutive URLs that share a connection, and are fetched at the same time. */
export type UrlGroup = readonly URL[];

/** What `spdycat` was told. */
export interface SpdycatOptions extends Omit<SpdyArguments, 'tls'>, RequestChoices {
  readonly groups: readonly UrlGroup[];
  readonly body: BodyChoice | null;
  readonly multiply: number | null;
  readonly assets: boolean;
  /** HTTP/1.1 only. */
  readonly http1: boolean;
  /** Redirects that are followed. */
  readonly maxRedirects: number;
  readonly retry: RetryChoice;
  readonly windowSize: number | null;
  readonly tls: TlsFiles;
  readonly proxy: ProxyPlace | null;
  readonly places: Places;
  /** Groups that are fetched at the same time. */
  readonly parallel: number;
  /** Bytes per second. */
  readonly rate: number | null;
  /** For connecting, and again for all that follows; of each group. */
  readonly timeoutMs: number | null;
  /** For everything together. */
  readonly maxTimeMs: number | null;
  /** The file for a HAR. */
  readonly har: string | null;
  readonly nullOut: boolean;
  readonly remoteName: boolean;
  /** Files for the bodies, in their order. */
  readonly outputs: readonly string[];
  /** Whether the heads of responses are written before their bodies. */
  readonly include: boolean;
  /** Where bodies go on; `'file'`: behind what is there. */
  readonly resume: number | 'file' | null;
  readonly fail: boolean;
  readonly stat: boolean;
  readonly writeOut: WriteOut | null;
}

/** Timers of Node take no more. */
const MAX_SECONDS = 2_147_483;

/**
 * Reads the command line of `spdycat`. A text is an answer: it is to be printed, and nothing else done.
 *
 * @throws UsageError
 */
export function parseSpdycatOptions(argv: readonly string[]): SpdycatOptions | string {
  const program = {
    name: 'spdycat',
    help: SPDYCAT_HELP,
    helpAll: SPDYCAT_HELP_ALL,
    options: SPDYCAT_TABLE,
  };
  const args = readCommandLine(program, argv);
  if (typeof args === 'string') return args;
  if (args.positionals.length === 0) throw new UsageError('which URI?');
  const { tls: secure, ...spdy } = spdyArguments(args);
  const http1 = args.has('http1.1');
  if (http1 && spdy.version !== null)
    throw new UsageError('only one of -2, -3, --spdy3-1 and --http1.1 can be given');
  const windowBits = numberOption(args, 'window-bits', 0, 30);
  const data = dataOptions(args);
  const multiply = numberOption(args, 'multiply', 1, 1_000_000);
  const urls = args.positionals.map((text) => withData(parseUrl(text, !secure), data));
  const writeOut = args.value('write-out');
  return {
    ...spdy,
    ...requestChoices(args, data),
    ...outputChoices(args),
    groups: groupUrls(urls, multiply),
    body: data.body,
    multiply,
    assets: args.has('get-assets'),
    http1,
    maxRedirects: redirectsOf(args),
    retry: {
      count: numberOption(args, 'retry', 0, 1_000_000) ?? 0,
      delayMs: timeOption(args, 'retry-delay', 0),
    },
    windowSize: windowBits === null ? null : 2 ** windowBits,
    tls: tlsFiles(args),
    proxy: parseProxy(
      args.value('proxy'),
      numberOption(args, 'proxy-port', 1, 65535),
      args.value('unix-socket'),
    ),
    places: new Places(args),
    parallel: args.has('parallel') ? (numberOption(args, 'parallel-max', 1, 10_000) ?? 50) : 1,
    rate: rateOption(args, 'limit-rate'),
    timeoutMs: timeOption(args, 'timeout', 0.001),
    maxTimeMs: timeOption(args, 'max-time', 0.001),
    har: args.value('har'),
    fail: args.has('fail'),
    stat: args.has('stat'),
    writeOut: writeOut === null ? null : new WriteOut(writeOut),
  };
}

/** Consecutive URLs of the same origin together. Without `multiply` each is fetched once, with it so many times. */
function groupUrls(urls: readonly URL[], multiply: number | null): URL[][] {
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

/** A URL with the query of `--get`, and the name of `--upload-file`. */
function withData(url: URL, { query, uploadName }: DataOptions): URL {
  if (query !== null) url.search = url.search === '' ? query : `${url.search}&${query}`;
  if (uploadName !== null && url.pathname.endsWith('/')) url.pathname += uploadName;
  return url;
}

type OutputChoices = Pick<
  SpdycatOptions,
  'nullOut' | 'remoteName' | 'outputs' | 'include' | 'resume'
>;

function outputChoices(args: Arguments): OutputChoices {
  const outputs = args.values('output');
  const [nullOut, remoteName] = [args.has('null-out'), args.has('remote-name')];
  if ([nullOut, remoteName, outputs.length > 0].filter(Boolean).length > 1)
    throw new UsageError('only one of --output, --remote-name and --null-out can be given');
  const resume = args.value('continue-at');
  const ownFiles = remoteName || outputs.some((name) => name !== '-');
  if (resume === '-' && !ownFiles)
    throw new UsageError('--continue-at - needs --output or --remote-name');
  const include = args.has('include') || args.has('head');
  if (resume !== null && include)
    throw new UsageError('--continue-at fits neither --include nor --head');
  if (resume !== null && args.value('range') !== null)
    throw new UsageError('only one of --continue-at and --range can be given');
  if (resume !== null && resume !== '-') numberOption(args, 'continue-at', 0, 2 ** 52);
  return {
    nullOut,
    remoteName,
    outputs,
    include,
    resume: resume === null ? null : resume === '-' ? 'file' : Number(resume),
  };
}

function redirectsOf(args: Arguments): number {
  const most = numberOption(args, 'max-redirs', -1, 1_000_000) ?? 50;
  if (!args.has('location')) return 0;
  return most === -1 ? Number.POSITIVE_INFINITY : most;
}

/** Seconds as milliseconds. */
function timeOption(args: Arguments, name: string, least: number): number | null {
  const seconds = numberOption(args, name, least, MAX_SECONDS, false);
  return seconds === null ? null : Math.ceil(seconds * 1000);
}
