import type { DataSource, ReadCtrl } from '../../lib/engine/data-provider.ts';
import { TemporalCallbackFailureError } from '../../lib/errors.ts';
import { ERR_DEFERRED, READ_EOF } from '../../lib/protocol/constants.ts';

/** What a TestProvider does; the `provider` object of the golden scenarios. */
export interface TestProviderOptions {
  /** How many bytes it delivers. Default 0. */
  readonly bytes?: number;
  /** True: the end is flagged with the last bytes; false: by an extra empty read. Default true. */
  readonly eofWithLast?: boolean;
  /** At each of these offsets it answers `ERR_DEFERRED` once. */
  readonly deferAt?: readonly number[];
  /** From this offset on it fails. */
  readonly failAt?: number;
  /** Whether it fails for its stream or for the session. Default `'stream'`. */
  readonly fail?: 'stream' | 'session';
  /** Most bytes that one read gives, however many are asked for. */
  readonly perRead?: number;
  /** Gives nothing and never ends. */
  readonly emptyForever?: boolean;
  /** Returns one byte more than it was asked for. */
  readonly tooMuch?: boolean;
  /** An object without `readCb`: what Spdylay takes as "no data". See `testProvider()`. */
  readonly noReadCallback?: boolean;
}

/** Byte `offset` of every TestProvider is `offset` mod 251. */
export function patternBytes(length: number, offset = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = (offset + index) % 251;
  return bytes;
}

/** A DataSource with scripted behaviour and predictable bytes. */
export class TestProvider implements DataSource<undefined> {
  /** The stream that read first, 0 before. */
  streamId = 0;
  /** How many bytes were handed out. */
  delivered = 0;
  /** How many times it was asked. */
  reads = 0;
  readonly #options: TestProviderOptions;
  readonly #length: number;
  readonly #deferAt: Set<number>;

  constructor(options: TestProviderOptions) {
    this.#options = options;
    this.#length = options.bytes ?? 0;
    this.#deferAt = new Set(options.deferAt);
  }

  /** How many bytes it will deliver in all. */
  get length(): number {
    return this.#length;
  }

  /** True once all bytes are out: what is left is at most an empty read with the end flag. */
  get ended(): boolean {
    const { emptyForever, failAt } = this.#options;
    return this.delivered >= this.#length && !emptyForever && failAt === undefined;
  }

  readCb(streamId: number, length: number, control: ReadCtrl): Uint8Array | typeof ERR_DEFERRED {
    const options = this.#options;
    this.streamId ||= streamId;
    this.reads++;
    if (this.#deferAt.delete(this.delivered)) return ERR_DEFERRED;
    if (options.failAt !== undefined && this.delivered >= options.failAt) {
      if (options.fail === 'session') throw new Error('the test provider fails');
      throw new TemporalCallbackFailureError('the test provider fails for its stream');
    }
    if (options.emptyForever) return Buffer.alloc(0);
    if (options.tooMuch) return patternBytes(length + 1);
    const most = Math.min(length, options.perRead ?? length, this.#untilNextStop());
    const from = this.delivered;
    this.delivered += most;
    const allOut = this.delivered >= this.#length;
    if (allOut && (options.eofWithLast !== false || most === 0)) control.flags |= READ_EOF;
    return patternBytes(most, from);
  }

  /** Bytes up to the end, or to the next offset at which something happens. */
  #untilNextStop(): number {
    let end = this.#length;
    for (const offset of [...this.#deferAt, this.#options.failAt ?? end]) {
      if (offset > this.delivered) end = Math.min(end, offset);
    }
    return end - this.delivered;
  }
}

/** A DataSource of exactly these bytes; the end is flagged with the last of them. */
export function bytesProvider(bytes: Uint8Array): DataSource {
  let at = 0;
  return {
    get ended(): boolean {
      return at === bytes.length;
    },
    readCb(_streamId, length, control): Uint8Array {
      const piece = bytes.subarray(at, at + length);
      at += piece.length;
      if (at === bytes.length) control.flags |= READ_EOF;
      return piece;
    },
  };
}

/** The provider that a description asks for: null for null, an object without `readCb` for `noReadCallback`. */
export function testProvider(options: TestProviderOptions | null): DataSource | null {
  if (options === null) return null;
  if (options.noReadCallback) return {} as DataSource;
  return new TestProvider(options);
}
