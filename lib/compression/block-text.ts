import type { Header, HeaderList } from '../protocol/frames.ts';

const NOT_ASCII = /[^\0-\x7f]/;

const LENGTH_TEXTS: Readonly<Record<2 | 4, string[]>> = { 2: [], 4: [] };
for (let length = 0; length < 256; length++) {
  LENGTH_TEXTS[2].push(String.fromCharCode(0, length));
  LENGTH_TEXTS[4].push(String.fromCharCode(0, 0, 0, length));
}

/** A count or length as it stands in a block, a character for a byte. */
export function lengthText(size: 2 | 4, length: number): string {
  if (length < 256) return LENGTH_TEXTS[size][length] as string;
  const low = String.fromCharCode((length >>> 8) & 0xff, length & 0xff);
  return size === 2 ? low : String.fromCharCode(length >>> 24, (length >>> 16) & 0xff) + low;
}

/** ASCII letters, digits, and what is neither ASCII nor a delimiter anywhere. */
export function isWord(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a);
}

/** How far two strings are equal from their beginning. */
export function commonStart(a: string, b: string): number {
  return commonLength(a, 0, b, 0, a.length);
}

/** How far `a[i, end)` and what stands in `b` from `j` on are equal. */
export function commonLength(a: string, i: number, b: string, j: number, end: number): number {
  const most = Math.min(end - i, b.length - j);
  let length = 0;
  while (length < most && a.charCodeAt(i + length) === b.charCodeAt(j + length)) length++;
  return length;
}

/** The same pairs, in whose values a character stands for each byte of UTF-8. */
export function utf8Pairs(headers: HeaderList): HeaderList {
  if (!headers.some(hasWideValue)) return headers;
  return headers.map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')]);
}

function hasWideValue(header: Header): boolean {
  return NOT_ASCII.test(header[1]);
}
