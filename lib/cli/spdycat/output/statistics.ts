import type { IncomingHttpHeaders } from 'node:http';
import { visible } from '../../terminal.ts';

/** Times of one request in milliseconds since the program has begun; null for what did not happen. */
export interface RequestTimes {
  /** It was begun. */
  readonly begun: number;
  /** The connection was ready. */
  handshake: number | null;
  /** SYN_STREAM was sent; with HTTP/1.1, the request got its connection. */
  sent: number | null;
  /** SYN_REPLY came. */
  reply: number | null;
  /** The last byte came. */
  completed: number | null;
}

/** What became of one request. */
export interface RequestRecord {
  readonly url: string;
  /** Behind redirects. */
  effectiveUrl: string;
  readonly method: string;
  /** The server has pushed it. */
  readonly pushed: boolean;
  /** `'spdy/3.1'`, `'http/1.1'`; null when no connection was made. */
  protocol: string | null;
  status: number | null;
  statusMessage: string;
  headers: IncomingHttpHeaders;
  /** The file with the body. */
  file: string | null;
  /** Length of the body, decompressed. */
  bytes: number;
  readonly times: RequestTimes;
  /** Redirects that were followed. */
  redirects: number;
  /** How often it was tried again. */
  retries: number;
  /** Who has answered. */
  remote: { readonly address: string; readonly port: number } | null;
  /** Why there is no complete response. */
  error: Error | null;
}

/** A record at its beginning. */
export function newRecord(
  url: string,
  method: string,
  begun: number,
  pushed = false,
): RequestRecord {
  return {
    url,
    effectiveUrl: url,
    method,
    pushed,
    protocol: null,
    status: null,
    statusMessage: '',
    headers: {},
    file: null,
    bytes: 0,
    redirects: 0,
    retries: 0,
    remote: null,
    times: { begun, handshake: null, sent: null, reply: null, completed: null },
    error: null,
  };
}

/** The block of `--stat`: times since the handshake and, in brackets, since the SYN_STREAM, in whole milliseconds. */
export function statisticsText(records: readonly RequestRecord[]): string {
  const lines = ['***** Statistics *****'];
  for (const [i, record] of records.entries()) {
    const { url, pushed, status, statusMessage, times } = record;
    lines.push(`#${i + 1}: ${url}${pushed ? ' (pushed)' : ''}`);
    if (status !== null) lines.push(`    Status: ${visible(`${status} ${statusMessage}`.trim())}`);
    if (record.error !== null) lines.push(`    Error: ${visible(record.error.message)}`);
    lines.push('    Delta (ms) from SSL/TLS handshake(SYN_STREAM):');
    if (times.reply !== null) lines.push(`        SYN_REPLY: ${deltas(times, times.reply)}`);
    if (times.completed !== null)
      lines.push(`        Completed: ${deltas(times, times.completed)}`);
    lines.push('');
  }
  return `${lines.join('\n')}\n`;
}

/** One line of `--json`. */
export function recordJson(record: RequestRecord): string {
  const { error, times, ...rest } = record;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const rounded = Object.entries(times).map(([name, time]) => [
    name,
    time === null ? null : Math.round(time * 1000) / 1000,
  ]);
  return JSON.stringify({
    ...rest,
    timesMs: Object.fromEntries(rounded),
    error: error === null ? null : { code: code ?? null, message: error.message },
  });
}

function deltas({ handshake, sent }: RequestTimes, time: number): string {
  const since = (start: number | null): string => String(Math.round(time - (start ?? time)));
  return `${since(handshake)}(${since(sent)})`;
}
