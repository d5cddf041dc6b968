import { isFields, timestamp } from '../objects/object.ts';
import { isText } from '../objects/texts.ts';
import type { Scalar, Shape } from './shape.ts';

/** A body as an API server understands it. */
export interface Decoded {
  /** Without the fields that are unknown. */
  readonly value: unknown;
  /** Where there are fields that its kind has not: `spec.contaners`. */
  readonly unknown: readonly string[];
}

/** Why a body cannot be what it should be. */
export class DecodeProblem extends Error {}

/** Depth of what a field without a shape may have. */
const MAX_DEPTH = 100;

const TESTS: Readonly<Record<Scalar, (value: unknown) => boolean>> = {
  text: isText,
  word: isText,
  integer: Number.isInteger,
  count: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  flag: (value) => typeof value === 'boolean',
  time: isTime,
  microtime: isTime,
  quantity: isQuantity,
  texts: isMapOf(isText),
  bytes: isMapOf((value) => isText(value) && /^[A-Za-z\d+/]*={0,2}$/.test(value)),
  quantities: isMapOf(isQuantity),
  integerOrText: (value) => isText(value) || Number.isInteger(value),
  json: () => true,
  any: () => true,
};

const WORDS: Readonly<Record<Scalar, string>> = {
  text: 'a string',
  word: 'a string',
  integer: 'an integer',
  count: 'an integer',
  boolean: 'true or false',
  flag: 'true or false',
  time: 'a time',
  microtime: 'a time',
  quantity: 'a quantity',
  texts: 'a map of strings',
  bytes: 'a map of base64',
  quantities: 'a map of quantities',
  integerOrText: 'an integer or a string',
  json: 'anything',
  any: 'anything',
};

/**
 * Reads JSON as a shape has it. Null is nothing, as in Go.
 *
 * @throws DecodeProblem where something else stands than the shape has
 */
export function decodeAs(shape: Shape, value: unknown): Decoded {
  const unknown: string[] = [];
  return { value: decode(shape, value, '', unknown), unknown };
}

function decode(shape: Shape, given: unknown, path: string, unknown: string[]): unknown {
  const value = typeof shape === 'string' ? withoutNull(shape, given) : given;
  if (typeof shape === 'string') {
    if (!TESTS[shape](value)) throw new DecodeProblem(`${path} must be ${WORDS[shape]}`);
    if (shape === 'any' || shape === 'json') checkDepth(value, path, 0);
    if (shape === 'time' || shape === 'microtime') return timeOf(shape, value as string);
    return value;
  }
  if ('list' in shape) {
    if (!Array.isArray(value)) throw new DecodeProblem(`${path} must be a list`);
    return value.map((one, index) => decode(shape.list, one, `${path}[${index}]`, unknown));
  }
  if (!isFields(value)) throw new DecodeProblem(`${path || 'it'} must be an object`);
  const entries: [string, unknown][] = [];
  for (const [name, field] of Object.entries(value)) {
    const place = path === '' ? name : `${path}.${name}`;
    const known = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
    if (known === undefined) unknown.push(place);
    else if (field !== null && !isNothing(known[0], field))
      entries.push([name, decode(known[0], field, place, unknown)]);
  }
  return Object.fromEntries(entries);
}

/** Whether Kubernetes leaves such a value out. */
export function isNothing(shape: Shape, value: unknown): boolean {
  return typeof shape === 'string' && Object.hasOwn(NOTHING, shape) && value === NOTHING[shape];
}

const NOTHING: Readonly<Partial<Record<Scalar, unknown>>> = { word: '', flag: false, count: 0 };

/** What null is in maps, where its key stands all the same. */
const NULLS: Readonly<Partial<Record<Scalar, string>>> = { texts: '', bytes: '', quantities: '0' };

/** A map without null; anything else as it is. */
function withoutNull(shape: Scalar, value: unknown): unknown {
  const none = NULLS[shape];
  if (none === undefined || !isFields(value) || !Object.values(value).includes(null)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, one ?? none]));
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/;

function isTime(value: unknown): boolean {
  return isText(value) && TIME.test(value) && !Number.isNaN(Date.parse(value));
}

/** A time as Kubernetes tells it, whatever its zone: to the second, or to the millionth of one. */
function timeOf(shape: 'time' | 'microtime', value: string): string {
  const told = timestamp(new Date(value));
  if (shape === 'time') return told;
  const [, fraction = ''] = TIME.exec(value) ?? [];
  return told.replace('Z', `.${fraction.slice(0, 6).padEnd(6, '0')}Z`);
}

function isQuantity(value: unknown): boolean {
  if (typeof value === 'number') return true;
  return (
    isText(value) &&
    /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/.test(value)
  );
}

function isMapOf(test: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => isFields(value) && Object.values(value).every(test);
}

function checkDepth(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw new DecodeProblem(`${path} is too deep`);
  for (const one of Object.values(value))
    if (typeof one === 'object') checkDepth(one, path, depth + 1);
}
