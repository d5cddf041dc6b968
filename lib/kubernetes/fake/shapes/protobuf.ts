import { type Fields, timestamp } from '../objects/object.ts';
import { isNothing } from './decode.ts';
import type { Field, Fieldset, Shape } from './shape.ts';

/** What the API is spoken in by kubectl from 1.34 on where it makes objects by their names. */
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** Why a body cannot be read. */
export class ProtobufProblem extends Error {}

/** Depth of messages. */
const MAX_DEPTH = 30;

interface Part {
  readonly number: number;
  /** A number, or the bytes of a text or a message. */
  readonly value: bigint | Buffer;
}

/**
 * Reads an object as API servers do, behind `k8s` and a zero, in its envelope. What its shape does not number is refused, unless it says nothing.
 *
 * @throws ProtobufProblem
 */
export function readProtobuf(bytes: Buffer, shape: Fieldset): Fields {
  if (bytes.toString('latin1', 0, 4) !== 'k8s\0') throw new ProtobufProblem('it has no prefix');
  const envelope = partsOf(bytes.subarray(4));
  const type = envelope.find(({ number }) => number === 1);
  const raw = envelope.find(({ number }) => number === 2);
  const what = type === undefined ? {} : readMessage(TYPE, bytesOf(type), '', 0);
  return { ...what, ...(raw === undefined ? {} : readMessage(shape, bytesOf(raw), '', 0)) };
}

/** What stands in an envelope of its object. */
const TYPE: Fieldset = {
  ...{ name: 'TypeMeta', inlined: {} },
  fields: { apiVersion: ['text', 1], kind: ['text', 2] },
};

function readMessage(
  { fields, inlined }: Fieldset,
  bytes: Buffer,
  path: string,
  depth: number,
): Fields {
  if (depth > MAX_DEPTH) throw new ProtobufProblem(`${path} is too deep`);
  const read = new Map<string, unknown>();
  /** What may come many times. */
  const repeated = new Map<string, unknown[]>();
  const byNumber = new Map(
    Object.entries(fields).map(([name, [shape, at]]) => [at, { name, shape }]),
  );
  for (const part of partsOf(bytes)) {
    const field = byNumber.get(part.number);
    const place = `${path}${path === '' ? '' : '.'}${field?.name ?? `(field ${part.number})`}`;
    const inner = inlined[part.number];
    if (inner !== undefined) {
      for (const [name, value] of Object.entries(
        readMessage(inner, bytesOf(part), path, depth + 1),
      ))
        read.set(name, value);
      continue;
    }
    if (field === undefined) {
      if (isEmpty(part, depth)) continue;
      throw new ProtobufProblem(`${place} is not read from protobuf here, but from JSON`);
    }
    const { name, shape } = field;
    const value = readValue(shape, part, place, depth);
    if (isMap(shape) || (typeof shape === 'object' && 'list' in shape)) {
      const before = repeated.get(name);
      if (before === undefined) repeated.set(name, [value]);
      else before.push(value);
    } else if (value !== null && value !== '' && !isNothing(shape, value)) read.set(name, value);
  }
  for (const [name, values] of repeated) {
    const [shape] = fields[name] as Field;
    read.set(name, isMap(shape) ? Object.fromEntries(values as [string, string][]) : values);
  }
  return Object.fromEntries(read);
}

/** Whether it is a map, of which each entry is a message. */
function isMap(shape: Shape): boolean {
  return shape === 'texts' || shape === 'bytes' || shape === 'quantities';
}

/** A value; of a list one of it, of a map an entry. */
function readValue(shape: Shape, part: Part, path: string, depth: number): unknown {
  if (typeof shape === 'object' && 'list' in shape) return readValue(shape.list, part, path, depth);
  if (typeof shape === 'object') return readMessage(shape, bytesOf(part), path, depth + 1);
  switch (shape) {
    case 'integer':
    case 'count':
      return integerOf(part);
    case 'boolean':
    case 'flag':
      return integerOf(part) !== 0;
    case 'text':
    case 'word':
      return bytesOf(part).toString();
    case 'time':
    case 'microtime':
      return timeOf(part, shape === 'time' ? 0 : 6, path);
    case 'quantity':
      return textIn(part);
    case 'json':
      return jsonOf(part, path);
    case 'quantities':
    case 'texts':
    case 'bytes': {
      const [key = Buffer.alloc(0), value = Buffer.alloc(0)] = [1, 2].map((number) => {
        const found = partsOf(bytesOf(part)).find((one) => one.number === number);
        return found === undefined ? undefined : bytesOf(found);
      });
      if (shape === 'quantities') return [key.toString(), textIn({ number: 2, value })];
      return [key.toString(), value.toString(shape === 'bytes' ? 'base64' : 'utf8')];
    }
    default: {
      const [kind, integer, text] = [1, 2, 3].map((number) =>
        partsOf(bytesOf(part)).find((one) => one.number === number),
      );
      const isText = kind !== undefined && integerOf(kind) === 1;
      if (isText) return text === undefined ? '' : bytesOf(text).toString();
      return integer === undefined ? 0 : integerOf(integer);
    }
  }
}

/** The text that is the first field of a message; none is zero. */
function textIn(part: Part): string {
  const first = partsOf(bytesOf(part)).find(({ number }) => number === 1);
  return first === undefined ? '0' : bytesOf(first).toString();
}

/** JSON within a message. */
function jsonOf(part: Part, path: string): unknown {
  const first = partsOf(bytesOf(part)).find(({ number }) => number === 1);
  if (first === undefined) return null;
  try {
    return JSON.parse(bytesOf(first).toString());
  } catch {
    throw new ProtobufProblem(`${path} is no JSON`);
  }
}

/** A time with so many digits behind its seconds; null for none. */
function timeOf(part: Part, digits: number, path: string): string | null {
  const [seconds, nanos] = [1, 2].map((number) =>
    partsOf(bytesOf(part)).find((one) => one.number === number),
  );
  if (seconds === undefined) return null;
  const time = new Date(1000 * integerOf(seconds));
  if (Number.isNaN(time.getTime())) throw new ProtobufProblem(`${path} is no time`);
  const fraction = String(nanos === undefined ? 0 : integerOf(nanos)).padStart(9, '0');
  const rest = digits === 0 ? '' : `.${fraction.slice(0, digits)}`;
  return timestamp(time).replace('Z', `${rest}Z`);
}

/** Whether a field says what it would without being there: many are written always. */
function isEmpty({ value }: Part, depth: number): boolean {
  if (typeof value === 'bigint') return value === 0n;
  if (value.length === 0) return true;
  if (depth > MAX_DEPTH) return false;
  try {
    return partsOf(value).every((part) => isEmpty(part, depth + 1));
  } catch {
    return false;
  }
}

function bytesOf({ value }: Part): Buffer {
  if (typeof value === 'bigint') throw new ProtobufProblem('a number stands for a text');
  return value;
}

function integerOf({ value }: Part): number {
  if (typeof value !== 'bigint') throw new ProtobufProblem('a text stands for a number');
  return Number(BigInt.asIntN(64, value));
}

/** The fields of a message. */
function partsOf(bytes: Buffer): Part[] {
  const parts: Part[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new ProtobufProblem('it ends within a number, or has one that is too large');
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === 0) parts.push({ number, value: varint() });
    else if (type === 2) {
      const end = Number(varint()) + at;
      if (end > bytes.length) throw new ProtobufProblem('it ends within a field');
      parts.push({ number, value: bytes.subarray(at, end) });
      at = end;
    } else throw new ProtobufProblem(`it has a field of the type ${type}`);
  }
  return parts;
}
