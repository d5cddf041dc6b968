import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { DispatchController } from './handlers.ts';

/** What a controller steers. */
export interface Steered {
  /** Data may come again. */
  resume(): void;
  /** Gives up. */
  abort(reason: Error): void;
}

/** The controller that a handler is given. */
export class RequestController implements DispatchController {
  aborted = false;
  reason: Error | null = null;
  paused = false;
  rawTrailers: Buffer[] | null = null;
  /** The headers that `rawHeaders` belong to. */
  headers: IncomingHttpHeaders = {};
  readonly #steered: Steered;
  #rawHeaders: Buffer[] | null = null;
  /** What they are made of when somebody asks for them. */
  #rawTexts: readonly string[] | null = null;

  constructor(steered: Steered) {
    this.#steered = steered;
  }

  get rawHeaders(): Buffer[] | null {
    if (this.#rawTexts !== null) this.#rawHeaders = this.#rawTexts.map(latin1Bytes);
    this.#rawTexts = null;
    return this.#rawHeaders;
  }

  set rawHeaders(raw: Buffer[]) {
    this.#rawHeaders = raw;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#steered.resume();
  }

  abort(given?: Error | null): void {
    if (this.aborted) return;
    const reason = given ?? aborted();
    this.aborted = true;
    this.reason = reason;
    this.#steered.abort(reason);
  }

  /** Takes the head of a response. Returns its fields. */
  takeHead({ rawHeaders }: IncomingMessage): IncomingHttpHeaders {
    this.headers = fromRaw(rawHeaders);
    this.#rawTexts = rawHeaders;
    return this.headers;
  }
}

/** Names and values in turn, as older handlers have them. */
export function toRaw(fields: NodeJS.Dict<string | readonly string[]>): Buffer[] {
  const raw: Buffer[] = [];
  for (const [name, value = ''] of Object.entries(fields)) {
    for (const item of typeof value === 'string' ? [value] : value) {
      raw.push(latin1Bytes(name), latin1Bytes(item));
    }
  }
  return raw;
}

/** Fields by their names in lower case, as undici has them: of a repeated one the list of all values, whatever its name. */
export function fromRaw(raw: readonly (Buffer | string)[]): IncomingHttpHeaders {
  const fields: Record<string, string | string[]> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = toText(raw[i] as Buffer | string).toLowerCase();
    const value = toText(raw[i + 1] as Buffer | string);
    const former = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (name === '__proto__') Object.defineProperty(fields, name, { value, enumerable: true });
    else if (former === undefined) fields[name] = value;
    else if (typeof former === 'string') fields[name] = [former, value];
    else former.push(value);
  }
  return fields;
}

function toText(item: Buffer | string): string {
  return typeof item === 'string' ? item : item.toString('latin1');
}

/** Bytes of a name or value. */
export function latin1Bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function aborted(): Error {
  return Object.assign(new Error('The request was aborted'), {
    name: 'AbortError',
    code: 'UND_ERR_ABORTED',
  });
}
