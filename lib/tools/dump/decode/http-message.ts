/** Bytes of a head that are taken; more is no HTTP that is followed. */
const MOST_HEAD_BYTES = 1 << 16;
const NO_BYTES: Buffer = Buffer.alloc(0);

/** The head of a message of HTTP/1.1. */
export interface HttpHead {
  /** Request line or status line. */
  readonly line: string;
  /** Values by lower-case name; several of a name with commas between them. */
  readonly fields: ReadonlyMap<string, string>;
}

/** How much body follows a head. */
export type BodyKind = number | 'chunked' | 'close';

/**
 * What the bytes at hand belong to. `size`: the line with the size of a chunk; `chunk`: a chunk and the line end behind it; `rest`: a body
 * that lasts as long as the connection.
 */
type Part = 'head' | 'body' | 'size' | 'chunk' | 'trailer' | 'rest';

/** Finds the heads of the messages of one direction, and skips their bodies. */
export class HttpMessages {
  #part: Part = 'head';
  #held: Buffer = NO_BYTES;
  #left = 0;

  /**
   * Reads on from `at` until a head is complete: returns it with the place behind it, or null at the end of the chunk. The caller says with
   * `body()` what follows.
   *
   * @throws Error for what is no HTTP/1.1
   */
  read(chunk: Buffer, start: number): { readonly head: HttpHead; readonly at: number } | null {
    let at = start;
    while (at < chunk.length) {
      if (this.#part === 'rest') return null;
      if (this.#part === 'body' || this.#part === 'chunk') {
        const size = Math.min(this.#left, chunk.length - at);
        at += size;
        this.#left -= size;
        if (this.#left === 0) this.#part = this.#part === 'chunk' ? 'size' : 'head';
        continue;
      }
      const head = this.#part === 'head';
      const text = this.#until(chunk, at, head ? '\r\n\r\n' : '\r\n');
      if (text === null) return null;
      at = text.at;
      if (head) return { head: parseHead(text.text), at };
      this.#line(text.text);
    }
    return null;
  }

  /** What follows the head that was read last. */
  body(kind: BodyKind): void {
    if (kind === 'chunked') this.#part = 'size';
    else if (kind === 'close') this.#part = 'rest';
    else if (kind > 0) {
      this.#part = 'body';
      this.#left = kind;
    }
  }

  /** The text up to a mark, which may have begun in a chunk before; null if the mark is still to come. */
  #until(chunk: Buffer, start: number, mark: string): { text: string; at: number } | null {
    const known = this.#held.length;
    const bytes =
      known === 0 ? chunk.subarray(start) : Buffer.concat([this.#held, chunk.subarray(start)]);
    const found = bytes.indexOf(mark, Math.max(0, known - mark.length), 'latin1');
    if (found < 0) {
      if (bytes.length > MOST_HEAD_BYTES) throw new Error('HTTP/1.1 with a head above 64 KiB');
      this.#held = Buffer.from(bytes);
      return null;
    }
    this.#held = NO_BYTES;
    return { text: bytes.toString('latin1', 0, found), at: start + found + mark.length - known };
  }

  #line(text: string): void {
    if (this.#part === 'trailer') {
      if (text === '') this.#part = 'head';
      return;
    }
    if (!/^[0-9a-f]{1,8}\s*(?:;|$)/i.test(text))
      throw new Error('HTTP/1.1 with a body that is no chunks');
    const size = Number.parseInt(text, 16);
    this.#part = size === 0 ? 'trailer' : 'chunk';
    this.#left = size + 2;
  }
}

/** How much body a message has, by its fields; `otherwise` if they do not say. */
export function bodyOf({ fields }: HttpHead, otherwise: BodyKind): BodyKind {
  if (/\bchunked\s*$/i.test(fields.get('transfer-encoding') ?? '')) return 'chunked';
  const length = fields.get('content-length');
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : otherwise;
}

function parseHead(text: string): HttpHead {
  const [line = '', ...rest] = text.split('\r\n');
  const fields = new Map<string, string>();
  for (const field of rest) {
    const at = field.indexOf(':');
    if (at <= 0) continue;
    const name = field.slice(0, at).trim().toLowerCase();
    const value = field.slice(at + 1).trim();
    const known = fields.get(name);
    fields.set(name, known === undefined ? value : `${known}, ${value}`);
  }
  return { line, fields };
}
