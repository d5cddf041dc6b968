import { InvalidArgumentError } from '../errors.ts';

/** The longest time that a timer can take, in milliseconds. */
export const MAX_TIMEOUT_MS = 0x7fffffff;

/** As much of a string as a message shows. */
const SHOWN_LENGTH = 100;

/** A value as messages show it, with its type where that may be what is wrong: `5`, `'5' (string)`, `an object (Agent)`. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `'${JSON.stringify(value.slice(0, SHOWN_LENGTH)).slice(1, -1)}' (string)`;
    case 'bigint':
      return `${value} (bigint)`;
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : shownObject(value);
    default:
      return String(value);
  }
}

/** Checks that an argument is an integer in a range, and returns it. */
export function checkRange(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max)
    return value;
  const range = min === max ? String(min) : `an integer from ${min} to ${max}`;
  throw new InvalidArgumentError(`${name} must be ${range}, got ${shown(value)}`);
}

/** Checks that an argument is a time in milliseconds, 0 included, that a timer can take; returns it. */
export function checkTime(name: string, value: unknown): number {
  return checkRange(name, value, 0, MAX_TIMEOUT_MS);
}

/**
 * Checks that an argument is a time in milliseconds as `http` and undici take it, with fractions, and returns it: the longest that a timer
 * can take in place of a longer one, which a timer would take for none.
 */
export function checkDelay(name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0) return Math.min(value, MAX_TIMEOUT_MS);
  throw new InvalidArgumentError(`${name} must be a number from 0, got ${shown(value)}`);
}

/** Checks that an argument is true or false, and returns it. */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new InvalidArgumentError(`${name} must be true or false, got ${shown(value)}`);
}

/** Checks that an argument with options is an object. */
export function checkObject(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) return;
  throw new InvalidArgumentError(`${name} must be an object, got ${shown(value)}`);
}

function shownObject(value: object): string {
  if (Array.isArray(value)) return 'an array';
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name;
  return typeof name !== 'string' || name === 'Object' ? 'an object' : `an object (${name})`;
}
