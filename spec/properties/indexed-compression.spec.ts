import { expect } from 'chai';
import * as fc from 'fast-check';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { HeaderDecompressor } from '../../lib/compression/header-decompressor.ts';
import { IndexedHeaderCompressor } from '../../lib/compression/indexed-compressor.ts';
import { headerSequence, plainOf, SENSITIVE } from '../compression/header-sequences.ts';
import { InflateLog } from '../support/inflate-log.ts';
import { NativeInflater } from '../support/native-zlib.ts';
import { PakoInflater } from '../support/pako-zlib.ts';

/** How many sequences are tried. */
const { SPDYLAY_SEQUENCES = '300' } = process.env;
const SEQUENCES = Number(SPDYLAY_SEQUENCES);
const NO_LIMIT = 1 << 28;

const SEQUENCE = fc.record({
  wire: fc.constantFrom<(2 | 3)[]>(2, 3),
  windowBits: fc.integer({ min: 9, max: 15 }),
  utf8: fc.boolean(),
  seed: fc.nat(),
  blocks: fc.integer({ min: 1, max: 12 }),
});

function make(wire: 2 | 3, windowBits: number, utf8: boolean): IndexedHeaderCompressor {
  return new IndexedHeaderCompressor(dictionaryFor(wire), {
    lengthSize: wire === 2 ? 2 : 4,
    windowBits,
    utf8,
    sensitive: SENSITIVE,
  });
}

describe('properties: indexed compression', () => {
  it('native zlib, pako and our own inflater read every sequence of header lists (checklist 228, 229, 230, 237)', function () {
    this.timeout(Math.max(60_000, 10 * SEQUENCES));
    return fc.assert(
      fc.property(SEQUENCE, ({ wire, windowBits, utf8, seed, blocks }) => {
        const compressor = make(wire, windowBits, utf8);
        const native = new NativeInflater();
        const own = new HeaderDecompressor(dictionaryFor(wire));
        const pako = new PakoInflater(dictionaryFor(wire));
        for (const [i, list] of headerSequence(seed, blocks).entries()) {
          if (((seed >>> i) & 3) === 3) compressor.rest();
          const plain = plainOf(wire, list, utf8);
          const block = compressor.compress(list);
          expect(native.inflate(block).equals(plain)).to.equal(true);
          expect(pako.inflate(block).equals(plain)).to.equal(true);
          expect(own.push(block, 0, block.length, NO_LIMIT, NO_LIMIT)).to.equal(null);
          expect(own.block().equals(plain)).to.equal(true);
          own.reset();
          if (((seed >>> i) & 6) === 6) own.rest();
        }
      }),
      { numRuns: SEQUENCES },
    );
  });

  it('no match reaches beyond the window that the stream declares, however long it goes on', function () {
    this.timeout(Math.max(60_000, 10 * SEQUENCES));
    return fc.assert(
      fc.property(SEQUENCE, ({ wire, windowBits, utf8, seed, blocks }) => {
        const compressor = make(wire, windowBits, utf8);
        const log = new InflateLog(dictionaryFor(wire));
        for (const [i, list] of headerSequence(seed, 4 * blocks).entries()) {
          if (((seed >>> (i & 15)) & 3) === 3) compressor.rest();
          const { plain } = log.read(compressor.compress(list));
          expect(plain.equals(plainOf(wire, list, utf8))).to.equal(true);
        }
        expect(log.window).to.equal(2 ** windowBits);
      }),
      { numRuns: Math.ceil(SEQUENCES / 20) },
    );
  });
});
