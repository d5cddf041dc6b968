import type { Header, HeaderList } from '../../../protocol/frames.ts';

/** Fields that are for the next hop only (RFC 9110 7.6.1), with those of old software. */
const HOP_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const NO_TRAILERS =
  /^(?:authorization|content-(?:encoding|length|range|type)|cookie|expect|forwarded|host|proxy-authorization|set-cookie|trailer|via|x-forwarded-.*)$/;
/** What a value may have: no control characters but tabs. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Pairs out of `rawHeaders`: names in lower case. */
export function pairsOf(raw: readonly string[]): Header[] {
  const pairs: Header[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    pairs.push([(raw[i] as string).toLowerCase(), raw[i + 1] as string]);
  }
  return pairs;
}

/** Names and values in turn, as messages of `http` take them. */
export function flatOf(fields: HeaderList): string[] {
  const flat: string[] = [];
  for (const [name, value] of fields) flat.push(name, value);
  return flat;
}

/** Fields as HTTP/2 takes them: several of one name are one, but `set-cookie`. */
export function objectOf(fields: HeaderList): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const former = object[name];
    if (former === undefined && name !== 'set-cookie') object[name] = value;
    else if (name === 'set-cookie') {
      if (Array.isArray(former)) former.push(value);
      else object[name] = [value];
    } else {
      object[name] = `${former}${name === 'cookie' ? '; ' : ', '}${value}`;
    }
  }
  return object;
}

/** The fields that go on to the next hop: without those of the connection, without those that `connection` names, and without those of these names. */
export function endToEnd(fields: HeaderList, ...dropped: readonly string[]): Header[] {
  const named = namedByConnection(fields);
  const kept: Header[] = [];
  for (const field of fields) {
    const name = field[0];
    if (HOP_FIELDS.has(name) || name.startsWith(':') || dropped.includes(name)) continue;
    if (named === null || !named.has(name)) kept.push(field);
  }
  return kept;
}

/** The fields behind a body that go on: none that frame or route a message, or say who asks (RFC 9110 6.5.1). */
export function trailerFields(fields: HeaderList): Header[] {
  return endToEnd(fields).filter(([name, value]) => {
    return TOKEN.test(name) && VALUE.test(value) && !NO_TRAILERS.test(name);
  });
}

/** Names in `connection`, in lower case. */
function namedByConnection(fields: HeaderList): Set<string> | null {
  let named: Set<string> | null = null;
  for (const [name, value] of fields) {
    if (name !== 'connection') continue;
    named ??= new Set();
    for (const option of value.split(',')) named.add(option.trim().toLowerCase());
  }
  // It is needed for the end of the body whoever names it.
  named?.delete('content-length');
  return named;
}

/** The first value of a field, null without it. */
export function fieldOf(fields: HeaderList, name: string): string | null {
  for (const field of fields) if (field[0] === name) return field[1];
  return null;
}

/** Whether a value has nothing that splits a line. */
export function isValue(value: string): boolean {
  return VALUE.test(value);
}

/** What is wrong with a field, null if they are all as they should be. */
export function faultOf(fields: HeaderList): string | null {
  for (const [name, value] of fields) {
    if (!TOKEN.test(name)) return 'a field name that is none';
    if (!VALUE.test(value)) return `a field value with control characters (${name})`;
  }
  return null;
}

/** The value of `content-length`: null without it, NaN if it makes no sense or there are several that differ. */
export function lengthOf(fields: HeaderList): number | null {
  let length: number | null = null;
  for (const [name, value] of fields) {
    if (name !== 'content-length') continue;
    const given = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isNaN(given) || (length !== null && length !== given)) return Number.NaN;
    length = given;
  }
  return length;
}

/** The fields without some. */
export function without(fields: HeaderList, ...names: readonly string[]): Header[] {
  const kept: Header[] = [];
  for (const field of fields) if (!names.includes(field[0])) kept.push(field);
  return kept;
}
