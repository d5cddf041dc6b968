import type http from 'node:http';
import { shown } from '../../../common/check.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import { httpError } from '../../http-error.ts';
import { type FieldValue, listOf, OutgoingFields } from './outgoing-fields.ts';
import { RequestMessage } from './request-events.ts';

/** A message whose header fields are kept here, and not by `http`. */
export abstract class RequestFields extends RequestMessage {
  readonly #fields = new OutgoingFields();

  /** Whether the fields can no longer be changed. */
  abstract get headersSent(): boolean;

  /**
   * Sets a field, in place of earlier values: a list has several values, anything else is text.
   *
   * @throws Error once the head has left, TypeError for a name or value that no field can have
   */
  setHeader(name: string, value: FieldValue): this {
    this.#assertOpen('set');
    this.#fields.set(name, value);
    return this;
  }

  /** Adds a value to a field; throws as `setHeader()`. */
  appendHeader(name: string, value: string | readonly string[]): this {
    this.#assertOpen('append');
    this.#fields.append(name, value);
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
    // As with `http`, the name is judged first.
    this.#fields.has(name);
    this.#assertOpen('remove');
    this.#fields.remove(name);
  }

  /** The value of a field as it was set, undefined without it. Names are of any case. */
  getHeader(name: string): number | string | string[] | undefined {
    return this.#fields.get(name) as string[] | undefined;
  }

  /** Whether there is a field. */
  hasHeader(name: string): boolean {
    return this.#fields.has(name);
  }

  /** All fields by their names in lower case. */
  getHeaders(): http.OutgoingHttpHeaders {
    return this.#fields.toObject();
  }

  /** The names of all fields in lower case. */
  getHeaderNames(): string[] {
    return this.#fields.keys;
  }

  /** The names of all fields as they were set. */
  getRawHeaderNames(): string[] {
    return this.#fields.names;
  }

  /** The fields in order, a pair for each value. @internal */
  get fields(): HeaderList {
    return this.#fields.toPairs();
  }

  #assertOpen(action: string): void {
    if (!this.headersSent) return;
    const message = `Cannot ${action} headers after they are sent to the client`;
    throw httpError(Error, 'ERR_HTTP_HEADERS_SENT', message);
  }
}
