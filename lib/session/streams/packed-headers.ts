import type { Header, HeaderList } from '../../protocol/frames.ts';

/** Names and values in turn: a quarter of the memory of a list of pairs. */
export function packHeaders(headers: HeaderList): readonly string[] {
  const texts = new Array<string>(2 * headers.length);
  let at = 0;
  for (const header of headers) {
    texts[at++] = header[0];
    texts[at++] = header[1];
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
