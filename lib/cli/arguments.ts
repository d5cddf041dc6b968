import { closeSync, openSync, readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearestName } from '../common/option-names.ts';
import { PACKAGE_VERSION } from '../common/package-version.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion } from '../protocol/version.ts';

/** The command line makes no sense; the message says why. */
export class UsageError extends Error {}

/** The options of a program, as `parseArgs()` takes them. */
export type OptionTable = NonNullable<ParseArgsConfig['options']>;

/** What `parseArguments()` has read. */
export interface Arguments {
  /** Whether an option without a value was given. */
  has(name: string): boolean;
  /** The value of an option, the last one if there are several; null without it. */
  value(name: string): string | null;
  /** All values of an option. */
  values(name: string): readonly string[];
  /** The values of several options in the order of the command line. */
  inOrder(...names: string[]): readonly (readonly [name: string, value: string])[];
  readonly positionals: readonly string[];
}

/** Options that all programs have. */
const COMMON_OPTIONS: OptionTable = {
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

/** Options of programs that speak SPDY by themselves: one version of it, without TLS, and how frames are logged. */
export const SPDY_OPTIONS: OptionTable = {
  spdy2: { type: 'boolean', short: '2' },
  spdy3: { type: 'boolean', short: '3' },
  'spdy3-1': { type: 'boolean' },
  'no-tls': { type: 'boolean' },
  verbose: { type: 'boolean', short: 'v' },
  color: { type: 'boolean' },
  json: { type: 'boolean' },
  trace: { type: 'string' },
};

/** What `SPDY_OPTIONS` come to. */
export interface SpdyArguments {
  /** The only version to speak, null for all of them. */
  readonly version: ProtocolVersion | null;
  /** Whether connections have TLS. */
  readonly tls: boolean;
  /** Whether frames are logged. */
  readonly verbose: boolean;
  /** Colours although there is no terminal. */
  readonly color: boolean;
  /** A line of JSON for each thing that is told. */
  readonly json: boolean;
  /** A file for traces of the sessions. */
  readonly trace: string | null;
}

/** A program, as its command line has to know it. */
export interface ProgramUsage {
  readonly name: string;
  /** Shown by `--help`. */
  readonly help: string;
  /** Without those that all programs have. */
  readonly options: OptionTable;
  /** Shown by `--help-all`, behind the other help; without it there is no such option. */
  readonly helpAll?: string | undefined;
}

/**
 * Reads the command line of a program. A text is an answer, to `--help` or `--version`: it is to be printed, and nothing else done.
 *
 * @throws UsageError as `parseArguments()`
 */
export function readCommandLine(
  { name, help, helpAll, options }: ProgramUsage,
  args: readonly string[],
): Arguments | string {
  const more: OptionTable = helpAll === undefined ? {} : { 'help-all': { type: 'boolean' } };
  const all = parseArguments({ ...options, ...COMMON_OPTIONS, ...more }, args);
  if (all.has('help-all')) return help + helpAll;
  if (all.has('help')) return help;
  return all.has('version') ? `${name} (spdylay ${PACKAGE_VERSION})\n` : all;
}

/**
 * Reads a command line.
 *
 * @throws UsageError for options that the table does not have, and for values that are missing or superfluous
 */
export function parseArguments(options: OptionTable, args: readonly string[]): Arguments {
  const { values, positionals, tokens } = parse(options, args);
  const all = (name: string): (string | boolean)[] => {
    const value = values[name];
    return value === undefined ? [] : [value].flat();
  };
  return {
    has: (name) => values[name] === true,
    value: (name) => (all(name).at(-1) as string | undefined) ?? null,
    values: (name) => all(name) as string[],
    inOrder: (...names) =>
      tokens.flatMap((token) =>
        token.name !== undefined && names.includes(token.name)
          ? [[token.name, token.value ?? ''] as const]
          : [],
      ),
    positionals,
  };
}

/**
 * The values of `SPDY_OPTIONS`.
 *
 * @throws UsageError for more than one version, and for none without TLS
 */
export function spdyArguments(args: Arguments): SpdyArguments {
  const version = chosenVersion(args);
  const tls = !args.has('no-tls');
  if (!tls && version === null) throw new UsageError('--no-tls needs one of -2, -3 and --spdy3-1');
  const [verbose, color, json] = ['verbose', 'color', 'json'].map(args.has) as [
    boolean,
    boolean,
    boolean,
  ];
  return { version, tls, verbose, color, json, trace: args.value('trace') };
}

function chosenVersion(args: Arguments): ProtocolVersion | null {
  const options = { 'spdy/2': 'spdy2', 'spdy/3': 'spdy3', 'spdy/3.1': 'spdy3-1' };
  const chosen = PROTOCOL_VERSIONS.filter(({ name }) => args.has(options[name]));
  if (chosen.length > 1) throw new UsageError('only one of -2, -3 and --spdy3-1 can be given');
  return chosen[0] ?? null;
}

/**
 * The value of an option as a number, null without the option.
 *
 * @throws UsageError for a value that is no number from `min` to `max`
 */
export function numberOption(
  args: Arguments,
  name: string,
  min: number,
  max: number,
  integer = true,
): number | null {
  const text = args.value(name);
  if (text === null) return null;
  const number = Number(text);
  const valid = text.trim() !== '' && (!integer || Number.isInteger(number));
  if (!valid || !(number >= min && number <= max)) {
    const kind = integer ? 'an integer' : 'a number';
    throw new UsageError(`--${name} takes ${kind} from ${min} to ${max}, got '${text}'`);
  }
  return number;
}

/**
 * The value of an option as bytes per second, `500`, `200K`, `1.5M`; null without the option.
 *
 * @throws UsageError for what is no such rate
 */
export function rateOption(args: Arguments, name: string): number | null {
  const text = args.value(name);
  if (text === null) return null;
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([kmg]?)b?$/i.exec(text) ?? [];
  const rate = Number(number) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ');
  if (number !== '' && rate >= 1) return rate;
  throw new UsageError(`--${name} takes bytes per second, as 500, 200K, 1M; got '${text}'`);
}

/**
 * The name and the value of an option `-H 'name: value'`; the name may begin with a colon.
 *
 * @throws UsageError for what is no header
 */
export function headerOption(text: string): [name: string, value: string] {
  const at = text.indexOf(':', 1);
  const name = text.slice(0, Math.max(at, 0)).trim().toLowerCase();
  const value = text.slice(at + 1).trim();
  if (!/^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) || value === '' || /[\0\r\n]/.test(value)) {
    throw new UsageError(`-H takes 'name: value', got '${text}'`);
  }
  // Header text is bytes to the library.
  return [name, Buffer.from(value).toString('latin1')];
}

/**
 * The content of a file that an option names.
 *
 * @throws UsageError if it cannot be read
 */
export function readOptionFile(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`);
  }
}

/**
 * Whether a file that an option names can be written at the end of the work; null is no file. It is made if there is none.
 *
 * @throws UsageError if it cannot
 */
export function checkOutputFile(name: string, path: string | null): void {
  if (path === null) return;
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`);
  }
}

/** An option on a command line. */
interface OptionToken {
  readonly kind: string;
  readonly name?: string | undefined;
  readonly value?: string | undefined;
}

/** Negative numbers are values, though they look like options. */
function withNumbers(options: OptionTable, args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1) ?? '';
    const wanting = before.startsWith('--') && options[before.slice(2)]?.type === 'string';
    if (wanting && /^-\d+$/.test(arg)) joined[joined.length - 1] = `${before}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** The option that was most likely meant by one that does not exist. */
function advice(options: OptionTable, message: string): string {
  const [, unknown] = /^Unknown option '--([^']+)'/.exec(message) ?? [];
  const meant = unknown === undefined ? null : nearestName(unknown, Object.keys(options));
  return meant === null ? '' : `, did you mean --${meant}?`;
}

function parse(
  options: OptionTable,
  args: readonly string[],
): {
  values: Record<string, string | boolean | (string | boolean)[] | undefined>;
  positionals: string[];
  tokens: readonly OptionToken[];
} {
  try {
    return parseArgs({
      args: withNumbers(options, args),
      options,
      allowPositionals: true,
      strict: true,
      tokens: true,
    });
  } catch (error) {
    // The rest of the message is about arguments that begin with a dash.
    const [message = ''] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(`${message}${advice(options, message)}`);
  }
}
