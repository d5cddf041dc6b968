import { InvalidArgumentError } from '../errors.ts';

/** Checks that an argument is an integer in a range. */
export function checkRange(name: string, value: unknown, min: number, max: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return;
  const range = min === max ? String(min) : `an integer from ${min} to ${max}`;
  throw new InvalidArgumentError(`${name} must be ${range}, got ${String(value)}`);
}

/** Checks that an argument with options is an object. */
export function checkObject(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) return;
  throw new InvalidArgumentError(`${name} must be an object, got ${String(value)}`);
}
