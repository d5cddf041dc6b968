import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import type { ProxyOutcome } from '../../tools/index.ts';
import { type AccessFormat, accessLine } from '../access-line.ts';

/** Writes a line for each request that is over. */
export class ProxyAccessLog {
  readonly #file: string;
  readonly #format: AccessFormat;
  readonly #complain: (error: Error) => void;
  #out: Writable;

  /** @param complain told of what cannot be written; that is lost */
  constructor(file: string, format: AccessFormat, complain: (error: Error) => void) {
    this.#file = file;
    this.#format = format;
    this.#complain = complain;
    this.#out = this.#open();
  }

  /** Opens the file anew, as whoever has moved it away wants it. */
  reopen(): void {
    if (this.#file === '-') return;
    this.#out.end();
    this.#out = this.#open();
  }

  write(outcome: ProxyOutcome): void {
    const { request, status, sent, milliseconds, error, back, tries, received } = outcome;
    const { client, protocol, method, target, fields } = request;
    const field = (name: string): string | null => fields.find((it) => it[0] === name)?.[1] ?? null;
    const entry = {
      time: new Date(),
      milliseconds,
      address: client.address,
      protocol,
      method,
      url: target,
      referer: field('referer'),
      agent: field('user-agent'),
      status,
      bytes: sent,
      complete: error === null,
    };
    const more = { host: request.authority, received, back, tries, error: error?.message ?? null };
    this.#out.write(accessLine(entry, this.#format, more));
  }

  /** Writes what is left, and closes the file. */
  async close(): Promise<void> {
    if (this.#file === '-' || this.#out.destroyed) return;
    this.#out.end();
    await once(this.#out, 'close');
  }

  #open(): Writable {
    if (this.#file === '-') return process.stdout;
    const out = createWriteStream(this.#file, { flags: 'a' });
    out.on('error', this.#complain);
    return out;
  }
}
