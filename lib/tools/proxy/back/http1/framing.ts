import type { HeaderList } from '../../../../protocol/frames.ts';
import { lengthOf } from '../../message/fields.ts';
import { faultOfHead } from '../../message/response-head.ts';
import type { ResponseHead } from '../../relay/exchange.ts';

/** What follows the head of an answer: so many bytes (0 for no body), or one of these. */
export type Framing = number;
/** Chunks. */
export const CHUNKED: Framing = -1;
/** Everything up to the end of the connection. */
export const TO_THE_END: Framing = -2;

/** How the body of an answer to `method` is framed; null for a head that two readers may take for different things. */
export function framingOf(head: ResponseHead, method: string): Framing | null {
  const { status, fields } = head;
  const coding = codingOf(fields);
  if (faultOfHead(head) !== null || (coding !== null && coding !== 'chunked')) return null;
  const length = lengthOf(fields);
  if (method === 'HEAD' || status === 204 || status === 304) return 0;
  return coding === null ? (length ?? TO_THE_END) : CHUNKED;
}

/** The transfer coding; it is taken away on the way, so that one other than chunked would leave a body that nobody can read. */
function codingOf(fields: HeaderList): string | null {
  let coding: string | null = null;
  for (const [name, value] of fields) {
    if (name !== 'transfer-encoding') continue;
    coding = coding === null ? value.toLowerCase() : `${coding},${value.toLowerCase()}`;
  }
  return coding;
}

/** A head that is none. */
export function malformedHead(): Error {
  return Object.assign(new Error('a malformed head'), { code: 'HPE_INVALID_HEADER' });
}
