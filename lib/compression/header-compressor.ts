import {
  Z_DEFAULT_STRATEGY,
  Z_OK,
  Z_SYNC_FLUSH,
  ZStream,
  zlibDeflate,
  zlibDeflateInit2,
  zlibDeflateSetDictionary,
} from 'pako';
import { ZlibError } from '../errors.ts';

/** Parameters of zlib's deflate. */
export interface CompressionOptions {
  /** 0 (stored only, safe against CRIME) to 9 (best). */
  readonly level: number;
  /** Window of 2^n bytes, 9 to 15; the peer needs as much memory. */
  readonly windowBits: number;
  /** 1 (least memory) to 9. */
  readonly memLevel: number;
}

/** zlib's only compression method. */
const DEFLATED = 8;
/** Classic hash chains; the other kind takes 64 KiB at any memLevel. */
const LEGACY_HASH = true;

const SCRATCH_SIZE = 16384;
const NO_BYTES = new Uint8Array(0);

/** All compressors write here: each call is synchronous and its result is copied before the next one. */
const scratch = Buffer.allocUnsafeSlow(SCRATCH_SIZE);

/** The one deflate stream of a session's outgoing header blocks (SPDY/3 2.6.10.1). */
export class HeaderCompressor {
  readonly #dictionary: Uint8Array;
  readonly #options: CompressionOptions;
  #stream: ZStream | null = null;

  /** Takes memory for zlib only when the first block comes. */
  constructor(dictionary: Uint8Array, options: CompressionOptions) {
    this.#dictionary = dictionary;
    this.#options = options;
  }

  /**
   * Compresses the next block, up to a sync flush. `plain` is never empty: it has its count at least. Blocks must
   * leave in the order of these calls, all of them.
   * The result is valid until the next call on any compressor. Throws ZlibError.
   */
  compress(plain: Uint8Array): Buffer {
    this.#stream ??= open(this.#dictionary, this.#options);
    const stream = this.#stream;
    // Deflate adds at most an eighth, and a few bytes for the header and the flush: the room always suffices.
    const room = 2 * plain.length + 64;
    const output = room <= SCRATCH_SIZE ? scratch : Buffer.allocUnsafeSlow(room);
    stream.input = plain;
    stream.next_in = 0;
    stream.avail_in = plain.length;
    stream.output = output;
    stream.next_out = 0;
    stream.avail_out = output.length;
    check(zlibDeflate(stream, Z_SYNC_FLUSH), stream);
    stream.input = NO_BYTES;
    stream.output = scratch;
    return output.subarray(0, stream.next_out);
  }
}

function open(dictionary: Uint8Array, options: CompressionOptions): ZStream {
  const { level, windowBits, memLevel } = options;
  const stream = new ZStream();
  check(
    zlibDeflateInit2(
      stream,
      level,
      DEFLATED,
      windowBits,
      memLevel,
      Z_DEFAULT_STRATEGY,
      LEGACY_HASH,
    ),
    stream,
  );
  check(zlibDeflateSetDictionary(stream, dictionary), stream);
  return stream;
}

function check(status: number, stream: ZStream): void {
  if (status !== Z_OK) throw new ZlibError(`deflate failed with ${status} (${stream.msg})`);
}
