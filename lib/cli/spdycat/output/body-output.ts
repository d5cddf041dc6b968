import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

/** Pieces of a body. */
export type Body = AsyncIterable<Buffer>;

/** Where bodies go. */
export interface BodyOutput {
  /**
   * Takes the body of a request. Numbers give the order; pushed responses have none.
   * Resolves with the name of the file that has the body now, if there is one.
   */
  take(number: number | null, url: URL, body: Body): Promise<string | null>;
  /** Takes what follows the bytes that are there already (`sizeOf()`). */
  append?(number: number | null, url: URL, body: Body): Promise<string | null>;
  /** How many bytes of a body are there already. */
  sizeOf?(number: number | null, url: URL): Promise<number>;
  /** Nothing comes of this request any more: others may have their turn. */
  done?(number: number): void;
  /** Whether a body can be given from its beginning once more when it has failed. */
  readonly repeatable: boolean;
}

/** Throws bodies away. */
export class NullOutput implements BodyOutput {
  readonly repeatable = true;

  async take(_number: number | null, _url: URL, body: Body): Promise<null> {
    for await (const _ of body);
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
  readonly repeatable = false;
  readonly #out: Writable;
  #turn = 0;
  readonly #done = new Set<number>();
  readonly #waiting = new Map<number, () => void>();

  constructor(out: Writable) {
    this.#out = out;
  }

  async take(number: number | null, _url: URL, body: Body): Promise<null> {
    if (number !== null) await this.#write(number, body);
    else for await (const _ of body);
    return null;
  }

  done(number: number): void {
    this.#done.add(number);
    while (this.#done.delete(this.#turn)) this.#turn++;
    this.#waiting.get(this.#turn)?.();
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
