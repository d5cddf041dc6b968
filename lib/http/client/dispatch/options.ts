import { checkDelay } from '../../../common/check.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import type { RequestOptions } from '../request/options.ts';
import { contentLengthFor } from '../request/request-length.ts';

/** A request as undici describes it. */
export interface DispatchOptions {
  /** As `https://example.com`; what follows is not looked at. */
  readonly origin?: string | URL | undefined;
  /** Path and query; `host:port` with CONNECT. */
  readonly path: string;
  /** HTTP method, such as `GET`. */
  readonly method: string;
  /** An object, pairs, or names and values in turn. */
  readonly headers?: unknown;
  /** Text, bytes, a Blob or a FormData, or anything that yields text or bytes. */
  readonly body?: unknown;
  /** Further fields of the query. */
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  /** The protocol to go over to, true for `websocket`: the request takes a connection of its own then, by HTTP/1.1. */
  readonly upgrade?: boolean | string | null | undefined;
  /** Name for SNI and for the certificate, in place of that of the origin. */
  readonly servername?: string | null | undefined;
  /** Refused unless 0 or not there: following redirects is a matter of undici's Agents up to version 6, and of its interceptor. */
  readonly maxRedirections?: number | null | undefined;
  /** Milliseconds without any activity before the response, 0 for no limit. Default 300000. */
  readonly headersTimeout?: number | null | undefined;
  /** The same behind its head; the time in which its handler takes nothing does not count. Default 300000. */
  readonly bodyTimeout?: number | null | undefined;
}

/** What undici waits for. */
const DEFAULT_TIMEOUT = 300_000;

/**
 * The timeouts of a request in milliseconds.
 *
 * @throws InvalidArgumentError for what is no time
 */
export function timeoutsOf(options: DispatchOptions): { headers: number; body: number } {
  return {
    headers: checkDelay('headersTimeout', options.headersTimeout ?? DEFAULT_TIMEOUT),
    body: checkDelay('bodyTimeout', options.bodyTimeout ?? DEFAULT_TIMEOUT),
  };
}

/** What a request goes to. */
export function originOf({ origin }: DispatchOptions): string | URL {
  if (origin === undefined) throw new InvalidArgumentError('origin is missing');
  return origin;
}

/**
 * The request that undici means, but for its origin; `bodyLength` in bytes, null if it is not known.
 *
 * @throws InvalidArgumentError for what SPDY cannot carry
 */
export function requestOf(options: DispatchOptions, bodyLength: number | null): RequestOptions {
  const { method, upgrade, query, servername } = options;
  if (options.maxRedirections) {
    throw new InvalidArgumentError(
      'maxRedirections is not supported, compose the redirect interceptor',
    );
  }
  const fields = fieldsOf(method, options.headers, bodyLength);
  const request = {
    path: pathOf(options.path, query),
    method,
    headers: upgrade ? [...fields, ...upgradeFields(upgrade)] : fields,
    // undici does not look at what an origin has beside host and port.
    auth: null,
  };
  if (!servername || servername === new URL(originOf(options)).hostname) return request;
  return { ...request, tls: { servername } };
}

function pathOf(path: string, query: DispatchOptions['query']): string {
  if (query === undefined || query === null) return path;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      search.append(name, item === null || item === undefined ? '' : String(item));
    }
  }
  const text = search.toString();
  return text === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${text}`;
}

function upgradeFields(upgrade: string | true): Field[] {
  const protocol = upgrade === true ? 'websocket' : upgrade;
  return [
    ['connection', 'upgrade'],
    ['upgrade', protocol],
  ];
}

type Field = [name: string, value: string | readonly string[]];

/** The fields, and the length once, which undici and its callers may both give. */
function fieldsOf(method: string, headers: unknown, bodyLength: number | null): Field[] {
  const told: string[] = [];
  const fields = pairsOf(headers).filter(([name, value]) => {
    if (name.toLowerCase() !== 'content-length') return true;
    told.push(...(typeof value === 'string' ? [value] : value));
    return false;
  });
  if (method === 'CONNECT') return fields;
  const length = contentLengthFor(method.toUpperCase(), told, bodyLength);
  return length === null ? fields : [...fields, ['content-length', length]];
}

/** The header fields that undici gives in one of several forms. */
function pairsOf(headers: unknown): Field[] {
  if (headers === null || headers === undefined) return [];
  if (typeof headers !== 'object') throw new InvalidArgumentError('headers must be an object');
  if (Array.isArray(headers) && !Array.isArray(headers[0])) {
    if (headers.length % 2 > 0) {
      throw new InvalidArgumentError('headers must be names and values in turn');
    }
    const pairs: Field[] = [];
    for (let i = 0; i + 1 < headers.length; i += 2) {
      pairs.push([text(headers[i]), valuesOf(headers[i + 1])]);
    }
    return pairs;
  }
  const entries =
    Symbol.iterator in headers
      ? [...(headers as Iterable<readonly [unknown, unknown]>)]
      : Object.entries(headers);
  return entries
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]): Field => [text(name), valuesOf(value)]);
}

function valuesOf(given: unknown): string | readonly string[] {
  return Array.isArray(given) ? given.map(text) : text(given);
}

function text(given: unknown): string {
  return given instanceof Uint8Array ? Buffer.from(given).toString('latin1') : String(given);
}
