import { InvalidArgumentError } from '../../../errors.ts';
import { httpError } from '../../http-error.ts';

/** Methods whose requests have a body as a rule, so that an empty one is told. */
const BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Whether a request without a body has `content-length: 0`. */
export function tellsEmptyBody(method: string): boolean {
  return BODY_METHODS.has(method);
}

/**
 * The `content-length` to send with a request; null for none. `told` is what the caller says: equal numbers, in several fields or joined by
 * commas, are one. `actual` is the length of the body in bytes, null if that is not known.
 *
 * @throws InvalidArgumentError for what is no length, an Error with undici's code `UND_ERR_REQ_CONTENT_LENGTH_MISMATCH` for a wrong one
 */
export function contentLengthFor(
  method: string,
  told: readonly string[],
  actual: number | null,
): string | null {
  const lengths = [...new Set(told.flatMap((value) => value.split(',')).map(trim))];
  if (!lengths.every((length) => /^\d+$/.test(length))) {
    throw new InvalidArgumentError(`content-length must be a number, got ${told.join(', ')}`);
  }
  const [length, ...others] = lengths;
  const wrong = length !== undefined && actual !== null && Number(length) !== actual;
  if (wrong || others.length > 0) {
    const message = 'Request body length does not match content-length header';
    throw httpError(Error, 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', message);
  }
  const known = length ?? (actual === null ? null : String(actual));
  return known !== null && Number(known) === 0 && !tellsEmptyBody(method) ? null : known;
}

function trim(text: string): string {
  return text.trim();
}
