import http from 'node:http';
import { InvalidStateError } from '../../errors.ts';
import type { Header, HeaderList } from '../../protocol/frames.ts';
import { toHeaderPairs } from '../headers.ts';
import type { RequestOptions } from './options.ts';
import { RequestWritable } from './request-events.ts';

/** The header fields of a request that can be set until they are sent, as those of `http.ClientRequest`. */
export abstract class HeadedRequest extends RequestWritable {
  /** Keeps and checks the fields as every message of `http` does. */
  readonly #head = new http.OutgoingMessage();
  #sent = false;

  constructor(options: RequestOptions) {
    super({ autoDestroy: false, highWaterMark: 16384 });
    const { headers = [], auth } = options;
    for (const [name, value] of toHeaderPairs(headers)) this.#head.appendHeader(name, value);
    if (auth && !this.#head.hasHeader('authorization')) {
      const credentials = Buffer.from(auth).toString('base64');
      this.#head.setHeader('authorization', `Basic ${credentials}`);
    }
  }

  /** Whether the header fields can no longer be changed. */
  get headersSent(): boolean {
    return this.#sent;
  }

  /** @throws Error once the headers are sent, and for a name or value that no field can have */
  setHeader(name: string, value: number | string | readonly string[]): this {
    this.#assertOpen();
    this.#head.setHeader(name, value);
    return this;
  }

  /** Adds a value to a field. */
  appendHeader(name: string, value: string | readonly string[]): this {
    this.#assertOpen();
    this.#head.appendHeader(name, value);
    return this;
  }

  removeHeader(name: string): void {
    this.#assertOpen();
    this.#head.removeHeader(name);
  }

  getHeader(name: string): number | string | string[] | undefined {
    return this.#head.getHeader(name);
  }

  getHeaders(): http.OutgoingHttpHeaders {
    return this.#head.getHeaders();
  }

  getHeaderNames(): string[] {
    return this.#head.getHeaderNames();
  }

  hasHeader(name: string): boolean {
    return this.#head.hasHeader(name);
  }

  /** Sends the headers now, without waiting for the body. */
  flushHeaders(): void {
    if (this.#sent) return;
    this.#sent = true;
    this.headReady();
  }

  /** The fields are final. */
  protected abstract headReady(): void;

  /** Adds what only sending finds out. */
  protected announceLength(length: number): void {
    if (this.hasHeader('content-length') || this.hasHeader('transfer-encoding')) return;
    this.#head.setHeader('content-length', length);
  }

  /** The fields in order, a pair for each value. */
  protected fields(): HeaderList {
    const fields: Header[] = [];
    for (const [name, value] of Object.entries(this.getHeaders())) {
      for (const item of Array.isArray(value) ? value : [value]) fields.push([name, String(item)]);
    }
    return fields;
  }

  #assertOpen(): void {
    if (this.#sent) throw new InvalidStateError('the headers were sent already');
  }
}
