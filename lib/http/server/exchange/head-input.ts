import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Header } from '../../../protocol/frames.ts';
import { addPairs } from '../../headers.ts';
import { httpError } from '../../http-error.ts';

/** Header values of `writeHead()`: an object, names and values in turn, or pairs. */
export type HeadInput = OutgoingHttpHeaders | readonly unknown[];

/** Sets what `writeHead()` was given on top of what was set before. */
export function addHeaders(response: ServerResponse, given: HeadInput): void {
  if (!Array.isArray(given)) {
    const headers = given as OutgoingHttpHeaders;
    for (const name of Object.keys(headers)) {
      const value = headers[name];
      // `setHeader()` refuses what is undefined.
      response.setHeader(name, value as string);
    }
    return;
  }
  const pairs = Array.isArray(given[0]) ? (given as [string, string][]) : inPairs(given);
  for (const [name] of pairs) response.removeHeader(name);
  for (const [name, value] of pairs) {
    response.appendHeader(name, Array.isArray(value) ? value : String(value));
  }
}

/** The fields that were set, a pair for each value. */
export function fieldsOf(response: ServerResponse): Header[] {
  const fields: Header[] = [];
  for (const name of response.getHeaderNames()) addPairs(fields, name, response.getHeader(name));
  return fields;
}

function inPairs(flat: readonly unknown[]): [string, string][] {
  if (flat.length % 2 !== 0) {
    throw httpError(TypeError, 'ERR_INVALID_ARG_VALUE', 'headers must be names and values in turn');
  }
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return pairs;
}
