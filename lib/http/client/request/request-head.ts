import type { HeaderList } from '../../../protocol/frames.ts';
import type { RequestOptions } from './options.ts';

/** The options of a request that make fields. */
interface FieldOptions {
  readonly headers?: RequestOptions['headers'] | undefined;
  readonly auth?: RequestOptions['auth'] | undefined;
}

/** The fields of a message that can be set and read. */
export interface FieldHolder {
  hasHeader(name: string): boolean;
  getHeader(name: string): unknown;
  setHeader(name: string, value: number | string | readonly string[]): unknown;
  appendHeader(name: string, value: string | readonly string[]): unknown;
}

type Value = string | readonly string[];

/**
 * Sets the fields that the options of a request give, and `host` unless they do (an empty one counts as none). Of an object each field is set, so that the message checks
 * it as `http` does: a list has several values, anything else is text, `undefined` throws. Pairs are added.
 *
 * @throws TypeError for a name or value that no field can have
 */
export function setFields(message: FieldHolder, options: FieldOptions, host: string): void {
  const { headers, auth } = options;
  if (headers !== undefined && headers !== null) {
    if (Symbol.iterator in headers) {
      for (const [name, value] of pairsOf(headers as Iterable<unknown>)) {
        message.appendHeader(name, value);
      }
    } else {
      for (const name of Object.keys(headers))
        message.setHeader(name, (headers as Readonly<Record<string, Value>>)[name] as Value);
    }
  }
  if (!message.getHeader('host')) message.setHeader('host', host);
  if (auth && !message.hasHeader('authorization')) {
    message.setHeader('authorization', `Basic ${Buffer.from(auth).toString('base64')}`);
  }
}

/** The head as HTTP/1.1 would have it, for programs that read `_header`. */
export function headText(method: string, path: string, fields: HeaderList): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Pairs, also out of names and values in turn. */
function pairsOf(headers: Iterable<unknown>): Iterable<readonly [string, Value]> {
  if (!Array.isArray(headers) || typeof headers[0] !== 'string') {
    return headers as Iterable<readonly [string, Value]>;
  }
  const pairs: [string, Value][] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) pairs.push([headers[i], headers[i + 1] as Value]);
  return pairs;
}
