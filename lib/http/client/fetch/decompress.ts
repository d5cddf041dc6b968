import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import zlib from 'node:zlib';

/** Content codings that are undone here. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

/** More codings than these on one body are no honest use. */
const MAX_CODINGS = 5;

/** What ends early is delivered as far as it goes, as browsers do. */
const ZLIB_OPTIONS: zlib.ZlibOptions = {
  flush: zlib.constants.Z_SYNC_FLUSH,
  finishFlush: zlib.constants.Z_SYNC_FLUSH,
};
const BROTLI_OPTIONS: zlib.BrotliOptions = {
  flush: zlib.constants.BROTLI_OPERATION_FLUSH,
  finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
};

/**
 * Undoes the codings that `content-encoding` names, the last one first. Null when there is nothing to undo, or one of them is unknown:
 * the body stays as it is then.
 *
 * @throws TypeError for a field that names more than five codings
 */
export function decompress(body: Readable, contentEncoding: string | undefined): Readable | null {
  const codings = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > MAX_CODINGS) {
    throw new TypeError(`more than ${MAX_CODINGS} codings in content-encoding`);
  }
  const decoders: Transform[] = [];
  for (const coding of codings.reverse()) {
    const decoder = decoderOf(coding);
    if (decoder === null) return null;
    decoders.push(decoder);
  }
  const last = decoders.at(-1);
  if (last === undefined) return null;
  // Errors go along to the last stream, and its end back to the body.
  pipeline([body, ...decoders], () => {});
  return last;
}

function decoderOf(coding: string): Transform | null {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip(ZLIB_OPTIONS);
    case 'deflate':
      return new Inflate();
    case 'br':
      return zlib.createBrotliDecompress(BROTLI_OPTIONS);
    default:
      return null;
  }
}

/** `deflate` means zlib data, but some servers send raw deflate data: the first byte tells. */
class Inflate extends Transform {
  #inner: Transform | null = null;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (chunk.length === 0) {
      done();
      return;
    }
    this.#inner ??= this.#begin((chunk[0] as number) & 0x0f);
    this.#inner.write(chunk, done);
  }

  override _read(size: number): void {
    this.#inner?.resume();
    super._read(size);
  }

  override _flush(done: TransformCallback): void {
    if (this.#inner === null) {
      done();
      return;
    }
    this.#inner.once('end', done);
    this.#inner.end();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#inner?.destroy();
    done(error);
  }

  #begin(method: number): Transform {
    const zlibMethod = 8;
    const inner =
      method === zlibMethod
        ? zlib.createInflate(ZLIB_OPTIONS)
        : zlib.createInflateRaw(ZLIB_OPTIONS);
    inner.on('data', (piece) => {
      if (!this.push(piece)) inner.pause();
    });
    inner.on('error', (error) => this.destroy(error));
    return inner;
  }
}
