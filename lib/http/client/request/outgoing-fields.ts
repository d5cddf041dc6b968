import { type OutgoingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import { shown } from '../../../common/check.ts';
import type { Header } from '../../../protocol/frames.ts';
import { httpError } from '../../http-error.ts';

/** What a field is set to: a list has several values, anything else is text. */
export type FieldValue = number | string | readonly string[];

/** A field as it was set. A class, as V8 takes literals that live for a while for ones that live forever. */
class Field {
  /** The name in lower case. */
  readonly key: string;
  /** In the case that was given. */
  name: string;
  value: FieldValue;

  constructor(key: string, name: string, value: FieldValue) {
    this.key = key;
    this.name = name;
    this.value = value;
  }
}

/** So many fields are looked through one by one: a Map of them would take longer to make. */
const FEW = 16;

/**
 * The header fields of a message that is being made, kept as `http` would keep them: with its checks, and to be read as they were set. `http`
 * makes an object without a fixed shape of them, which takes longer than all the rest of a small message.
 */
export class OutgoingFields {
  #fields: Field[] = [];
  /** The fields by their keys, once there are many. */
  #index: Map<string, Field> | null = null;

  /**
   * Sets a field, in place of earlier values.
   *
   * @throws TypeError for a name or value that no field can have
   */
  set(name: string, value: FieldValue): void {
    validateHeaderName(name);
    validateHeaderValue(name, value as string);
    const key = name.toLowerCase();
    const field = this.#find(key);
    if (field === undefined) {
      this.#add(new Field(key, name, value));
    } else {
      field.name = name;
      field.value = value;
    }
  }

  /** Adds a value to a field; throws as `set()`. */
  append(name: string, value: string | readonly string[]): void {
    validateHeaderName(name);
    validateHeaderValue(name, value as string);
    const key = name.toLowerCase();
    const field = this.#find(key);
    if (field === undefined) this.#add(new Field(key, name, value));
    else field.value = listOf(field.value).concat(value);
  }

  /** Takes a field away; throws TypeError for a name that is no text. */
  remove(name: string): void {
    assertName(name);
    const field = this.#find(name.toLowerCase());
    if (field === undefined) return;
    this.#fields.splice(this.#fields.indexOf(field), 1);
    this.#index?.delete(field.key);
  }

  /** The value of a field as it was set, undefined without it; throws TypeError for a name that is no text. */
  get(name: string): FieldValue | undefined {
    assertName(name);
    return this.#find(name.toLowerCase())?.value;
  }

  /** Whether there is a field; throws TypeError for a name that is no text. */
  has(name: string): boolean {
    assertName(name);
    return this.#find(name.toLowerCase()) !== undefined;
  }

  /** All fields by their names in lower case, in an object without a prototype. */
  toObject(): OutgoingHttpHeaders {
    const headers = Object.create(null) as OutgoingHttpHeaders;
    for (const { key, value } of this.#fields) headers[key] = value as string[];
    return headers;
  }

  /** The names of all fields in lower case. */
  get keys(): string[] {
    return this.#fields.map(({ key }) => key);
  }

  /** The names of all fields as they were set. */
  get names(): string[] {
    return this.#fields.map(({ name }) => name);
  }

  /** The fields in order, a pair for each value. */
  toPairs(): Header[] {
    const pairs: Header[] = [];
    for (const field of this.#fields) {
      const { key, value } = field;
      if (typeof value === 'string') pairs.push([key, value]);
      else if (Array.isArray(value)) for (const item of value) pairs.push([key, String(item)]);
      else pairs.push([key, String(value)]);
    }
    return pairs;
  }

  #find(key: string): Field | undefined {
    if (this.#index !== null) return this.#index.get(key);
    for (const field of this.#fields) if (field.key === key) return field;
    return undefined;
  }

  #add(field: Field): void {
    this.#fields.push(field);
    if (this.#index !== null) this.#index.set(field.key, field);
    else if (this.#fields.length > FEW)
      this.#index = new Map(this.#fields.map((each) => [each.key, each]));
  }
}

/** The values of a field as a list. */
export function listOf(value: FieldValue): readonly string[] {
  return Array.isArray(value) ? value : [value as string];
}

function assertName(name: unknown): void {
  if (typeof name === 'string') return;
  const message = `The "name" argument must be of type string, got ${shown(name)}`;
  throw httpError(TypeError, 'ERR_INVALID_ARG_TYPE', message);
}
