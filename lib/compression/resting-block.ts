import { interned } from '../common/interned.ts';
import { lengthText } from './block-text.ts';
import { COUNT, type HeaderIndex, type KnownPair, ownCopy } from './header-index.ts';

/** The plain text of the last block in an index, whose count stands at `place` of the log. What cannot be matched stands there as NULs. */
export function textOfBlock(index: HeaderIndex, place: number, size: 2 | 4): string {
  let text = '';
  for (let i = place; i < index.length; i++) {
    const { known, value, valueLength } = index.at(i) as KnownPair;
    const shown = value.length === valueLength ? value : '\0'.repeat(valueLength);
    if (known.name !== COUNT) {
      text += lengthText(size, known.name.length) + known.name + lengthText(size, valueLength);
    }
    text += shown;
  }
  return ownCopy(text);
}

/** Makes the pairs of a text that `textOfBlock()` gave known to an index again. */
export function learnBlock(
  index: HeaderIndex,
  text: string,
  size: 2 | 4,
  sensitive: ReadonlySet<string>,
): void {
  learn(index, COUNT, text.slice(0, size), size, false);
  for (let at: number = size; at < text.length; ) {
    const nameEnd: number = at + size + readLength(text, at, size);
    const end: number = nameEnd + size + readLength(text, nameEnd, size);
    const name = interned(text.slice(at + size, nameEnd));
    learn(index, name, text.slice(nameEnd + size, end), end - at, sensitive.has(name));
    at = end;
  }
}

function learn(
  index: HeaderIndex,
  name: string,
  value: string,
  length: number,
  secret: boolean,
): void {
  index.add(index.addName(name, secret), value, length);
}

function readLength(text: string, at: number, size: 2 | 4): number {
  let length = 0;
  for (let i = at; i < at + size; i++) length = (length << 8) | text.charCodeAt(i);
  return length;
}
