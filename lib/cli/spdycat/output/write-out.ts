import { readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { UsageError } from '../../arguments.ts';
import { type RequestRecord, recordJson } from './statistics.ts';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };

/** Milliseconds as curl has seconds. */
const seconds = (from: number, to: number | null): string =>
  (Math.max(0, (to ?? from) - from) / 1000).toFixed(6);

/** The variables of a format, by the names that curl has for them. */
const VARIABLES: Readonly<Record<string, (record: RequestRecord) => string | number>> = {
  content_type: ({ headers }) => headers['content-type'] ?? '',
  errormsg: ({ error }) => error?.message ?? '',
  exitcode: ({ error }) => (error === null ? 0 : 1),
  filename_effective: ({ file }) => file ?? '',
  header_json: ({ headers }) => JSON.stringify(headers),
  http_code: ({ status }) => String(status ?? 0).padStart(3, '0'),
  http_version: ({ protocol }) => protocol?.replace(/^.*\//, '') ?? '0',
  json: recordJson,
  method: ({ method }) => method,
  num_redirects: ({ redirects }) => redirects,
  num_retries: ({ retries }) => retries,
  protocol: ({ protocol }) => protocol ?? '',
  remote_ip: ({ remote }) => remote?.address ?? '',
  remote_port: ({ remote }) => remote?.port ?? 0,
  response_code: ({ status }) => String(status ?? 0).padStart(3, '0'),
  scheme: ({ effectiveUrl }) => effectiveUrl.slice(0, effectiveUrl.indexOf(':')),
  size_download: ({ bytes }) => bytes,
  speed_download: ({ bytes, times }) =>
    Math.round((bytes * 1000) / Math.max(1, (times.completed ?? times.begun) - times.begun)),
  status_text: ({ status, statusMessage }) => statusMessage || (STATUS_CODES[status ?? 0] ?? ''),
  time_appconnect: ({ times }) => seconds(times.begun, times.handshake),
  time_connect: ({ times }) => seconds(times.begun, times.handshake),
  time_pretransfer: ({ times }) => seconds(times.begun, times.sent),
  time_starttransfer: ({ times }) => seconds(times.begun, times.reply),
  time_total: ({ times }) => seconds(times.begun, times.completed),
  url: ({ url }) => url,
  url_effective: ({ effectiveUrl }) => effectiveUrl,
};

type Target = 'stdout' | 'stderr';

/** A piece of text, where it goes. */
export interface WrittenOut {
  readonly target: Target;
  readonly text: string;
}

type Part = (record: RequestRecord) => string;

/** The format of `--write-out`. */
export class WriteOut {
  readonly #parts: readonly (string | { readonly to: Target } | { readonly of: Part })[];

  /**
   * `text`, or the content of a file (`@FILE`, `@-`).
   *
   * @throws UsageError for a variable that does not exist
   */
  constructor(text: string) {
    this.#parts = parse(text.startsWith('@') ? contentOf(text.slice(1)) : text);
  }

  /** What is written for a request. */
  render(record: RequestRecord): WrittenOut[] {
    const written: { target: Target; text: string }[] = [{ target: 'stdout', text: '' }];
    for (const part of this.#parts) {
      const last = written.at(-1) as { target: Target; text: string };
      if (typeof part === 'string') last.text += part;
      else if ('of' in part) last.text += part.of(record);
      else if (part.to !== last.target) written.push({ target: part.to, text: '' });
    }
    return written.filter(({ text: one }) => one !== '');
  }
}

function parse(text: string): (string | { readonly to: Target } | { readonly of: Part })[] {
  const parts: (string | { readonly to: Target } | { readonly of: Part })[] = [];
  const pattern = /%\{([^}]*)\}|%header\{([^}]*)\}|%%|\\(.)|([^%\\]+|[%\\])/gs;
  for (const [whole, name, header, escaped] of text.matchAll(pattern)) {
    if (name !== undefined) parts.push(variable(name));
    else if (header !== undefined) parts.push({ of: (record) => fieldOf(record, header) });
    else if (whole === '%%') parts.push('%');
    else if (escaped !== undefined) parts.push(ESCAPES[escaped] ?? whole);
    else parts.push(whole);
  }
  return parts;
}

function variable(name: string): { readonly to: Target } | { readonly of: Part } {
  if (name === 'stdout' || name === 'stderr') return { to: name };
  const value = Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined;
  if (value === undefined) throw new UsageError(`--write-out: there is no variable %{${name}}`);
  return { of: (record) => String(value(record)) };
}

function fieldOf({ headers }: RequestRecord, name: string): string {
  const value = headers[name.toLowerCase()] ?? '';
  return Array.isArray(value) ? value.join(', ') : value;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(`--write-out: ${(error as Error).message}`);
  }
}
