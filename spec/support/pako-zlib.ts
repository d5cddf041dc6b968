import {
  Z_BUF_ERROR,
  Z_DEFAULT_STRATEGY,
  type Z_FlushMode,
  Z_NEED_DICT,
  Z_OK,
  Z_STREAM_END,
  type Z_Strategy,
  Z_SYNC_FLUSH,
  ZStream,
  zlibDeflate,
  zlibDeflateInit2,
  zlibDeflateSetDictionary,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateSetDictionary,
} from 'pako';

/*
 * pako as a stream, in both directions, as a judge of what the library writes and reads: it can be cut anywhere, which Node's own
 * zlib cannot without waiting.
 */

const DEFLATED = 8;
const ROOM = 4096;
/** All of them inflate into this one. */
const scratch = new Uint8Array(ROOM);

/** How a PakoDeflater compresses. */
export interface PakoOptions {
  readonly level: number;
  readonly windowBits: number;
  readonly memLevel: number;
  /** Default: zlib's. */
  readonly strategy?: Z_Strategy;
  /** None if null. */
  readonly dictionary: Uint8Array | null;
}

/** One zlib stream. */
export class PakoDeflater {
  readonly #stream: ZStream = new ZStream();

  constructor(options: PakoOptions) {
    const { level, windowBits, memLevel, strategy = Z_DEFAULT_STRATEGY, dictionary } = options;
    zlibDeflateInit2(this.#stream, level, DEFLATED, windowBits, memLevel, strategy, true);
    if (dictionary !== null) zlibDeflateSetDictionary(this.#stream, dictionary);
  }

  /** The next piece of the stream, ended by this kind of flush. */
  deflate(plain: Uint8Array, flush: Z_FlushMode = Z_SYNC_FLUSH): Buffer {
    const stream = this.#stream;
    stream.input = plain;
    stream.next_in = 0;
    stream.avail_in = plain.length;
    stream.output = new Uint8Array(2 * plain.length + 100);
    stream.next_out = 0;
    stream.avail_out = stream.output.length;
    zlibDeflate(stream, flush);
    return Buffer.from(stream.output.subarray(0, stream.next_out));
  }
}

/** Reads one zlib stream. */
export class PakoInflater {
  /** Why it cannot go on, in the words of the library; null if it can. */
  problem: string | null = null;
  readonly #stream: ZStream = new ZStream();
  readonly #dictionary: Uint8Array;

  constructor(dictionary: Uint8Array) {
    this.#dictionary = dictionary;
    zlibInflateInit2(this.#stream, 0);
  }

  /** What the next bytes of the stream become, up to a problem. */
  inflate(input: Uint8Array): Buffer {
    const stream = this.#stream;
    stream.input = input;
    stream.next_in = 0;
    stream.avail_in = input.length;
    const pieces: Buffer[] = [];
    do {
      stream.output = scratch;
      stream.next_out = 0;
      stream.avail_out = ROOM;
      this.problem ??= this.#problemOf(zlibInflate(stream, Z_SYNC_FLUSH));
      pieces.push(Buffer.from(scratch.subarray(0, stream.next_out)));
    } while (this.problem === null && (stream.avail_out === 0 || stream.avail_in > 0));
    return Buffer.concat(pieces);
  }

  #problemOf(status: number): string | null {
    const stream = this.#stream;
    if (status === Z_NEED_DICT) {
      return zlibInflateSetDictionary(stream, this.#dictionary) === Z_OK
        ? null
        : 'the peer compresses with another dictionary';
    }
    if (status === Z_STREAM_END || stream.msg === 'incorrect data check') {
      return 'the peer ended the zlib stream';
    }
    return status === Z_OK || status === Z_BUF_ERROR ? null : `zlib: ${stream.msg}`;
  }
}
