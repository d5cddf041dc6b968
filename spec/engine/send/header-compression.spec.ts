import { expect } from 'chai';
import { type EngineOptions, resolveOptions } from '../../../lib/engine/options/options.ts';
import {
  type BlockCompressor,
  compressedBound,
  createCompressor,
} from '../../../lib/engine/send/header-compression.ts';
import { encodeHeaderBlock } from '../../../lib/framing/header-block.ts';
import { prepareHeaders } from '../../../lib/framing/header-list.ts';
import { CLIENT, SERVER } from '../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import {
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  SPDY2,
  SPDY3_1,
} from '../../../lib/protocol/version.ts';
import { NativeInflater } from '../../support/native-zlib.ts';

const HEADERS: HeaderList = [
  [':method', 'GET'],
  [':path', '/account'],
  ['cookie', 'id=5d1c0a9e77f2'],
  ['x-key', 'caf\u00e9 5d1c0a9e77f2'],
];

const OPTIONS: readonly EngineOptions[] = [
  {},
  { headerEncoding: 'utf8' },
  { headerCompression: 'deflate' },
  { headerCompression: 'deflate', headerEncoding: 'utf8' },
  { compressionLevel: 5, compressionWindowBits: 15, compressionMemLevel: 9 },
  { compressionWindowBits: 9 },
];

function make(version: ProtocolVersion, options: EngineOptions = {}): BlockCompressor {
  return createCompressor(version, resolveOptions(CLIENT, options));
}

/** Bytes of the block that comes when a header has another value than before. */
function sizeWith(
  version: ProtocolVersion,
  options: EngineOptions,
  name: string,
  value: string,
): number {
  const prepared = (list: HeaderList): HeaderList => prepareHeaders(version, list, 'latin1');
  const compressor = make(version, options);
  compressor.compress(prepared(HEADERS));
  const list = HEADERS.map((header): [string, string] => [
    header[0],
    header[0] === name ? value : header[1],
  ]);
  return compressor.compress(prepared(list)).length;
}

describe('engine/send/header-compression', () => {
  for (const version of PROTOCOL_VERSIONS) {
    it(`${version.name}: each kind is read by native zlib (checklist 225, 226, 228)`, () => {
      const headers = prepareHeaders(version, HEADERS, 'latin1');
      for (const options of OPTIONS) {
        const { headerEncoding } = resolveOptions(CLIENT, options);
        const plain = Buffer.from(encodeHeaderBlock(version, headers, headerEncoding));
        const compressor = make(version, options);
        const inflater = new NativeInflater();
        for (let i = 0; i < 3; i++) {
          expect(inflater.inflate(compressor.compress(headers)).equals(plain)).to.equal(true);
        }
      }
    });

    it(`${version.name}: a guess that begins right makes no block shorter, nor in a header that was named (CRIME)`, () => {
      const named = { sensitiveHeaders: ['X-Key', ':path'] };
      for (const [options, name, right, wrong] of [
        [{}, 'cookie', 'id=5d1c0a9e----', 'id-------------'],
        [named, 'x-key', 'caf\u00e9 5d1c0a9e----', 'caf\u00e9-------------'],
        [named, ':path', '/accou--', '--------'],
        [named, 'cookie', 'id=5d1c0a9e----', 'id-------------'],
      ] as const) {
        expect(sizeWith(version, options, name, right)).to.equal(
          sizeWith(version, options, name, wrong),
        );
      }
      const path = (value: string): number => sizeWith(version, {}, ':path', value);
      expect(path('/accou--')).to.be.below(path('--------'));
    });
  }

  it('a block that returns is short at both sides by default, and stored at a client of deflate', () => {
    const size = (side: 1 | 2, options: EngineOptions): number => {
      const compressor = createCompressor(SPDY3_1, resolveOptions(side, options));
      compressor.compress(HEADERS);
      return compressor.compress(HEADERS).length;
    };
    const plain = encodeHeaderBlock(SPDY3_1, HEADERS, 'latin1').length;
    for (const side of [CLIENT, SERVER]) expect(size(side, {})).to.be.below(10);
    expect(size(SERVER, { headerCompression: 'deflate' })).to.be.below(20);
    expect(size(CLIENT, { headerCompression: 'deflate' })).to.be.above(plain);
  });

  it('no block is longer than foreseen', () => {
    for (const length of [1, 1000, 65_000]) {
      const headers: HeaderList = [['x', '\u00e9'.repeat(length)]];
      for (const version of [SPDY2, SPDY3_1]) {
        const plain = encodeHeaderBlock(version, headers, 'latin1').length;
        for (const options of [{}, { compressionLevel: 0 }, { compressionLevel: 9 }]) {
          const bound = compressedBound(resolveOptions(SERVER, options), plain);
          expect(make(version, options).compress(headers).length).to.be.at.most(bound);
        }
      }
    }
  });
});
