import { commonLength, isWord } from './block-text.ts';
import { type FixedDeflateWriter, WORTHWHILE } from './fixed-deflate.ts';
import type { HeaderIndex } from './header-index.ts';

/** A value by what it has in common with an old one: the first `start` characters; `distance` is that of their beginnings. */
export function writeDifference(
  writer: FixedDeflateWriter,
  index: HeaderIndex,
  value: string,
  old: string,
  distance: number,
  start: number,
): void {
  const least = Math.min(value.length, old.length);
  let rest = 0;
  while (
    rest < least - start &&
    value.charCodeAt(value.length - rest - 1) === old.charCodeAt(old.length - rest - 1)
  ) {
    rest++;
  }
  let done = 0;
  if (start >= WORTHWHILE || (start > 0 && writer.continues(distance))) {
    writer.match(distance, start);
    done = start;
  }
  // Numbers and words differ, what stands between them returns.
  const end = value.length - rest;
  const oldEnd = old.length - rest;
  for (let i = start, j = start; ; ) {
    while (i < end && isWord(value.charCodeAt(i))) i++;
    while (j < oldEnd && isWord(old.charCodeAt(j))) j++;
    if (i >= end || j >= oldEnd) break;
    const length = commonLength(value, i, old, j, Math.min(end, i + oldEnd - j));
    const back = distance + i - j;
    if (length >= WORTHWHILE && index.reaches(back)) {
      writer.literals(value, done, i);
      writer.match(back, length);
      done = i + length;
    }
    i += Math.max(1, length);
    j += Math.max(1, length);
  }
  writer.literals(value, done, end);
  const back = distance + value.length - old.length;
  if (rest > 0 && index.reaches(back)) writer.tail(back, value, rest);
  else writer.literals(value, end, value.length);
}
