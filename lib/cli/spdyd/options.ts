import {
  type Arguments,
  numberOption,
  type OptionTable,
  readCommandLine,
  SPDY_OPTIONS,
  type SpdyArguments,
  spdyArguments,
  UsageError,
} from '../arguments.ts';
import { type NamedCertificate, readCertificate } from '../named-certificate.ts';
import { socketPathOf } from '../unix-socket.ts';

/** What `spdyd` was told. */
export interface SpdydOptions extends SpdyArguments {
  readonly port: number;
  readonly host: string;
  /** Of a unix socket, instead of both; null for none. */
  readonly path: string | null;
  readonly root: string;
  /** The first one is for clients that ask for no name, or for another; none without TLS, and when one is made at the start. */
  readonly certificates: readonly NamedCertificate[];
  readonly verifyClient: boolean;
  readonly push: ReadonlyMap<string, readonly string[]>;
  readonly listing: boolean;
  readonly dotfiles: boolean;
  readonly spa: boolean;
  readonly cors: boolean;
  readonly compress: boolean;
  readonly echo: boolean;
  /** Milliseconds before each answer. */
  readonly delayMs: number;
  /** Most requests of a connection at once; null for the default. */
  readonly maxStreams: number | null;
  /** Receive window of each stream in bytes; null for the default. */
  readonly windowSize: number | null;
  /** A file, or `-` for standard output; null for none. */
  readonly accessLog: string | null;
}

/** Shown by `--help`; fits a screen of 80 by 24. */
export const SPDYD_HELP = `Usage: spdyd [OPTION]... PORT [PRIVATE_KEY CERT]...
Serves a folder by SPDY and, with TLS, HTTP/1.1. PORT may be unix:PATH. Without
keys and certificates (PEM files; a pair for a name) it makes throw-away ones.
  -d, --htdocs DIR       folder to serve; default: where you are
      --host ADDRESS     address to listen at; default 127.0.0.1, '::' for all
      --push P=Q,R       push the paths Q and R with P; repeatable
      --list             list folders that have no index.html
      --dotfiles         serve names that begin with a dot too
      --spa              /index.html for paths without a file and without a dot
      --compress         text as br or gzip   --cors  for scripts of any origin
      --echo             POST and PUT get their body back
      --delay MS         wait before each answer
  -2, --spdy2   -3, --spdy3   --spdy3-1    speak this version only
      --no-tls           plain TCP; needs one of these three
  -V, --verify-client    demand a certificate of clients (any one will do)
      --max-streams N    requests of a connection at once; default 100
      --window-bits N    2^N bytes of window for each stream (0 to 30)
      --access-log FILE  a line for each answer ('-': standard output)
  -v, --verbose          log connections and frames   --trace FILE  JSON events
      --color            colours without a terminal   --json  log as JSON
  -h, --help             print this text       --version      print the version
SIGTERM or SIGINT ends it when all requests are answered, a second one at once.
`;

const OPTIONS: OptionTable = {
  htdocs: { type: 'string', short: 'd' },
  host: { type: 'string' },
  push: { type: 'string', multiple: true },
  list: { type: 'boolean' },
  dotfiles: { type: 'boolean' },
  spa: { type: 'boolean' },
  cors: { type: 'boolean' },
  compress: { type: 'boolean' },
  echo: { type: 'boolean' },
  delay: { type: 'string' },
  'max-streams': { type: 'string' },
  'window-bits': { type: 'string' },
  'access-log': { type: 'string' },
  ...SPDY_OPTIONS,
  'verify-client': { type: 'boolean', short: 'V' },
  daemon: { type: 'boolean', short: 'D' },
};

/**
 * Reads the command line of `spdyd`. A text is an answer: it is to be printed, and nothing else done.
 *
 * @throws UsageError
 */
export function parseSpdydOptions(argv: readonly string[]): SpdydOptions | string {
  const args = readCommandLine({ name: 'spdyd', help: SPDYD_HELP, options: OPTIONS }, argv);
  if (typeof args === 'string') return args;
  if (args.has('daemon')) {
    throw new UsageError('there is no daemon mode: let a service manager such as systemd run it');
  }
  const [port, ...files] = args.positionals;
  if (port === undefined) throw new UsageError('which PORT?');
  const spdy = spdyArguments(args);
  if (!spdy.tls) {
    if (files.length > 0) throw new UsageError('--no-tls has no use for a certificate');
    if (args.has('verify-client')) throw new UsageError('-V needs TLS');
  }
  const windowBits = numberOption(args, 'window-bits', 0, 30);
  return {
    ...spdy,
    ...placeOf(args, port),
    root: args.value('htdocs') ?? '.',
    certificates: readCertificates(files),
    verifyClient: args.has('verify-client'),
    push: parsePushes(args.values('push')),
    listing: args.has('list'),
    dotfiles: args.has('dotfiles'),
    spa: args.has('spa'),
    cors: args.has('cors'),
    compress: args.has('compress'),
    echo: args.has('echo'),
    delayMs: numberOption(args, 'delay', 0, 3_600_000) ?? 0,
    maxStreams: numberOption(args, 'max-streams', 1, 0x7fffffff),
    windowSize: windowBits === null ? null : 2 ** windowBits,
    accessLog: args.value('access-log'),
  };
}

/** Where it listens: at a port of an address, or at a unix socket. */
function placeOf(args: Arguments, text: string): Pick<SpdydOptions, 'host' | 'path' | 'port'> {
  const host = args.value('host') ?? '127.0.0.1';
  if (text.startsWith('unix:')) {
    return { host, port: 0, path: socketPathOf(text.slice('unix:'.length)) };
  }
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65535)
    throw new UsageError(`PORT is an integer from 0 to 65535, or unix:PATH, got '${text}'`);
  return { host, port, path: null };
}

/** The pairs of files; all but the first one are for the names that they tell. */
function readCertificates(files: readonly string[]): NamedCertificate[] {
  if (files.length % 2 === 1) throw new UsageError('PRIVATE_KEY needs a CERT behind it');
  const certificates: NamedCertificate[] = [];
  for (let at = 0; at < files.length; at += 2) {
    certificates.push(readCertificate(files[at] as string, files[at + 1] as string, at > 0));
  }
  return certificates;
}

/** `PATH=PATH,PATH` as a map. */
function parsePushes(values: readonly string[]): Map<string, string[]> {
  const pushes = new Map<string, string[]>();
  for (const value of values) {
    const at = value.indexOf('=');
    const targets = value.slice(at + 1).split(',');
    const all = [value.slice(0, at), ...targets];
    if (at === -1 || !all.every((path) => /^\/[\x21-\x7e]*$/.test(path))) {
      throw new UsageError(`--push takes PATH=PATH,PATH with a slash before each, got '${value}'`);
    }
    const path = value.slice(0, at);
    pushes.set(path, [...(pushes.get(path) ?? []), ...targets]);
  }
  return pushes;
}
