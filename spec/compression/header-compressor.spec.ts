import { expect } from 'chai';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import {
  type CompressionOptions,
  HeaderCompressor,
} from '../../lib/compression/header-compressor.ts';
import { ZlibError } from '../../lib/errors.ts';
import { plainBlocks, randomBytes } from './blocks.ts';
import { nativeInflate } from './native-stream.ts';

const SMALL: CompressionOptions = { level: 9, windowBits: 11, memLevel: 1 };

/** The compressed blocks, each copied out of the scratch. */
function compressAll(compressor: HeaderCompressor, plains: readonly Uint8Array[]): Buffer[] {
  return plains.map((plain) => Buffer.from(compressor.compress(plain)));
}

describe('compression/header-compressor', () => {
  it('starts each stream with the dictionary of its version (checklist 225, 226)', () => {
    for (const [wire, id] of [
      [2, 'dfa251b2'],
      [3, 'e3c6a7c2'],
    ] as const) {
      const compressor = new HeaderCompressor(dictionaryFor(wire), SMALL);
      const [first, second] = compressAll(compressor, plainBlocks(2));
      expect(first?.toString('hex', 0, 6)).to.equal(`38ea${id}`);
      expect(second?.toString('hex')).to.not.contain(id);
    }
  });

  it('ends each block with a sync flush (checklist 229)', () => {
    const compressor = new HeaderCompressor(dictionaryFor(3), SMALL);
    for (const block of compressAll(compressor, plainBlocks(20))) {
      expect(block.toString('hex').slice(-8)).to.equal('0000ffff');
    }
  });

  for (const windowBits of [9, 10, 11, 12, 13, 14, 15]) {
    it(`is understood by zlib at every level with 2^${windowBits} bytes of window (checklist 228, 229, 230, 240)`, async () => {
      const plains = plainBlocks(20);
      for (const level of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
        for (const memLevel of [1, 9]) {
          const compressor = new HeaderCompressor(dictionaryFor(3), {
            level,
            windowBits,
            memLevel,
          });
          const blocks = compressAll(compressor, plains);
          const native = await nativeInflate(blocks, { dictionary: dictionaryFor(3), windowBits });
          expect(native).to.deep.equal(plains);
        }
      }
    });
  }

  it('compresses blocks of any size, incompressible ones too', async () => {
    const plains = [1, 100, 8159, 8160, 8161, 16384, 70_000, 300_000, 10].map(randomBytes);
    for (const level of [0, 1, 9]) {
      for (const memLevel of [1, 8]) {
        const options = { level, windowBits: 11, memLevel };
        const blocks = compressAll(new HeaderCompressor(dictionaryFor(2), options), plains);
        const native = await nativeInflate(blocks, { dictionary: dictionaryFor(2) });
        expect(native).to.deep.equal(plains);
        blocks.forEach((block, index) => {
          const length = plains[index]?.length ?? 0;
          expect(block.length).to.be.at.most(length + (length >> 3) + 32);
        });
      }
    }
  });

  it('stores at level 0, in the same format (checklist 240)', () => {
    const compressor = new HeaderCompressor(dictionaryFor(3), { ...SMALL, level: 0 });
    const secret = Buffer.from('a secret that is repeated');
    for (let i = 0; i < 2; i++) {
      expect(compressor.compress(secret).includes(secret)).to.equal(true);
    }
  });

  it('lets compressors share the scratch, each with a stream of its own', async () => {
    const plains = plainBlocks(20);
    const a = new HeaderCompressor(dictionaryFor(3), SMALL);
    const b = new HeaderCompressor(dictionaryFor(2), { ...SMALL, level: 1 });
    const blocksA: Buffer[] = [];
    const blocksB: Buffer[] = [];
    for (const plain of plains) {
      blocksA.push(Buffer.from(a.compress(plain)));
      blocksB.push(Buffer.from(b.compress(plain)));
    }
    expect(await nativeInflate(blocksA, { dictionary: dictionaryFor(3) })).to.deep.equal(plains);
    expect(await nativeInflate(blocksB, { dictionary: dictionaryFor(2) })).to.deep.equal(plains);
  });

  it('takes no memory for zlib before the first block', () => {
    const before = process.memoryUsage().arrayBuffers;
    const compressors = Array.from(
      { length: 1000 },
      () => new HeaderCompressor(dictionaryFor(3), { level: 9, windowBits: 15, memLevel: 8 }),
    );
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(100_000);
    expect(compressors).to.have.length(1000);
  });

  it('throws ZlibError for options that zlib does not take', () => {
    for (const wrong of [{ level: 42 }, { windowBits: 16 }, { memLevel: 0 }]) {
      const compressor = new HeaderCompressor(dictionaryFor(3), { ...SMALL, ...wrong });
      expect(() => compressor.compress(Buffer.from('x')))
        .to.throw(ZlibError, 'deflate failed with -2')
        .with.property('code', 'ERR_SPDY_ZLIB');
    }
  });
});
