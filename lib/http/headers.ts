import type { IncomingHttpHeaders } from 'node:http';
import type { Header, HeaderList } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';

/**
 * Header fields as an application gives them: an object as for `http`, pairs, or anything that yields pairs (`Map`, `Headers`). A list is
 * an Array; everything else becomes text by `String()`, as with `http`.
 */
export type HeaderInput =
  | Readonly<Record<string, HeaderValue | undefined>>
  | Iterable<readonly [name: string, value: HeaderValue]>;

/** The value of a header field: an Array has a field for each of its elements; the text of other objects is that of `String()`. */
export type HeaderValue = string | number | readonly string[] | object | null;

/** Fields that belong to an HTTP/1.1 connection; streams do without (SPDY/3 3.2.1). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** SPDY/2 has these for its pseudo headers: a field of such a name would be one more value of one. */
const PLAIN_PSEUDO: ReadonlySet<string> = new Set(
  'host method scheme status url version'.split(' '),
);

const COLON = 0x3a;
const DIGITS = /^\s*\d+\s*$/;

/** Fields of which only the first value counts, as `http` has it. */
const SINGLE_FIELDS: ReadonlySet<string> = new Set(
  `age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since
  last-modified location max-forwards proxy-authorization referer retry-after server user-agent`.split(
    /\s+/,
  ),
);

/** Pairs with names in lower case out of what an application gave. Values of a list become a pair each; undefined ones are left out. */
export function toHeaderPairs(input: HeaderInput): HeaderList {
  const pairs: Header[] = [];
  if (isIterable(input)) for (const [name, value] of input) addPairs(pairs, name, value);
  else for (const name of Object.keys(input)) addPairs(pairs, name, input[name]);
  return pairs;
}

/** Adds a pair for each value of a field, none for undefined. */
export function addPairs(pairs: Header[], name: string, value: HeaderValue | undefined): void {
  if (value === undefined) return;
  const lower = name.toLowerCase();
  if (Array.isArray(value)) for (const item of value) pairs.push([lower, String(item)]);
  else pairs.push([lower, String(value)]);
}

/**
 * The fields that a stream may carry: without those of a connection and those that `connection` names, without pseudo names; cookies
 * are one field (SPDY/3 3.2.1). The list itself where it has no others.
 */
export function endToEndFields(fields: HeaderList): HeaderList {
  let first = 0;
  while (first < fields.length && isPseudo((fields[first] as Header)[0])) first++;
  if (!areEndToEnd(fields, first)) return chosenFields(fields);
  return first === 0 ? fields : fields.slice(first);
}

/** The same, in SPDY/2 without fields that have the names of its pseudo headers; null for a version that is not known, which keeps them. */
export function fieldsFor(fields: HeaderList, version: ProtocolVersion | null): HeaderList {
  const kept = endToEndFields(fields);
  return version?.plainPseudoNames ? kept.filter(([name]) => !PLAIN_PSEUDO.has(name)) : kept;
}

/**
 * The bytes that `content-length` announces, null without it, NaN if it makes no sense. Equal repeats, in several fields or in one
 * (`3, 3`), are one number (RFC 9110 8.6).
 */
export function contentLengthOf(fields: HeaderList): number | null {
  let length: number | null = null;
  for (const field of fields) {
    if (field[0] !== 'content-length') continue;
    const given = lengthOf(field[1]);
    if (Number.isNaN(given) || (length !== null && length !== given)) return Number.NaN;
    length = given;
  }
  return length;
}

/** The value of one `content-length`, NaN if it makes no sense. */
function lengthOf(value: string): number {
  if (value.includes(',')) {
    const [first = Number.NaN, ...others] = value.split(',').map((part) => lengthOf(part.trim()));
    return others.every((other) => other === first) ? first : Number.NaN;
  }
  const length = DIGITS.test(value) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(length) ? length : Number.NaN;
}

/** `rawHeaders` of a message: names and values in turn, and first the `host` that SPDY/3 has as `:host`. */
export function toRawHeaders(fields: HeaderList, host: string | null = null): string[] {
  const raw: string[] = host === null ? [] : ['host', host];
  for (const field of fields) raw.push(field[0], field[1]);
  return raw;
}

/** `headers` of a message out of its `rawHeaders`, with the rules of `http` for repeated fields. */
export function toIncomingHeaders(raw: readonly string[]): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  addIncomingHeaders(headers, raw);
  return headers;
}

/** Adds fields that came later to `headers` of a message. */
export function addIncomingHeaders(headers: IncomingHttpHeaders, raw: readonly string[]): void {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    if (name === 'set-cookie') {
      if (headers[name] === undefined) headers[name] = [value];
      else headers[name].push(value);
      continue;
    }
    const former = headers[name];
    // What every object has under such a name is no text.
    if (typeof former !== 'string') define(headers, name, value);
    else if (!SINGLE_FIELDS.has(name))
      define(headers, name, `${former}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
}

/** `headersDistinct` of a message out of its `rawHeaders`: all values of each name. */
export function toDistinctHeaders(raw: readonly string[]): NodeJS.Dict<string[]> {
  const headers = Object.create(null) as NodeJS.Dict<string[]>;
  addDistinctHeaders(headers, raw);
  return headers;
}

/** Adds fields that came later to `headersDistinct` of a message. */
export function addDistinctHeaders(headers: NodeJS.Dict<string[]>, raw: readonly string[]): void {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const values = headers[name];
    if (values === undefined) headers[name] = [raw[i + 1] as string];
    else values.push(raw[i + 1] as string);
  }
}

/** Sets a property of whatever name, `__proto__` as well. */
function define(headers: IncomingHttpHeaders, name: string, value: string): void {
  if (name !== '__proto__') headers[name] = value;
  else
    Object.defineProperty(headers, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
}

function isPseudo(name: string): boolean {
  return name.charCodeAt(0) === COLON;
}

/** Whether a stream may carry all the fields from a place on as they are: most lists are so, and need no pair by pair copy. */
function areEndToEnd(fields: HeaderList, first: number): boolean {
  let cookie = false;
  for (let i = first; i < fields.length; i++) {
    const name = (fields[i] as Header)[0];
    if (isPseudo(name) || CONNECTION_FIELDS.has(name)) return false;
    if (name !== 'cookie') continue;
    if (cookie) return false;
    cookie = true;
  }
  return true;
}

function chosenFields(fields: HeaderList): HeaderList {
  let named: Set<string> | null = null;
  for (const field of fields) {
    if (field[0] !== 'connection') continue;
    named ??= new Set();
    for (const option of field[1].split(',')) named.add(option.trim().toLowerCase());
  }
  const kept: Header[] = [];
  let cookie: number | null = null;
  for (const field of fields) {
    const name = field[0];
    if (isPseudo(name) || CONNECTION_FIELDS.has(name) || named?.has(name) === true) continue;
    if (name !== 'cookie') {
      kept.push(field);
    } else if (cookie === null) {
      cookie = kept.length;
      kept.push(field);
    } else {
      kept[cookie] = [name, `${kept[cookie]?.[1]}; ${field[1]}`];
    }
  }
  return kept;
}

function isIterable(input: HeaderInput): input is Iterable<readonly [string, HeaderValue]> {
  return Symbol.iterator in input;
}
