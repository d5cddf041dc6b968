import { dictionaryFor } from '../../compression/dictionaries.ts';
import { HeaderCompressor } from '../../compression/header-compressor.ts';
import { IndexedHeaderCompressor } from '../../compression/indexed-compressor.ts';
import { encodeHeaderBlock } from '../../framing/header-block.ts';
import { prepareHeaders } from '../../framing/header-list.ts';
import type { Header, HeaderList } from '../../protocol/frames.ts';
import { SECRET_FIELDS } from '../../protocol/secret-fields.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';
import type { ResolvedOptions } from '../options/options.ts';

/** What turns the prepared headers of a session, block after block, into bytes. */
export interface BlockCompressor {
  /** The next block; the result is valid until the next call on any compressor. */
  compress(headers: HeaderList): Buffer;
  /** Gives memory back, as far as a later block does not need it to be like the last one. */
  rest(): void;
}

/** The compressor that the options ask for. */
export function createCompressor(
  version: ProtocolVersion,
  options: ResolvedOptions,
): BlockCompressor {
  const { headerEncoding, compressionWindowBits: windowBits } = options;
  const dictionary = dictionaryFor(version.wire);
  if (options.headerCompression === 'indexed') {
    return new IndexedHeaderCompressor(dictionary, {
      lengthSize: version.headerLengthSize,
      windowBits,
      utf8: headerEncoding === 'utf8',
      sensitive: sensitiveNames(version, options.sensitiveHeaders),
    });
  }
  const deflate = new HeaderCompressor(dictionary, {
    level: options.compressionLevel,
    windowBits,
    memLevel: options.compressionMemLevel,
  });
  return {
    compress: (headers) => deflate.compress(encodeHeaderBlock(version, headers, headerEncoding)),
    rest: () => {},
  };
}

/** Most bytes that a block of so many plain ones can have, with some to spare. */
export function compressedBound(options: ResolvedOptions, plainLength: number): number {
  // The fixed Huffman codes need up to 9 bits a byte; stored blocks of the smallest memory level a little.
  return plainLength + (plainLength >>> (options.headerCompression === 'indexed' ? 3 : 5)) + 128;
}

/** Names as they stand on the wire. */
function sensitiveNames(version: ProtocolVersion, names: readonly string[]): ReadonlySet<string> {
  if (names.length === 0) return SECRET_FIELDS;
  const headers = names.map((name): Header => [name, '-']);
  const prepared = prepareHeaders(version, headers, 'latin1');
  return new Set([...SECRET_FIELDS, ...prepared.map(([name]) => name)]);
}
