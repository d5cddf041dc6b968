import type { BigIntStats } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';

/** What identifies one state of a file. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  /** In whole seconds, as HTTP dates are. */
  readonly modifiedMs: number;
}

/** Bytes of a file, both ends included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** The validators of a file: its size and time of change, to the nanosecond, make the tag, and the coding that it is in. */
export function validatorsOf(stats: BigIntStats, coding?: string): Validators {
  const end = coding === undefined ? '' : `-${coding}`;
  const etag = `"${stats.size.toString(16)}-${stats.mtimeNs.toString(16)}${end}"`;
  return { etag, modifiedMs: Math.floor(Number(stats.mtimeMs) / 1000) * 1000 };
}

/** The status that the conditions of a request demand (RFC 9110 13.2.2): 412, 304, or null to go on. For GET and HEAD. */
export function checkConditions(
  headers: IncomingHttpHeaders,
  { etag, modifiedMs }: Validators,
): 412 | 304 | null {
  const unmodifiedSince = httpDate(headers['if-unmodified-since']);
  const modifiedSince = httpDate(headers['if-modified-since']);
  if (headers['if-match'] !== undefined) {
    if (!matches(headers['if-match'], etag, false)) return 412;
  } else if (unmodifiedSince !== null && modifiedMs > unmodifiedSince) {
    return 412;
  }
  if (headers['if-none-match'] !== undefined) {
    if (matches(headers['if-none-match'], etag, true)) return 304;
  } else if (modifiedSince !== null && modifiedMs <= modifiedSince) {
    return 304;
  }
  return null;
}

/**
 * The part of the file that a GET asks for (RFC 9110 14.2); null for all of it: without `range`, when `if-range` does not hold, and for
 * what a server may ignore (several ranges, other units, nonsense). `'unsatisfiable'` when it lies behind the end.
 */
export function requestedRange(
  headers: IncomingHttpHeaders,
  size: number,
  { etag, modifiedMs }: Validators,
): ByteRange | null | 'unsatisfiable' {
  if (headers.range === undefined) return null;
  const match = /^bytes=(\d*)-(\d*)$/i.exec(headers.range.replaceAll(/[ \t]/g, ''));
  if (match === null) return null;
  const ifRange = headers['if-range'] as string | undefined;
  if (ifRange !== undefined && ifRange !== etag && httpDate(ifRange) !== modifiedMs) return null;
  const [, from = '', to = ''] = match;
  if (from === '') {
    if (to === '') return null;
    const length = Math.min(Number(to), size);
    return length === 0 ? 'unsatisfiable' : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return null;
  if (first >= size) return 'unsatisfiable';
  return { first, last: Math.min(to === '' ? size - 1 : Number(to), size - 1) };
}

/** Whether a list of entity tags has this one. `weak`: tags that are marked as weak count too. */
function matches(list: string, etag: string, weak: boolean): boolean {
  if (list.trim() === '*') return true;
  const tags = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => tag === etag || (weak && tag === `W/${etag}`));
}

function httpDate(text: string | undefined): number | null {
  if (text === undefined) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}
