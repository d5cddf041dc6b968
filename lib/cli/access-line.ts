import { visible } from './terminal.ts';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** What lines of an access log look like. */
export type AccessFormat = 'common' | 'combined' | 'json';

/** The formats by name. */
export const ACCESS_FORMATS: readonly AccessFormat[] = ['common', 'combined', 'json'];

/** An answer, as access logs tell of it. */
export interface AccessEntry {
  readonly time: Date;
  readonly milliseconds: number;
  /** Of the client; null if it is not known. */
  readonly address: string | null;
  readonly protocol: string;
  readonly method: string;
  readonly url: string;
  readonly referer: string | null;
  readonly agent: string | null;
  /** Null if none was sent. */
  readonly status: number | null;
  /** Of the body. */
  readonly bytes: number;
  /** False if the client has gone, or the answer broke off, before the end. */
  readonly complete: boolean;
}

/** The line of an answer, with its end. `more` are further members of a line that is JSON. */
export function accessLine(entry: AccessEntry, format: AccessFormat, more: object = {}): string {
  const { time, address, protocol, method, url, referer, agent, status, bytes, complete } = entry;
  if (format === 'json') {
    const times = {
      time: time.toISOString(),
      milliseconds: Math.round(entry.milliseconds * 1000) / 1000,
    };
    const asked = { address, protocol, method, url, referer, agent };
    return `${JSON.stringify({ ...times, ...asked, status, bytes, complete, ...more })}\n`;
  }
  const line = `${method} ${url} ${protocol}`;
  const common = `${address ?? '-'} - - [${clock(time)}] ${quoted(line)} ${status ?? '-'} ${bytes}`;
  return format === 'common' ? `${common}\n` : `${common} ${quoted(referer)} ${quoted(agent)}\n`;
}

/** `30/Nov/2026:13:55:36 +0000` */
function clock(time: Date): string {
  const [, year, month, day, hours] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(time.toISOString()) ?? [];
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${hours} +0000`;
}

/** Text of a peer: nothing in it ends the quotes, or commands a terminal. */
function quoted(text: string | null): string {
  return text === null ? '"-"' : `"${visible(text).replaceAll('"', '\\x22')}"`;
}
