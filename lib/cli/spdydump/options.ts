import { findVersion, type ProtocolVersion } from '../../protocol/version.ts';
import { FilterError, type FrameFilter, parseFilter } from '../../tools/index.ts';
import {
  type Arguments,
  numberOption,
  type OptionTable,
  readCommandLine,
  UsageError,
} from '../arguments.ts';
import { type SpdydumpTap, TAP_OPTIONS, tapOption } from './tap-option.ts';

/** What `spdydump` was told. */
export interface SpdydumpOptions {
  /** A file, two files with the bytes of each direction, or `-`. */
  readonly files: readonly string[];
  readonly version: ProtocolVersion | null;
  readonly secrets: boolean;
  readonly details: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly color: boolean;
  readonly statistics: boolean;
  readonly strict: boolean;
  /** Frames after which reading ends; null for all. */
  readonly count: number | null;
  readonly filter: FrameFilter | null;
  /** A stream whose headers and payload are shown; null for none. */
  readonly follow: { readonly connection: number; readonly stream: number } | null;
  /** A file for a page of HTML; null for none. */
  readonly html: string | null;
  /** A folder for bodies; null for none. */
  readonly extract: string | null;
  /** Connections are passed on instead of reading a file; null for files. */
  readonly tap: SpdydumpTap | null;
}

/** Shown by `--help`; fits a screen of 80 by 24. */
const SPDYDUMP_HELP = `Usage: spdydump [OPTION]... FILE
       spdydump [OPTION]... CLIENT_BYTES SERVER_BYTES
       spdydump [OPTION]... --listen [ADDRESS:]PORT --to HOST:PORT
Shows the SPDY frames of a recorded connection: pcap and pcapng (TCP without
TLS), traces (spdycat --trace), HAR, or two files with the bytes of each
direction ('-': standard input); or of connections that it passes on.
  -V, --details          all fields and headers of each frame
  -Y, --filter EXPR      frames for which it is true: 'stream==5 && type==DATA'
      --follow [C:]S     headers and payload of stream S (of connection C)
  -s, --stat             figures at the end: frames, header savings, windows
  -q, --quiet            no frames
  -c, --count N          end after N frames
      --json             a line of JSON for each event, also for --stat
      --html FILE        write a page with charts and all frames
      --extract DIR      write bodies to files of a folder
      --secrets          show values of cookies and credentials
      --strict           exit status 2 when a frame breaks the protocol
      --listen, --to     pass connections on; clients with TLS see a certificate
                         that is made, or that of --key FILE --cert FILE
      --cacert FILE      trust this one of the server   -k, --insecure  any one
  -2, --spdy2   -3, --spdy3   --spdy3-1    the version, if it cannot be seen
  -h, --help   --version   --color (without a terminal)
`;

const OPTIONS: OptionTable = {
  details: { type: 'boolean', short: 'V' },
  filter: { type: 'string', short: 'Y' },
  follow: { type: 'string' },
  stat: { type: 'boolean', short: 's' },
  quiet: { type: 'boolean', short: 'q' },
  count: { type: 'string', short: 'c' },
  json: { type: 'boolean' },
  html: { type: 'string' },
  extract: { type: 'string' },
  secrets: { type: 'boolean' },
  strict: { type: 'boolean' },
  spdy2: { type: 'boolean', short: '2' },
  spdy3: { type: 'boolean', short: '3' },
  'spdy3-1': { type: 'boolean' },
  color: { type: 'boolean' },
  ...TAP_OPTIONS,
};

/**
 * Reads the command line of `spdydump`. A text is an answer: it is to be printed, and nothing else done.
 *
 * @throws UsageError
 */
export function parseSpdydumpOptions(argv: readonly string[]): SpdydumpOptions | string {
  const args = readCommandLine({ name: 'spdydump', help: SPDYDUMP_HELP, options: OPTIONS }, argv);
  if (typeof args === 'string') return args;
  const files = args.positionals;
  const tap = tapOption(args);
  if (tap !== null && files.length > 0) throw new UsageError('--listen takes no files');
  if (files.length === 0 && tap === null)
    throw new UsageError("which FILE? ('-' is standard input)");
  if (files.length > 2) throw new UsageError('at most two files: the bytes of each direction');
  const follow = followOption(args);
  const json = args.has('json');
  if (follow !== null && json)
    throw new UsageError('--follow shows text: it does not go with --json');
  return {
    files,
    version: versionOption(args),
    secrets: args.has('secrets'),
    details: args.has('details'),
    quiet: args.has('quiet'),
    json,
    color: args.has('color'),
    statistics: args.has('stat'),
    strict: args.has('strict'),
    count: numberOption(args, 'count', 1, Number.MAX_SAFE_INTEGER),
    filter: filterOption(args),
    follow,
    html: args.value('html'),
    extract: args.value('extract'),
    tap,
  };
}

function versionOption(args: Arguments): ProtocolVersion | null {
  const names = { spdy2: 'spdy/2', spdy3: 'spdy/3', 'spdy3-1': 'spdy/3.1' };
  const chosen = Object.entries(names).filter(([option]) => args.has(option));
  if (chosen.length > 1) throw new UsageError('only one of -2, -3 and --spdy3-1 can be given');
  return chosen[0] === undefined ? null : findVersion(chosen[0][1]);
}

function filterOption(args: Arguments): FrameFilter | null {
  const text = args.value('filter');
  if (text === null) return null;
  try {
    return parseFilter(text);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    const mark = `${' '.repeat(error.at)}^`;
    throw new UsageError(`--filter: ${error.message}\n  ${text}\n  ${mark}`);
  }
}

function followOption(args: Arguments): SpdydumpOptions['follow'] {
  const text = args.value('follow');
  if (text === null) return null;
  const [, connection = '1', stream] = /^(?:(\d{1,9}):)?(\d{1,10})$/.exec(text) ?? [];
  if (stream === undefined || Number(stream) === 0) {
    throw new UsageError(`--follow takes STREAM or CONNECTION:STREAM, got '${text}'`);
  }
  return { connection: Number(connection), stream: Number(stream) };
}
