import type { Header, HeaderList } from '../../../protocol/frames.ts';
import { faultOf, lengthOf } from './fields.ts';

/** Where a request goes to, as it says itself. */
export interface RequestTarget {
  /** Null where the target names none: the connection tells. */
  readonly scheme: string | null;
  /** Name and port; may be empty. */
  readonly authority: string;
  /** Path and query, `*`, or `host:port` with CONNECT. */
  readonly target: string;
  /** Whether the target was a whole URL. */
  readonly absolute: boolean;
  /** What comes behind the head: null for nothing, NaN never, -1 for a body of unknown length. */
  readonly length: number | null;
}

/** A length that is not known beforehand. */
export const UNKNOWN_LENGTH = -1;

const METHOD = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;
const AUTHORITY = /^(?:\[[0-9a-f:.]+\]|[a-z0-9\-._~%!$&'()*+,;=]+)(?::\d{1,5})?$/i;
/** Characters of a target: no spaces, no controls, no fragment. */
const TARGET = /^[\x21\x22\x24-\x7e\x80-\xff]+$/;
const ABSOLUTE = /^(https?):\/\/([^/?#]*)(.*)$/i;

/**
 * Checks a request that a message of `http` holds, so that whoever reads it behind this proxy reads the same: one host, one length of the body, one way
 * to tell it, nothing that splits a line. Returns what is wrong with it as text.
 *
 * @param fields all fields, with `host`; names in lower case
 */
export function checkRequest(
  method: string,
  url: string,
  httpVersion: string,
  fields: HeaderList,
): RequestTarget | string {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'no version of HTTP/1';
  if (!METHOD.test(method)) return 'no valid method';
  if (!TARGET.test(url)) return 'no valid target';
  const fault = faultOf(fields);
  if (fault !== null) return fault;
  const length = checkLength(fields, httpVersion);
  if (typeof length === 'string') return length;

  let host: string | null = null;
  for (const field of fields) {
    if (field[0] !== 'host') continue;
    if (host !== null) return 'several fields host';
    host = field[1].trim();
  }
  if (host === null && httpVersion === '1.1') return 'no field host';
  if (host !== null && host !== '' && !AUTHORITY.test(host)) return 'no valid host';
  if (method === 'CONNECT') {
    if (!AUTHORITY.test(url) || !/:\d+$/.test(url)) return 'no valid target of CONNECT';
    return { scheme: null, authority: url, target: url, absolute: false, length };
  }
  if (url.startsWith('/')) {
    return { scheme: null, authority: host ?? '', target: url, absolute: false, length };
  }
  if (url === '*' && method === 'OPTIONS') {
    return { scheme: null, authority: host ?? '', target: url, absolute: false, length };
  }
  const [, scheme = '', authority = '', rest = ''] = ABSOLUTE.exec(url) ?? [];
  if (!AUTHORITY.test(authority)) return 'no valid target';
  // RFC 9112 3.2.2: the host of the target counts. One that differs is nobody's honest request.
  if (host !== null && host !== '' && host.toLowerCase() !== authority.toLowerCase()) {
    return 'a target and a host that differ';
  }
  const target = rest.startsWith('/') ? rest : `/${rest}`;
  return { scheme: scheme.toLowerCase(), authority, target, absolute: true, length };
}

/** The scheme of a request that tells none, or one in any case; null for one that is not spoken here. */
export function schemeOf(told: string | null | undefined, secure: boolean): string | null {
  const scheme = told?.toLowerCase() || (secure ? 'https' : 'http');
  return scheme === 'https' || scheme === 'http' ? scheme : null;
}

/** What is wrong with a request of another scheme. */
export const NO_SCHEME = 'a scheme that is neither http nor https';

/** The length of the body, or what is wrong. */
function checkLength(fields: HeaderList, httpVersion: string): number | null | string {
  let coding: Header | null = null;
  let lengths = 0;
  for (const field of fields) {
    if (field[0] === 'content-length') lengths++;
    if (field[0] !== 'transfer-encoding') continue;
    if (coding !== null) return 'several fields transfer-encoding';
    coding = field;
  }
  if (lengths > 1) return 'several fields content-length';
  const length = lengthOf(fields);
  if (Number.isNaN(length)) return 'no valid content-length';
  if (coding === null) return length;
  if (length !== null) return 'both content-length and transfer-encoding';
  if (httpVersion === '1.0') return 'transfer-encoding in HTTP/1.0';
  if (coding[1].toLowerCase() !== 'chunked') return 'a transfer-encoding other than chunked';
  return UNKNOWN_LENGTH;
}
