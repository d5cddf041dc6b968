import { interned } from '../common/interned.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { Header, HeaderList } from '../protocol/frames.ts';
import type { ProtocolVersion } from '../protocol/version.ts';
import { NameOrders } from './name-orders.ts';

/** How characters of header values become bytes; names are ASCII either way. */
export type HeaderEncoding = 'latin1' | 'utf8';

/** What `prepareHeaders` notices of a list by the way. */
export interface HeaderNotes {
  /** Characters of all names and values that were given. */
  characters: number;
  /** Whether a prepared value may be several ones, joined by NUL. */
  several: boolean;
  /** The values at the places of earlier lists, as far as they needed no closer look: they need none now. Null: not kept. */
  usual: string[] | null;
}

/** A header under construction. */
type Draft = [name: string, value: string];

/** What 16-bit counts and lengths can say (SPDY/2). */
const MAX_UINT16 = 0xffff;
/** Above so many different names duplicates are looked up in a Map. */
const FEW_NAMES = 16;
/** How many names each cache keeps, and how long they may be. */
const CACHE_SIZE = 512;
const CACHED_NAME_LENGTH = 64;

/** The usual value: printable ASCII and HT. */
const UNUSUAL_IN_VALUE = /[^\t\x20-\x7e]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL_IN_VALUE = /[\x01-\x08\x0a-\x1f\x7f]/;
const NOT_IN_NAME = /[^\x20-\x7e]/;
const NOT_LATIN1 = /[^\0-\xff]/;

/** SPDY/2 writes the pseudo headers without their colon, and the path as `url`. */
const PLAIN_PSEUDO_NAMES: ReadonlyMap<string, string> = new Map([
  [':host', 'host'],
  [':method', 'method'],
  [':path', 'url'],
  [':scheme', 'scheme'],
  [':status', 'status'],
  [':version', 'version'],
]);
const COLON_PSEUDO_NAMES: ReadonlyMap<string, string> = new Map(
  [...PLAIN_PSEUDO_NAMES].map(([colon, plain]) => [plain, colon]),
);

/** Names that were checked before, with their form on the wire. */
const wireNames = new Map<string, string>();
const plainWireNames = new Map<string, string>();
const wireOrders = new NameOrders();
const plainWireOrders = new NameOrders();

/** The values of so many places are noted, and how long they may be: each stays until another one takes its place. */
const MOST_USUAL = 32;
const USUAL_LENGTH = 4096;
/** What is noted where nobody wants that. */
const NOTHING: string[] = [];

/**
 * Checks headers that the application gave and brings them into the form for `encodeHeaderBlock`: names in lower case
 * and unique, several values of a name joined by NUL in the order given, where the first one stood (SPDY/3 2.6.10).
 * Empty ones among several values are left out; SPDY/2 has no empty values, so that a header with nothing else is
 * left out there. In SPDY/2 the pseudo headers get their names without colon. Throws InvalidArgumentError.
 */
export function prepareHeaders(
  version: ProtocolVersion,
  headers: HeaderList,
  encoding: HeaderEncoding,
  notes: HeaderNotes | null = null,
): HeaderList {
  if (!Array.isArray(headers)) {
    throw new InvalidArgumentError(`headers: expected an array of pairs, got ${describe(headers)}`);
  }
  const orders = version.plainPseudoNames ? plainWireOrders : wireOrders;
  const { given, wire } = orders.expected(headers.length);
  // Names in a known order are different, and were checked.
  let ordered = true;
  const prepared: Draft[] = [];
  let places: Map<string, number> | null = null;
  const usual = notes?.usual ?? NOTHING;
  const noted = usual === NOTHING ? 0 : MOST_USUAL;
  let characters = 0;
  let several = false;
  for (let i = 0; i < headers.length; i++) {
    const pair: unknown = headers[i];
    if (!isPair(pair)) {
      throw new InvalidArgumentError(
        `headers[${i}]: expected a pair of strings [name, value], got ${describe(pair)}`,
      );
    }
    const value = pair[1];
    let unusual = false;
    if (value !== usual[i]) {
      unusual = UNUSUAL_IN_VALUE.test(value);
      if (unusual) several = true;
      else if (i < noted && value.length <= USUAL_LENGTH) usual[i] = value;
    }
    characters += pair[0].length + value.length;
    if (ordered && pair[0] === given[i]) {
      const name = wire[i] as string;
      if (unusual) checkValue(value, encoding, name, i);
      prepared.push([name, value]);
      continue;
    }
    if (ordered) {
      ordered = false;
      if (i >= FEW_NAMES) places = placesOf(prepared);
    }
    const name = wireName(version, pair[0], i);
    if (unusual) checkValue(value, encoding, name, i);

    const place: number = places === null ? placeOf(prepared, name) : (places.get(name) ?? -1);
    const draft = prepared[place];
    if (draft === undefined) {
      places?.set(name, prepared.length);
      prepared.push([name, value]);
      if (prepared.length === FEW_NAMES) places = placesOf(prepared);
    } else if (draft[1] === '') {
      draft[1] = value;
    } else if (value !== '') {
      draft[1] += `\0${value}`;
      several = true;
    }
  }
  if (!ordered && prepared.length === headers.length && orders.missed(headers.length))
    remember(orders, headers, prepared);
  if (notes !== null) {
    notes.characters = characters;
    notes.several = several;
  }
  const result = version.emptyValues ? prepared : prepared.filter(hasValue);
  if (version.headerLengthSize === 2) checkShortLengths(result, encoding);
  return result;
}

/**
 * Headers as the application sees them: the pseudo headers of SPDY/2 get the names that SPDY/3 gave them, and values that NUL joins
 * become pairs of their own.
 */
export function presentHeaders(version: ProtocolVersion, headers: HeaderList): HeaderList {
  const renamed = version.plainPseudoNames;
  if (!renamed && !headers.some(hasSeveralValues)) return headers;
  const presented: Header[] = [];
  for (const header of headers) {
    const [name, value] = header;
    const shown = renamed ? (COLON_PSEUDO_NAMES.get(name) ?? name) : name;
    if (hasSeveralValues(header))
      for (const part of value.split('\0')) presented.push([shown, part]);
    else presented.push(shown === name ? header : [shown, value]);
  }
  return presented;
}

function hasSeveralValues([, value]: Header): boolean {
  return value.includes('\0');
}

/** Bytes of the plain name/value block of prepared headers. */
export function headerBlockLength(
  version: ProtocolVersion,
  headers: HeaderList,
  encoding: HeaderEncoding,
): number {
  const size = version.headerLengthSize;
  let length = size;
  for (const [name, value] of headers) {
    length += 2 * size + name.length + byteLength(value, encoding);
  }
  return length;
}

function isPair(pair: unknown): pair is Header {
  return (
    Array.isArray(pair) &&
    pair.length === 2 &&
    typeof pair[0] === 'string' &&
    typeof pair[1] === 'string'
  );
}

function hasValue(header: Header): boolean {
  return header[1] !== '';
}

function placeOf(prepared: readonly Draft[], name: string): number {
  for (let i = 0; i < prepared.length; i++) if ((prepared[i] as Draft)[0] === name) return i;
  return -1;
}

function placesOf(prepared: readonly Draft[]): Map<string, number> {
  const places = new Map<string, number>();
  for (let i = 0; i < prepared.length; i++) places.set((prepared[i] as Draft)[0], i);
  return places;
}

function wireName(version: ProtocolVersion, name: string, index: number): string {
  const cache = version.plainPseudoNames ? plainWireNames : wireNames;
  const cached = cache.get(name);
  if (cached !== undefined) return cached;
  if (name === '') throw new InvalidArgumentError(`headers[${index}]: expected a name, got ''`);
  if (NOT_IN_NAME.test(name)) {
    throw new InvalidArgumentError(
      `headers[${index}]: expected a name of characters 0x20 to 0x7e, got ${quote(name)}`,
    );
  }
  const lower = name.toLowerCase();
  // A proxy's names are slices of the blocks of its peers, which a compressor would keep alive with them.
  const wire = interned((version.plainPseudoNames && PLAIN_PSEUDO_NAMES.get(lower)) || lower);
  if (name.length <= CACHED_NAME_LENGTH) {
    if (cache.size === CACHE_SIZE) cache.clear();
    cache.set(interned(name), wire);
  }
  return wire;
}

/** Expects the names of a list, which are different ones, another time. */
function remember(orders: NameOrders, headers: HeaderList, prepared: readonly Draft[]): void {
  const given: string[] = [];
  const wire: string[] = [];
  for (let i = 0; i < headers.length; i++) {
    const [name] = headers[i] as Header;
    if (name.length > CACHED_NAME_LENGTH) return;
    given.push(name);
    wire.push((prepared[i] as Draft)[0]);
  }
  orders.remember(given, wire);
}

function checkValue(value: string, encoding: HeaderEncoding, name: string, index: number): void {
  const where = `headers[${index}] (${quote(name)})`;
  if (CONTROL_IN_VALUE.test(value)) {
    throw new InvalidArgumentError(
      `${where}: expected a value without control characters, got ${quote(value)}`,
    );
  }
  if (value.startsWith('\0') || value.endsWith('\0') || value.includes('\0\0')) {
    throw new InvalidArgumentError(
      `${where}: expected non-empty values between NULs, got ${quote(value)}`,
    );
  }
  if (encoding === 'latin1' && NOT_LATIN1.test(value)) {
    throw new InvalidArgumentError(
      `${where}: expected characters up to 0xff (headerEncoding is latin1), got ${quote(value)}`,
    );
  }
}

function checkShortLengths(headers: HeaderList, encoding: HeaderEncoding): void {
  if (headers.length > MAX_UINT16) {
    throw new InvalidArgumentError(
      `headers: expected at most ${MAX_UINT16} names in SPDY/2, got ${headers.length}`,
    );
  }
  for (const [name, value] of headers) {
    const length = Math.max(name.length, byteLength(value, encoding));
    if (length > MAX_UINT16) {
      throw new InvalidArgumentError(
        `headers (${quote(name)}): expected at most ${MAX_UINT16} bytes in SPDY/2, got ${length}`,
      );
    }
  }
}

function byteLength(value: string, encoding: HeaderEncoding): number {
  return encoding === 'utf8' ? Buffer.byteLength(value, 'utf8') : value.length;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}

function describe(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (!Array.isArray(value)) return value === null ? 'null' : typeof value;
  return `[${value
    .slice(0, 4)
    .map((item) => (typeof item === 'string' ? quote(item) : typeof item))
    .join(', ')}]`;
}
