import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { PROTOCOL_VERSIONS, type ProtocolVersion } from '../protocol/version.ts';

/** Exit status for wrong usage, as `sysexits.h` has it. */
export const USAGE_STATUS = 64;

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
  readonly positionals: readonly string[];
}

/** Options that choose one version of SPDY; both programs have them. */
export const VERSION_OPTIONS: OptionTable = {
  spdy2: { type: 'boolean', short: '2' },
  spdy3: { type: 'boolean', short: '3' },
  'spdy3-1': { type: 'boolean' },
};

/**
 * Reads a command line.
 *
 * @throws UsageError for options that the table does not have, and for values that are missing or superfluous
 */
export function parseArguments(options: OptionTable, args: readonly string[]): Arguments {
  const { values, positionals } = parse(options, args);
  const all = (name: string): (string | boolean)[] => {
    const value = values[name];
    return value === undefined ? [] : [value].flat();
  };
  return {
    has: (name) => values[name] === true,
    value: (name) => (all(name).at(-1) as string | undefined) ?? null,
    values: (name) => all(name) as string[],
    positionals,
  };
}

/**
 * The version that was asked for, null if none was.
 *
 * @throws UsageError for more than one
 */
export function versionOption(args: Arguments): ProtocolVersion | null {
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

/** The version of this package. */
export function packageVersion(): string {
  // Two levels up are the sources, three the compiled files.
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(up, import.meta.url), 'utf8');
      return (JSON.parse(text) as { readonly version: string }).version;
    } catch {}
  }
  return 'unknown';
}

/** Runs a program: its result is the exit status, and wrong usage is told as every program does. */
export async function runProgram(
  name: string,
  main: (args: readonly string[]) => Promise<number>,
): Promise<void> {
  // Whoever reads the output may have enough of it.
  for (const out of [process.stdout, process.stderr]) out.on('error', () => {});
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    const usage = error instanceof UsageError;
    const hint = usage ? `\nTry '${name} --help'.` : '';
    process.stderr.write(`${name}: ${(error as Error).message}${hint}\n`);
    process.exitCode = usage ? USAGE_STATUS : 1;
  }
}

function parse(
  options: OptionTable,
  args: readonly string[],
): {
  values: Record<string, string | boolean | (string | boolean)[] | undefined>;
  positionals: string[];
} {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    // The rest of the message is about arguments that begin with a dash.
    const [message = ''] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(message);
  }
}
