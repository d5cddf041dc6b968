/** Numbers of functions and objects that are the same only if they are one. */
const NUMBERS = new WeakMap<object, number>();
let lastNumber = 0;

/** How deep lists and plain objects are looked into. */
const MAX_DEPTH = 4;

/**
 * A text by which options of connections are told apart. Values are equal by what they hold, so that a certificate may be read anew for each
 * request; functions and objects of a class (`checkServerIdentity`, `secureContext`) only if they are the same one.
 */
export function connectionName(options: object): string {
  return nameOf(options, 0);
}

function nameOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return `'${value.length}:${value}`;
  if (typeof value !== 'function' && (typeof value !== 'object' || value === null))
    return String(value);
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `b${bytes.length}:${bytes.toString('latin1')}`;
  }
  if (depth < MAX_DEPTH && Array.isArray(value))
    return `[${value.map((item) => nameOf(item, depth + 1)).join(',')}]`;
  return depth < MAX_DEPTH && isPlain(value) ? nameOfFields(value, depth) : numberOf(value);
}

function nameOfFields(fields: object, depth: number): string {
  const given = fields as Readonly<Record<string, unknown>>;
  const names = Object.keys(given)
    .filter((name) => given[name] !== undefined)
    .sort();
  return `{${names.map((name) => `${name}=${nameOf(given[name], depth + 1)}`).join(',')}}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function numberOf(value: object): string {
  const known = NUMBERS.get(value);
  if (known !== undefined) return `#${known}`;
  lastNumber++;
  NUMBERS.set(value, lastNumber);
  return `#${lastNumber}`;
}
