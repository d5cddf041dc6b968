import { checkBoolean, checkRange, shown } from '../../common/check.ts';
import { checkOptions, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';

/** A budget that refills with time: `burst` events at once, then `perSecond`. */
export interface RateLimit {
  /** What is allowed at once, from 0 on. */
  readonly burst: number;
  /** What comes back each second, from 0 on, up to `burst`. */
  readonly perSecond: number;
}

/** The defaults that were used last, by option: sessions share them. */
const usualRates = new Map<string, RateLimit>();

const RATE_NAMES = optionNames<RateLimit>({ burst: true, perSecond: true });

/** What a header name consists of. */
const HEADER_NAME = /^[\x20-\x7e]+$/;

/** The integer of an option, within its range; the fallback if it is not given. */
export function integer<T extends object>(
  options: T,
  key: keyof T & string,
  min: number,
  max: number,
  fallback: number,
): number {
  const value = options[key];
  return value === undefined ? fallback : checkRange(key, value, min, max);
}

/** The boolean of an option, or the fallback. */
export function flag<T extends object>(
  options: T,
  key: keyof T & string,
  fallback: boolean,
): boolean {
  const value = options[key];
  return value === undefined ? fallback : checkBoolean(key, value);
}

/** One of the words that an option takes, or the fallback. */
export function choice<T extends object, const C extends string>(
  options: T,
  key: keyof T & string,
  choices: readonly C[],
  fallback: C,
): C {
  const value = options[key];
  if (value === undefined) return fallback;
  const found = choices.find((name) => name === value);
  if (found === undefined) {
    throw new InvalidArgumentError(
      `${key} must be one of ${choices.join(', ')}, got ${shown(value)}`,
    );
  }
  return found;
}

/** The header names of an option, none if it is not given. */
export function names<T extends object>(options: T, key: keyof T & string): readonly string[] {
  const value: unknown = options[key];
  if (value === undefined) return [];
  const valid = (name: unknown): boolean => typeof name === 'string' && HEADER_NAME.test(name);
  if (!Array.isArray(value) || !value.every(valid))
    throw new InvalidArgumentError(`${key} must be an array of header names`);
  return [...value];
}

/** The rate of an option, or the fallback. */
export function rate<T extends object>(
  options: T,
  key: keyof T & string,
  burst: number,
  perSecond: number,
): RateLimit {
  const value = options[key];
  if (value === undefined) return usual(key, burst, perSecond);
  const given = value as Partial<RateLimit> | null;
  const valid = (n: unknown): n is number => typeof n === 'number' && n >= 0;
  if (given === null || !valid(given.burst) || !valid(given.perSecond)) {
    throw new InvalidArgumentError(
      `${key} must be { burst, perSecond } with numbers of at least 0`,
    );
  }
  checkOptions(key, given, RATE_NAMES);
  return { burst: given.burst, perSecond: given.perSecond };
}

/** The default of a rate. */
function usual(key: string, burst: number, perSecond: number): RateLimit {
  const last = usualRates.get(key);
  if (last !== undefined && last.burst === burst && last.perSecond === perSecond) return last;
  const limit = { burst, perSecond };
  usualRates.set(key, limit);
  return limit;
}
