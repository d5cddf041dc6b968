import { NameOrders } from '../../framing/name-orders.ts';
import type { Header, HeaderList } from '../../protocol/frames.ts';

/** Longer names are kept with their own list. */
const MOST_CHARACTERS = 64;

/** Names that came together before. */
const orders = new NameOrders();

/** The names of a list, which other lists with the same ones share, and its values: an eighth of the memory of a list of pairs. */
export type PackedHeaders = readonly [names: readonly string[], ...values: readonly string[]];

/** Headers in little memory. */
export function packHeaders(headers: HeaderList): PackedHeaders {
  const { given } = orders.expected(headers.length);
  const packed = new Array<string | readonly string[]>(headers.length + 1);
  let known = given.length === headers.length;
  // By an iterator, V8 would make an object for each pair here.
  for (let at = 0; at < headers.length; at++) {
    const header = headers[at] as Header;
    if (known && header[0] !== given[at]) known = false;
    packed[at + 1] = header[1];
  }
  packed[0] = known ? given : namesOf(headers);
  return packed as unknown as PackedHeaders;
}

/** The pairs again, as new ones. */
export function unpackHeaders(packed: PackedHeaders): HeaderList {
  return packed[0].map((name, at): Header => [name, packed[at + 1] as string]);
}

/** The names of a list that has others than those expected. */
function namesOf(headers: HeaderList): readonly string[] {
  const names = headers.map(([name]) => name);
  if (names.some((name) => name.length > MOST_CHARACTERS) || !orders.missed(names.length))
    return names;
  orders.remember(names, names);
  return orders.expected(names.length).given;
}
