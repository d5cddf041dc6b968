import { expect } from 'chai';
import * as fc from 'fast-check';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { HeaderCompressor } from '../../lib/compression/header-compressor.ts';
import { HeaderDecompressor } from '../../lib/compression/header-decompressor.ts';
import { NativeDeflater, NativeInflater } from '../support/native-zlib.ts';

const NO_LIMIT = 1 << 28;
const WIRES = fc.constantFrom<(2 | 3)[]>(2, 3);
const OPTIONS = fc.record({
  level: fc.nat({ max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
});

/** Texts in which much repeats, and some noise; none is empty, as a block has at least its count. */
const PLAINS = fc.array(
  fc.oneof(
    fc
      .array(fc.constantFrom('accept', 'gzip,deflate', 'text/html', 'x', '\0\0\0\u0004', 'é'), {
        minLength: 1,
        maxLength: 300,
      })
      .map((words) => Buffer.from(words.join(''), 'latin1')),
    fc.uint8Array({ minLength: 1, maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  ),
  { maxLength: 10 },
);

describe('properties: compression', () => {
  it('native zlib reads every block as it comes (checklist 228, 229, 230, 237)', () => {
    return fc.assert(
      fc.property(WIRES, PLAINS, OPTIONS, (wire, plains, options) => {
        const compressor = new HeaderCompressor(dictionaryFor(wire), options);
        const inflater = new NativeInflater();
        for (const plain of plains) {
          expect(inflater.inflate(compressor.compress(plain)).equals(plain)).to.equal(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('every block of native zlib is read, in pieces, within limits (checklist 229, 235, 238)', () => {
    const limits = fc.nat({ max: 3000 });
    return fc.assert(
      fc.property(
        WIRES,
        PLAINS,
        OPTIONS,
        fc.array(fc.nat({ max: 1000 }), { minLength: 1 }),
        limits,
        (wire, plains, options, cuts, limit) => {
          const deflater = new NativeDeflater(wire, options);
          const decompressor = new HeaderDecompressor(dictionaryFor(wire));
          for (const plain of plains) {
            const block = deflater.deflate(plain);
            let at = 0;
            for (const cut of [...cuts.sort((a, b) => a - b), block.length]) {
              const end = Math.max(at, Math.min(cut, block.length));
              expect(decompressor.push(block, at, end, limit, NO_LIMIT)).to.equal(null);
              at = end;
            }
            expect(decompressor.length).to.equal(plain.length);
            expect(decompressor.block().equals(plain.subarray(0, limit))).to.equal(true);
            decompressor.reset();
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('random bytes never throw and stay within the limits (checklist 232, 239)', () => {
    const headers = fc.constantFrom('', '78bbe3c6a7c2', '789c', '3830e3c6a7c2', '78f9dfa251b2');
    return fc.assert(
      fc.property(
        headers,
        fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 5 }),
        fc.nat({ max: 500 }),
        fc.nat({ max: 2000 }),
        (head, chunks, limit, more) => {
          const hardLimit = limit + more;
          const decompressor = new HeaderDecompressor(dictionaryFor(3));
          for (const chunk of [Buffer.from(head, 'hex'), ...chunks]) {
            const problem = decompressor.push(chunk, 0, chunk.length, limit, hardLimit);
            expect(decompressor.length).to.be.at.most(hardLimit + 1);
            expect(decompressor.block().length).to.equal(Math.min(limit, decompressor.length));
            if (decompressor.length > hardLimit) expect(problem).to.be.a('string');
            if (problem !== null) break;
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
