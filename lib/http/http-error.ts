import { StreamError } from '../errors.ts';
import { CANCEL } from '../protocol/constants.ts';

/** An error of the kind that `http` throws: its class and its `code`, which frameworks look at. */
export function httpError(
  kind: ErrorConstructor | TypeErrorConstructor | RangeErrorConstructor,
  code: string,
  message: string,
  options?: ErrorOptions,
): Error & { readonly code: string } {
  return Object.assign(new kind(message, options), { code });
}

/** The error for a request that was destroyed too early; `text` is what `http` says then. */
export function givenUp(id: number, before: string, text: string): StreamError {
  const message = `the request was destroyed before ${before}`;
  const options = { cause: httpError(Error, 'ECONNRESET', text) };
  return new StreamError('ERR_SPDY_ABORTED', message, id, CANCEL, 'local', options);
}
