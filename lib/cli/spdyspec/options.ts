import type { ConformanceLevel } from '../../tools/index.ts';
import {
  type Arguments,
  numberOption,
  type OptionTable,
  readCommandLine,
  readOptionFile,
  UsageError,
} from '../arguments.ts';
import { checkCertificates } from '../tls-files.ts';

/** A port of a host, or a unix socket. */
type SpdyspecTarget =
  | { readonly host: string; readonly port: number }
  | { readonly socketPath: string };

/** What `spdyspec` was told. */
export interface SpdyspecOptions {
  /** The server to test, null with `--listen`. */
  readonly target: SpdyspecTarget | null;
  /** The port to play a server on, null for the test of a server. */
  readonly listen: number | null;
  /** The command that makes a client ask for a URL. */
  readonly exec: string | null;
  /** The server for what a client asks without an upgrade. */
  readonly api: string | null;
  readonly tls: boolean;
  readonly insecure: boolean;
  readonly ca: string | null;
  readonly versions: readonly ('spdy/2' | 'spdy/3' | 'spdy/3.1')[];
  readonly only: readonly string[];
  readonly levels: readonly ConformanceLevel[];
  /** Whether levels below `must` count for the exit status. */
  readonly strict: boolean;
  readonly hostile: boolean;
  /** Whether the servers of others may be loaded. */
  readonly owned: boolean;
  readonly timeoutMs: number;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly junit: string | null;
  readonly verbose: boolean;
  readonly color: boolean;
}

/** Shown by `--help`; fits a screen of 80 by 24. */
export const SPDYSPEC_HELP = `Usage: spdyspec [OPTION]... HOST:PORT|unix:PATH [TEST]...
       spdyspec [OPTION]... --listen PORT --exec COMMAND [TEST]...
Tests whether a SPDY server, or a client, does what the protocol says. TEST is
a group (ping) or a test (ping/2); all without one. A server has to answer GET,
HEAD and POST of /. COMMAND has {url}, {port} and {version} of what is asked.
  -p, --protocol NAME  spdy/2, spdy/3, spdy/3.1; may be repeated; default all
      --tls            TLS, with ALPN          -k, --insecure  any certificate
      --cacert FILE    trust this certificate (PEM)
  -l, --level LEVEL    must, should or robust; may be repeated; default all
  -S, --strict         should and robust count for the exit status
      --hostile        tests that load the server too, on this machine only;
      --yes-i-own-it   and elsewhere
  -o, --timeout SEC    for each answer; default 2
      --listen PORT    play a server, to test a client (0: a free port)
      --exec COMMAND   makes the client ask once
      --api URL        answers what the client asks without an upgrade
  -n, --dry-run        list the tests          -v, --verbose   what was sent
      --json           a line of JSON for each test
  -j, --junit FILE     results as JUnit's XML
      --color          colours on no terminal too
  -h, --help           print this text         --version       print the version
Exit status: 0; 1 when the peer fails a test; 64: usage; 130: interrupted.
`;

const OPTIONS: OptionTable = {
  protocol: { type: 'string', short: 'p', multiple: true },
  tls: { type: 'boolean' },
  insecure: { type: 'boolean', short: 'k' },
  cacert: { type: 'string' },
  level: { type: 'string', short: 'l', multiple: true },
  strict: { type: 'boolean', short: 'S' },
  hostile: { type: 'boolean' },
  'yes-i-own-it': { type: 'boolean' },
  timeout: { type: 'string', short: 'o' },
  listen: { type: 'string' },
  exec: { type: 'string' },
  api: { type: 'string' },
  'dry-run': { type: 'boolean', short: 'n' },
  verbose: { type: 'boolean', short: 'v' },
  json: { type: 'boolean' },
  junit: { type: 'string', short: 'j' },
  color: { type: 'boolean' },
};

const VERSIONS = ['spdy/2', 'spdy/3', 'spdy/3.1'] as const;
const LEVELS = ['must', 'should', 'robust'] as const;

/**
 * Reads the command line of `spdyspec`. A text is an answer: it is to be printed, and nothing else done.
 *
 * @throws UsageError
 */
export function parseSpdyspecOptions(argv: readonly string[]): SpdyspecOptions | string {
  const program = { name: 'spdyspec', help: SPDYSPEC_HELP, options: OPTIONS };
  const args = readCommandLine(program, argv);
  if (typeof args === 'string') return args;
  const listen = numberOption(args, 'listen', 0, 65535);
  const exec = args.value('exec');
  const dryRun = args.has('dry-run');
  if (listen !== null && exec === null && !dryRun) throw new UsageError('--listen needs --exec');
  if (listen === null && exec !== null) throw new UsageError('--exec needs --listen');
  const api = args.value('api');
  if (listen === null && api !== null) throw new UsageError('--api needs --listen');
  const [first, ...rest] = args.positionals;
  const named = listen === null && first !== undefined && first.includes(':');
  if (listen === null && !named && !dryRun) throw new UsageError('which server? HOST:PORT');
  const cacert = args.value('cacert');
  const ca = cacert === null ? null : readOptionFile('--cacert', cacert);
  if (ca !== null) checkCertificates('--cacert', ca);
  return {
    target: named ? placeOf(first) : null,
    listen,
    exec,
    api,
    tls: args.has('tls'),
    insecure: args.has('insecure'),
    ca,
    versions: choices(args, 'protocol', VERSIONS),
    only: named ? rest : args.positionals,
    levels: choices(args, 'level', LEVELS),
    strict: args.has('strict'),
    hostile: args.has('hostile'),
    owned: args.has('yes-i-own-it'),
    timeoutMs: Math.ceil((numberOption(args, 'timeout', 0.01, 600, false) ?? 2) * 1000),
    dryRun,
    json: args.has('json'),
    junit: args.value('junit'),
    verbose: args.has('verbose'),
    color: args.has('color'),
  };
}

function placeOf(text: string): SpdyspecTarget {
  if (/^unix:./.test(text)) return { socketPath: text.slice('unix:'.length) };
  const [, inBrackets, name = '', digits = ''] =
    /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const [host, port] = [inBrackets ?? name, Number(digits)];
  if (host === '' || port < 1 || port > 65535)
    throw new UsageError(`which server? HOST:PORT, got '${text}'`);
  return { host, port };
}

/** The values of an option that has some; all of them without it. */
function choices<Choice extends string>(
  args: Arguments,
  name: string,
  all: readonly Choice[],
): readonly Choice[] {
  const given = args.values(name);
  for (const one of given) {
    if (!all.includes(one as Choice))
      throw new UsageError(`--${name} takes ${all.join(', ')}, got '${one}'`);
  }
  return given.length === 0 ? all : all.filter((one) => given.includes(one));
}
