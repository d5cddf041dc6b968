import type { Header, HeaderList } from '../../protocol/frames.ts';

/** Names and values in turn: a quarter of the memory of a list of pairs. */
export function packHeaders(headers: HeaderList): readonly string[] {
  const { length } = headers;
  const texts = new Array<string>(2 * length);
  // By index: an iterator would make an object for each pair here.
  for (let i = 0; i < length; i++) {
    const header = headers[i] as Header;
    texts[2 * i] = header[0];
    texts[2 * i + 1] = header[1];
  }
  return texts;
}

/** The pairs again, as new ones. */
export function unpackHeaders(texts: readonly string[]): HeaderList {
  const headers: Header[] = [];
  for (let at = 0; at < texts.length; at += 2)
    headers.push([texts[at] as string, texts[at + 1] as string]);
  return headers;
}
