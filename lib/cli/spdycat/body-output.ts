import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Pieces of a body. */
export type Body = AsyncIterable<Buffer>;

/** Where bodies go. */
export interface BodyOutput {
  /**
   * Takes the body of a request, or null where there is none. Numbers give the order; pushed responses have none.
   * Resolves with the name of the file that has the body now, if there is one.
   */
  take(number: number | null, url: URL, body: Body | null): Promise<string | null>;
}

/** Throws bodies away. */
export class NullOutput implements BodyOutput {
  async take(_number: number | null, _url: URL, body: Body | null): Promise<null> {
    for await (const _ of body ?? []);
    return null;
  }
}

/** Bytes of a waiting body that are kept in memory. */
const SPOOL_LIMIT = 256 * 1024;

/**
 * Writes bodies one behind the other, in the order of the requests, although they arrive at the same time. Those whose turn has not come
 * are put aside (they have to be read: all streams share the window of the session). Pushed bodies are left out.
 */
export class OrderedOutput implements BodyOutput {
  readonly #out: Writable;
  #turn = 0;
  readonly #done = new Set<number>();
  readonly #waiting = new Map<number, () => void>();

  constructor(out: Writable) {
    this.#out = out;
  }

  async take(number: number | null, _url: URL, body: Body | null): Promise<null> {
    if (number === null) {
      for await (const _ of body ?? []);
      return null;
    }
    try {
      if (body !== null) await this.#write(number, body);
    } finally {
      this.#done.add(number);
      while (this.#done.delete(this.#turn)) this.#turn++;
      this.#waiting.get(this.#turn)?.();
    }
    return null;
  }

  async #write(number: number, body: Body): Promise<void> {
    if (number === this.#turn) {
      await this.#copy(body);
      return;
    }
    const spool = new Spool();
    try {
      for await (const chunk of body) await spool.add(chunk);
      if (number !== this.#turn) {
        await new Promise<void>((resume) => this.#waiting.set(number, resume));
      }
      await this.#copy(spool.content());
    } finally {
      this.#waiting.delete(number);
      await spool.remove();
    }
  }

  async #copy(body: Body): Promise<void> {
    for await (const chunk of body) await write(this.#out, chunk);
  }
}

/** Saves each body in a file that is named by the end of its URL; a file appears when it is complete. */
export class FileOutput implements BodyOutput {
  readonly #directory: string;
  readonly #used = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async take(_number: number | null, url: URL, body: Body | null): Promise<string | null> {
    if (body === null) return null;
    const name = this.#nameFor(url);
    const path = join(this.#directory, name);
    // No name that a URL can have: a hidden file, and one that is not there yet.
    const part = join(this.#directory, `.${randomBytes(8).toString('hex')}.part`);
    try {
      await pipeline(body, createWriteStream(part, { flags: 'wx' }));
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    return name;
  }

  /** A name that was not used in this run. */
  #nameFor(url: URL): string {
    const name = remoteName(url);
    let free = name;
    for (let i = 1; this.#used.has(free); i++) free = `${name}.${i}`;
    this.#used.add(free);
    return free;
  }
}

/** The file name in a URL: the last part of its path, `index.html` if that is empty. Never a path, nor a hidden file. */
export function remoteName(url: URL): string {
  const last = url.pathname.split('/').at(-1) ?? '';
  let name = last;
  try {
    name = decodeURIComponent(last);
  } catch {
    // It stays as it is.
  }
  name = name.replace(/[/\\:\p{Cc}]/gu, '_').replace(/^\./, '_');
  return name === '' ? 'index.html' : name;
}

/** Bytes that wait: in memory as long as they are few, else in a temporary file. */
class Spool {
  #chunks: Buffer[] = [];
  #length = 0;
  #directory: string | null = null;
  #file: Writable | null = null;

  async add(chunk: Buffer): Promise<void> {
    this.#length += chunk.length;
    if (this.#file === null && this.#length <= SPOOL_LIMIT) {
      this.#chunks.push(chunk);
      return;
    }
    const file = await this.#open();
    for (const piece of [...this.#chunks, chunk]) await write(file, piece);
    this.#chunks = [];
  }

  async *content(): AsyncGenerator<Buffer> {
    if (this.#file !== null) {
      await new Promise<void>((done) => this.#file?.end(done));
      yield* createReadStream(this.#path) as AsyncIterable<Buffer>;
    }
    yield* this.#chunks;
  }

  async remove(): Promise<void> {
    this.#file?.destroy();
    if (this.#directory !== null) await rm(this.#directory, { recursive: true, force: true });
  }

  get #path(): string {
    return join(this.#directory ?? '', 'body');
  }

  async #open(): Promise<Writable> {
    if (this.#file === null) {
      this.#directory = await mkdtemp(join(tmpdir(), 'spdycat-'));
      this.#file = createWriteStream(this.#path, { mode: 0o600 });
      this.#file.on('error', () => {});
    }
    return this.#file;
  }
}

/** Writes, and waits until it is done. */
function write(out: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    out.write(chunk, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
