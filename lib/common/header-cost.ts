import type { HeaderList } from '../protocol/frames.ts';

/**
 * Bytes of memory that a pair takes besides its characters, as measured with 64-bit Node: 80 for the pair and its place in a list, 32
 * for each of its strings. What the HTTP layer makes of a pair (its places in `rawHeaders` and `headers`) costs no more.
 */
export const PAIR_COST = 144;

/** Characters of all names and values together. */
export function headerTextLength(headers: HeaderList): number {
  let length = 0;
  for (const header of headers) length += header[0].length + header[1].length;
  return length;
}

/** Bytes of memory that a header list holds: a character counts one byte, each pair `PAIR_COST` more. */
export function headerCost(headers: HeaderList): number {
  return headerTextLength(headers) + PAIR_COST * headers.length;
}
