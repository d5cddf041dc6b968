import { shown } from '../common/check.ts';
import { headerTextLength } from '../common/header-cost.ts';
import { interned } from '../common/interned.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { Header, HeaderList } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { contentLengthOf, endToEndFields, fieldsFor } from './headers.ts';

/** The parts of a request that SPDY carries as pseudo headers, and its header fields. */
export interface RequestHead {
  /** Such as `GET`, in the case that was given. */
  readonly method: string;
  /** `https` or `http`. */
  readonly scheme: string;
  /** Name and port, as in the Host field of HTTP/1.1. Empty in a request by SPDY/2 that tells none. */
  readonly host: string;
  /** Path and query; `*` for a server as a whole, `host:port` with CONNECT. */
  readonly path: string;
  /** Ordinary fields: names in lower case, a pair for each value. */
  readonly headers: HeaderList;
}

/** A received request that is well formed. */
export interface ParsedRequest extends RequestHead {
  /** `'1.1'` of `HTTP/1.1`. */
  readonly httpVersion: string;
  /** The bytes that the body shall have, null if the request does not say. */
  readonly contentLength: number | null;
}

/** Why a message is not acceptable. */
export interface HeadFault {
  /** The status that a request with this fault is answered with. */
  readonly status: 400 | 431;
  /** What is wrong, in words. */
  readonly reason: string;
}

/** Limits for the fields of a received request. */
export interface HeadLimits {
  /** Bytes of all names and values together. */
  readonly maxHeaderSize: number;
  /** Number of fields. */
  readonly maxHeaderCount: number;
}

/** A received reply that is well formed. */
export interface ParsedResponse {
  /** From 100 to 999. */
  readonly statusCode: number;
  /** The text behind the number, often empty. */
  readonly statusMessage: string;
  /** `'1.1'` of `HTTP/1.1`. */
  readonly httpVersion: string;
  /** Ordinary fields: names in lower case, a pair for each value. */
  readonly headers: HeaderList;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;
/** Names and methods that were found to be tokens: there are few, and they come again and again. */
const TOKENS = new Set<string>();
const MAX_TOKENS = 1000;
const MAX_TOKEN_LENGTH = 40;
const HTTP_VERSION = /^HTTP\/(\d\.\d)$/;
const HOST = /^[^\s/?#@\\]+$/;
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
const ABSOLUTE = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i;
const STATUS = /^[1-9]\d\d(?: .*)?$/;

/**
 * The headers of a SYN_STREAM for a request (SPDY/3 3.2.1). `host` fields give way to `head.host`, and `expect: 100-continue` is left
 * out: SPDY has no interim replies to wait for. So are in SPDY/2 fields with the names of its pseudo headers (`url`, `status`).
 *
 * @throws InvalidArgumentError for a method, host, path or name that no request can have
 */
export function requestToSpdy(
  head: RequestHead,
  version: ProtocolVersion | null = null,
): HeaderList {
  const { method, scheme, host } = head;
  const hash = head.path.indexOf('#');
  const path = hash === -1 ? head.path : head.path.slice(0, hash);
  checkLine(method, host, path);
  const headers: Header[] = [
    [':method', method],
    [':scheme', scheme],
    [':host', host],
    [':path', path],
    [':version', 'HTTP/1.1'],
  ];
  for (const field of fieldsFor(head.headers, version)) {
    const name = field[0];
    check(isToken(name), 'header name', name);
    if (name !== 'host' && (name !== 'expect' || field[1].toLowerCase() !== '100-continue'))
      headers.push(field);
  }
  return headers;
}

/** @throws InvalidArgumentError for a method, host or path that no request can have */
export function checkRequestLine(method: string, host: string, path: string): void {
  const hash = path.indexOf('#');
  checkLine(method, host, hash === -1 ? path : path.slice(0, hash));
}

/** Reads the headers of a SYN_STREAM as a request. Without a scheme (SPDY/2, CONNECT) it has the one of the connection. */
export function parseRequest(
  version: ProtocolVersion,
  headers: HeaderList,
  limits: HeadLimits,
  connectionScheme = 'https',
): ParsedRequest | HeadFault {
  const oversize = checkLimits(headers, limits);
  if (oversize !== null) return oversize;
  const method = pseudo(headers, ':method');
  const target = pseudo(headers, ':path');
  const httpVersion = numberOf(pseudo(headers, ':version'));
  if (method === null || !isToken(method)) return malformed('no valid method');
  if (target === null || !TARGET.test(target)) return malformed('no valid path');
  if (httpVersion === undefined) return malformed('no valid version');

  let scheme = pseudo(headers, ':scheme');
  let host = pseudo(headers, ':host');
  let path = target;
  if (method === 'CONNECT') {
    host = target;
  } else if (!target.startsWith('/')) {
    const absolute = ABSOLUTE.exec(target);
    if (absolute !== null) {
      [, scheme = '', host = '', path = ''] = absolute;
      if (!path.startsWith('/')) path = `/${path}`;
    } else if (target !== '*') return malformed('no valid path');
  }
  if (scheme === null && !version.plainPseudoNames && method !== 'CONNECT') {
    return malformed('no scheme');
  }
  // Servers of SPDY/2 answered a path without a host, so its clients may leave it out.
  const unnamed = host === null && version.plainPseudoNames && target.startsWith('/');
  if (unnamed && !headers.some(([name]) => name === ':host')) host = '';
  else if (host === null || !HOST.test(host)) return malformed('no valid host');

  const fields = endToEndFields(headers);
  if (!areTokens(fields)) return malformed('no valid header name');
  const contentLength = contentLengthOf(fields);
  if (Number.isNaN(contentLength)) return malformed('no valid content-length');
  return {
    method,
    scheme: (scheme ?? connectionScheme).toLowerCase(),
    host,
    path,
    headers: fieldsOfRequest(fields, contentLength),
    httpVersion,
    contentLength,
  };
}

/** The fields without `host`, which has its place, and with one `content-length` at most. */
function fieldsOfRequest(fields: HeaderList, contentLength: number | null): HeaderList {
  if (contentLength === null && !fields.some(isHost)) return fields;
  const kept: Header[] = [];
  let told = false;
  for (const field of fields) {
    if (field[0] === 'host') continue;
    if (field[0] !== 'content-length') kept.push(field);
    else if (!told) {
      told = true;
      kept.push(['content-length', String(contentLength)]);
    }
  }
  return kept;
}

function isHost([name]: Header): boolean {
  return name === 'host';
}

/** The headers of a SYN_REPLY (SPDY/3 3.2.2). `statusMessage` is left out when it is empty; in SPDY/2 so are fields with the names of its pseudo headers. */
export function responseToSpdy(
  statusCode: number,
  statusMessage: string,
  fields: HeaderList,
  version: ProtocolVersion | null = null,
): HeaderList {
  return [
    [':status', statusMessage === '' ? String(statusCode) : `${statusCode} ${statusMessage}`],
    [':version', 'HTTP/1.1'],
    ...fieldsFor(fields, version),
  ];
}

/** Reads the headers of a SYN_REPLY as a reply, or says why it is none. `requireVersion` false: the version may be missing. */
export function parseResponse(
  headers: HeaderList,
  options: { readonly requireVersion?: boolean } = {},
): ParsedResponse | HeadFault {
  const status = pseudo(headers, ':status') ?? '';
  if (!STATUS.test(status)) return malformed('no valid status');
  const version = pseudo(headers, ':version');
  const httpVersion = numberOf(version);
  if (httpVersion === undefined && (version !== null || options.requireVersion !== false)) {
    return malformed('no valid version');
  }
  const fields = endToEndFields(headers);
  if (!areTokens(fields)) return malformed('no valid header name');
  return {
    statusCode: Number(status.slice(0, 3)),
    statusMessage: status.slice(4),
    httpVersion: httpVersion ?? '1.1',
    headers: fields,
  };
}

/**
 * The headers of a pushed SYN_STREAM: those of the request that it answers and those of the reply (SPDY/3 3.3.1). SPDY/2 has the whole
 * URL where SPDY/3 has the path.
 */
export function pushToSpdy(
  version: ProtocolVersion,
  head: RequestHead,
  reply: HeaderList,
): HeaderList {
  const { method, scheme, host, path } = head;
  check(isToken(method), 'method', method);
  check(HOST.test(host), 'host', host);
  check(TARGET.test(path) && path.startsWith('/'), 'path', path);
  return [
    [':method', method],
    [':scheme', scheme],
    [':host', host],
    [':path', version.plainPseudoNames ? `${scheme}://${host}${path}` : path],
    [':version', 'HTTP/1.1'],
    ...reply.filter(([name]) => name !== ':version'),
  ];
}

/** The value of a pseudo header; null if it is missing or there are several. */
export function pseudo(headers: HeaderList, name: string): string | null {
  let found: string | null = null;
  for (const header of headers) {
    if (header[0] !== name) continue;
    if (found !== null) return null;
    found = header[1];
  }
  return found;
}

/** Whether a reply can have a body (HEAD, 204, 304 and 1xx have none). */
export function hasBody(method: string, statusCode: number): boolean {
  return method !== 'HEAD' && statusCode !== 204 && statusCode !== 304 && statusCode >= 200;
}

function checkLimits(headers: HeaderList, limits: HeadLimits): HeadFault | null {
  if (headers.length > limits.maxHeaderCount) {
    return { status: 431, reason: `more than ${limits.maxHeaderCount} header fields` };
  }
  if (headerTextLength(headers) <= limits.maxHeaderSize) return null;
  return { status: 431, reason: `more than ${limits.maxHeaderSize} bytes of headers` };
}

/** The number in a version of HTTP; undefined if it is none. */
function numberOf(version: string | null): string | undefined {
  // By far the most have this one.
  return version === 'HTTP/1.1' ? '1.1' : HTTP_VERSION.exec(version ?? '')?.[1];
}

/** Whether all names are such as HTTP has. */
function areTokens(fields: HeaderList): boolean {
  for (const field of fields) if (!isToken(field[0])) return false;
  return true;
}

function isToken(text: string): boolean {
  return TOKENS.has(text) || isNewToken(text);
}

function isNewToken(text: string): boolean {
  if (!TOKEN.test(text)) return false;
  if (text.length > MAX_TOKEN_LENGTH) return true;
  // Those of a peer that sends others each time must not stay for good.
  if (TOKENS.size === MAX_TOKENS) TOKENS.clear();
  // One that was cut out of a header block would keep that alive.
  TOKENS.add(interned(text));
  return true;
}

function malformed(reason: string): HeadFault {
  return { status: 400, reason };
}

function checkLine(method: string, host: string, path: string): void {
  check(isToken(method), 'method', method);
  check(HOST.test(host), 'host', host);
  check(TARGET.test(path), 'path', path);
}

function check(valid: boolean, what: string, given: string): void {
  if (!valid) throw new InvalidArgumentError(`expected a valid ${what}, got ${shown(given)}`);
}
