import { InvalidArgumentError } from '../errors.ts';
import { checkObject } from './check.ts';

/** Every name that an interface of options has: one that is missing or too much does not compile. */
export type NamesOf<T> = { readonly [K in keyof Required<T>]: true };

/** What an interface of options becomes when each of them has its value. */
export type Settled<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

/** Options without those that are undefined: they are not given, and take no default's place where objects are spread. */
export function givenOptions<T extends object>(options: T | undefined): T {
  return Object.fromEntries(
    Object.entries(options ?? {}).filter(([, value]) => value !== undefined),
  ) as T;
}

/** Names as a set. */
export function optionNames<T>(names: NamesOf<T>): ReadonlySet<string> {
  return new Set(Object.keys(names));
}

/**
 * Checks that an argument is an object whose names are all known. Names whose value is undefined are not given. `alsoKnown` is asked for
 * names that are not in the set; `elsewhere` for where a name belongs that is of neither, null if it is nowhere.
 *
 * @throws InvalidArgumentError with the name that was most likely meant
 */
export function checkOptions(
  what: string,
  options: unknown,
  known: ReadonlySet<string>,
  alsoKnown?: (name: string) => boolean,
  elsewhere?: (name: string) => string | null,
): void {
  checkObject('options', options);
  const given = options as Readonly<Record<string, unknown>>;
  for (const name in given) {
    if (known.has(name) || given[name] === undefined) continue;
    if (alsoKnown?.(name) === true) continue;
    const place = elsewhere?.(name) ?? null;
    throw place === null ? unknownOption(what, name, known) : noOption(what, name, place);
  }
}

/** The error of a name that is none. */
export function unknownOption(
  what: string,
  name: string,
  known: Iterable<string>,
  kind = 'option',
): InvalidArgumentError {
  return noOption(what, name, nearestName(name, known), kind);
}

function noOption(
  what: string,
  name: string,
  meant: string | null,
  kind = 'option',
): InvalidArgumentError {
  const advice = meant === null ? '' : `, did you mean ${meant}?`;
  return new InvalidArgumentError(`${what}: there is no ${kind} ${quoted(name)}${advice}`);
}

/** The one of the known names that a mistaken one is most like; null if it is like none. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const given = name.toLowerCase();
  let nearest: string | null = null;
  // A third of the letters may be wrong.
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - given.length) >= least) continue;
    const distance = editDistance(given, candidate.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

/** How many letters have to be put in, taken out, replaced or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] as number;
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swaps ? at(i - 2, j - 2) + 1 : replaced;
      rows[i]?.push(Math.min(replaced, swapped, at(i - 1, j) + 1, at(i, j - 1) + 1));
    }
  }
  return at(a.length, b.length);
}

function quoted(name: string): string {
  return `'${JSON.stringify(name.slice(0, 100)).slice(1, -1)}'`;
}
