import {
  numberOption,
  type OptionTable,
  readCommandLine,
  readOptionFile,
  SPDY_OPTIONS,
  type SpdyArguments,
  spdyArguments,
  UsageError,
} from '../arguments.ts';

/** What `spdyd` was told. */
export interface SpdydOptions extends SpdyArguments {
  readonly port: number;
  readonly host: string;
  readonly root: string;
  /** PEM; null without TLS, and for a certificate that is made at the start. */
  readonly certificate: { readonly key: string; readonly cert: string } | null;
  readonly verifyClient: boolean;
  readonly push: ReadonlyMap<string, readonly string[]>;
  readonly listing: boolean;
  readonly dotfiles: boolean;
}

/** Shown by `--help`; fits a screen of 80 by 24. */
export const SPDYD_HELP = `Usage: spdyd [OPTION]... PORT [PRIVATE_KEY CERT]
Serves the files of a folder over SPDY and, with TLS, HTTP/1.1. Without a key
and a certificate (PEM files) it makes throw-away ones.

  -d, --htdocs DIR      folder to serve; default: where you are
      --host ADDRESS    address to listen at; default 127.0.0.1, '::' for all
      --push P=Q,R      push the paths Q and R with P; repeatable
      --list            list folders that have no index.html
      --dotfiles        serve names that begin with a dot too
  -2, --spdy2           speak SPDY/2 only
  -3, --spdy3           speak SPDY/3 only
      --spdy3-1         speak SPDY/3.1 only
      --no-tls          plain TCP; needs one of the three
  -V, --verify-client   demand a certificate of clients (any one will do)
  -v, --verbose         log connections and frames to standard output
      --color           colours although it is no terminal
      --json            log as JSON, a line each
      --version         print the version
  -h, --help            print this text

SIGTERM or SIGINT ends it when all requests are answered, a second one at once.
There is no daemon mode: let a service manager run it.
`;

const OPTIONS: OptionTable = {
  htdocs: { type: 'string', short: 'd' },
  host: { type: 'string' },
  push: { type: 'string', multiple: true },
  list: { type: 'boolean' },
  dotfiles: { type: 'boolean' },
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
  const [port, keyFile, certFile, ...rest] = args.positionals;
  if (port === undefined) throw new UsageError('which PORT?');
  if (rest.length > 0) throw new UsageError(`too many arguments: ${rest.join(' ')}`);
  const number = numberOption({ ...args, value: () => port }, 'port', 0, 65535) as number;
  if (keyFile !== undefined && certFile === undefined) {
    throw new UsageError('PRIVATE_KEY needs a CERT behind it');
  }
  const spdy = spdyArguments(args);
  if (!spdy.tls) {
    if (keyFile !== undefined) throw new UsageError('--no-tls has no use for a certificate');
    if (args.has('verify-client')) throw new UsageError('-V needs TLS');
  }
  return {
    ...spdy,
    port: number,
    host: args.value('host') ?? '127.0.0.1',
    root: args.value('htdocs') ?? '.',
    certificate:
      keyFile === undefined || certFile === undefined
        ? null
        : { key: readOptionFile('key', keyFile), cert: readOptionFile('certificate', certFile) },
    verifyClient: args.has('verify-client'),
    push: parsePushes(args.values('push')),
    listing: args.has('list'),
    dotfiles: args.has('dotfiles'),
  };
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
