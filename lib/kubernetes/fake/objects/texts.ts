import { shown } from '../../../common/check.ts';
import { InvalidArgumentError } from '../../../errors.ts';

/** Whether a value is a text. */
export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Whether a value is a list of texts. */
export function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

/** Checks that what is given is a text. Throws InvalidArgumentError. */
export function checkText(what: string, value: unknown): void {
  if (value === undefined || isText(value)) return;
  throw new InvalidArgumentError(`${what} must be a text, got ${shown(value)}`);
}

/** Checks a list of texts. Throws InvalidArgumentError. */
export function checkTextList(what: string, value: unknown): void {
  if (isTextList(value)) return;
  throw new InvalidArgumentError(`${what} must be a list of texts, got ${shown(value)}`);
}
