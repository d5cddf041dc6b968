import http from 'node:http';
import { shown } from '../../../common/check.ts';
import type { Header, HeaderList } from '../../../protocol/frames.ts';
import { httpError } from '../../http-error.ts';
import { RequestMessage } from './request-events.ts';

/** What a field is set to. */
type FieldValue = number | string | readonly string[];

/** A field as it was set. A class, as V8 takes literals that live for a while for ones that live forever. */
class Field {
  /** In the case that was given. */
  readonly name: string;
  readonly value: FieldValue;

  constructor(name: string, value: FieldValue) {
    this.name = name;
    this.value = value;
  }
}

/**
 * A message whose header fields are kept here, as `http` would keep them: with its checks, and to be read as they were set. `http` makes
 * an object without a fixed shape of them, which takes longer than all the rest of a small request.
 */
export abstract class RequestFields extends RequestMessage {
  /** By names in lower case. */
  readonly #fields = new Map<string, Field>();

  /** Whether the fields can no longer be changed. */
  abstract get headersSent(): boolean;

  /**
   * Sets a field, in place of earlier values: a list has several values, anything else is text.
   *
   * @throws Error once the head has left, TypeError for a name or value that no field can have
   */
  setHeader(name: string, value: FieldValue): this {
    this.#assertOpen('set');
    http.validateHeaderName(name);
    http.validateHeaderValue(name, value as string);
    this.#fields.set(name.toLowerCase(), new Field(name, value));
    return this;
  }

  /** Adds a value to a field; throws as `setHeader()`. */
  appendHeader(name: string, value: string | readonly string[]): this {
    this.#assertOpen('append');
    http.validateHeaderName(name);
    http.validateHeaderValue(name, value as string);
    const key = name.toLowerCase();
    const former = this.#fields.get(key);
    if (former === undefined) this.#fields.set(key, new Field(name, value));
    else this.#fields.set(key, new Field(former.name, listOf(former.value).concat(value)));
    return this;
  }

  /**
   * Sets all fields of a `Headers` or a `Map`.
   *
   * @throws TypeError for anything else, and as `setHeader()`
   */
  setHeaders(headers: Headers | ReadonlyMap<string, FieldValue>): this {
    this.#assertOpen('set');
    // What else has both, such as the Headers of undici, will do.
    if (typeof headers?.keys !== 'function' || typeof headers.get !== 'function') {
      const message = `The "headers" argument must be an instance of Headers or Map, got ${shown(headers)}`;
      throw httpError(TypeError, 'ERR_INVALID_ARG_TYPE', message);
    }
    // Of several cookies none replaces another.
    const cookies: string[] = [];
    for (const [name, value] of headers as ReadonlyMap<string, FieldValue>) {
      if (name !== 'set-cookie') this.setHeader(name, value);
      else cookies.push(...listOf(value));
    }
    if (cookies.length > 0) this.setHeader('set-cookie', cookies);
    return this;
  }

  /** Takes a field away; throws once the head has left. */
  removeHeader(name: string): void {
    assertName(name);
    this.#assertOpen('remove');
    this.#fields.delete(name.toLowerCase());
  }

  /** The value of a field as it was set, undefined without it. Names are of any case. */
  getHeader(name: string): number | string | string[] | undefined {
    assertName(name);
    return this.#fields.get(name.toLowerCase())?.value as string[] | undefined;
  }

  /** Whether there is a field. */
  hasHeader(name: string): boolean {
    assertName(name);
    return this.#fields.has(name.toLowerCase());
  }

  /** All fields by their names in lower case. */
  getHeaders(): http.OutgoingHttpHeaders {
    const headers = Object.create(null) as http.OutgoingHttpHeaders;
    for (const [name, { value }] of this.#fields) headers[name] = value as string[];
    return headers;
  }

  /** The names of all fields in lower case. */
  getHeaderNames(): string[] {
    return [...this.#fields.keys()];
  }

  /** The names of all fields as they were set. */
  getRawHeaderNames(): string[] {
    return [...this.#fields.values()].map(({ name }) => name);
  }

  /** The fields in order, a pair for each value. @internal */
  get fields(): HeaderList {
    const list: Header[] = [];
    // An iterator makes two objects for each field.
    this.#fields.forEach(addPairs, list);
    return list;
  }

  #assertOpen(action: string): void {
    if (!this.headersSent) return;
    const message = `Cannot ${action} headers after they are sent to the client`;
    throw httpError(Error, 'ERR_HTTP_HEADERS_SENT', message);
  }
}

function addPairs(this: Header[], { value }: Field, name: string): void {
  if (typeof value === 'string') this.push([name, value]);
  else if (Array.isArray(value)) for (const item of value) this.push([name, String(item)]);
  else this.push([name, String(value)]);
}

function listOf(value: FieldValue): readonly string[] {
  return Array.isArray(value) ? value : [value as string];
}

function assertName(name: unknown): void {
  if (typeof name === 'string') return;
  const message = `The "name" argument must be of type string, got ${shown(name)}`;
  throw httpError(TypeError, 'ERR_INVALID_ARG_TYPE', message);
}
