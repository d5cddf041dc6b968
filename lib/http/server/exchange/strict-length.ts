import type { ServerResponse } from 'node:http';
import { httpError } from '../../http-error.ts';

/**
 * With `strictContentLength`, whether a body of so many bytes, of which more may follow, can be as long as its `content-length` says.
 *
 * @throws Error `ERR_HTTP_CONTENT_LENGTH_MISMATCH`
 */
export function checkLength(response: ServerResponse, bytes: number, ended: boolean): void {
  if (!response.strictContentLength || response.hasHeader('transfer-encoding')) return;
  const told = Number(response.getHeader('content-length') ?? Number.NaN);
  if (Number.isNaN(told) || (ended ? bytes === told : bytes <= told)) return;
  const message = `Response body's content-length of ${bytes} byte(s) does not match the content-length of ${told} byte(s) set in header`;
  throw httpError(Error, 'ERR_HTTP_CONTENT_LENGTH_MISMATCH', message);
}
