import type { Blob as BufferBlob } from 'node:buffer';
import { Readable } from 'node:stream';
import { arrayBuffer, blob, buffer, json, text } from 'node:stream/consumers';
import type { DispatchController } from './handlers.ts';

/** Bytes that `dump()` reads before it gives up. */
const DUMP_LIMIT = 131_072;

/** The body of a response to `dispatcher.request()`: a Readable that can also be taken whole. Destroying it aborts the request. */
export class ResponseBody extends Readable {
  readonly #controller: DispatchController;
  readonly #type: string;

  /** `type`: the `content-type` of the response. */
  constructor(controller: DispatchController, type: string, highWaterMark: number) {
    super({ highWaterMark });
    this.#controller = controller;
    this.#type = type;
  }

  /** Whether something was read. */
  get bodyUsed(): boolean {
    return Readable.isDisturbed(this);
  }

  /** As a ReadableStream; the types of undici have none. */
  get body(): never {
    return Readable.toWeb(this) as never;
  }

  /** All of it as text (UTF-8). */
  text(): Promise<string> {
    return text(this);
  }

  /** All of it as what the JSON says; rejects for what is no JSON. */
  json(): Promise<unknown> {
    return json(this);
  }

  /** All of it as a Blob: one of `node:buffer`, which undici has in its types, and of the DOM, where a program compiles with that. */
  async blob(): Promise<Blob & BufferBlob> {
    return new Blob([await blob(this)] as never, { type: this.#type });
  }

  /** All of it as bytes. */
  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await buffer(this));
  }

  /** All of it as an ArrayBuffer. */
  arrayBuffer(): Promise<ArrayBuffer> {
    return arrayBuffer(this);
  }

  /** Rejects: forms are not read, as by undici. */
  formData(): Promise<never> {
    return Promise.reject(new TypeError('formData() is not supported'));
  }

  /** Reads it and drops it, up to `limit` bytes (default 131072), then aborts the request. */
  async dump(
    options: { readonly limit?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const { limit = DUMP_LIMIT, signal } = options;
    signal?.throwIfAborted();
    let left = limit;
    for await (const chunk of this) {
      left -= (chunk as Buffer).length;
      if (left < 0) return;
      signal?.throwIfAborted();
    }
  }

  override _read(): void {
    this.#controller.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.readableEnded) this.#controller.abort(error ?? undefined);
    done(error);
  }
}
