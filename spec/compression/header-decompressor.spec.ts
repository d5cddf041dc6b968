import { constants, deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { HeaderCompressor } from '../../lib/compression/header-compressor.ts';
import { HeaderDecompressor } from '../../lib/compression/header-decompressor.ts';
import type { HeaderInflater } from '../../lib/framing/header-inflater.ts';
import { createRandom } from '../support/shred.ts';
import { plainBlocks, randomBytes } from './blocks.ts';
import { type NativeOptions, nativeDeflate } from './native-stream.ts';

const NO_LIMIT = 1 << 28;
const DICTIONARY = dictionaryFor(3);

function make(): HeaderInflater {
  return new HeaderDecompressor(DICTIONARY);
}

/** Inflates one block that must be good. */
function inflate(inflater: HeaderInflater, block: Uint8Array): Buffer {
  expect(inflater.push(block, 0, block.length, NO_LIMIT, NO_LIMIT)).to.equal(null);
  const plain = Buffer.from(inflater.block());
  expect(plain.length).to.equal(inflater.length);
  inflater.reset();
  return plain;
}

/** What the first block of a stream fails with. */
function failure(block: Uint8Array): string | null {
  return make().push(block, 0, block.length, NO_LIMIT, NO_LIMIT);
}

async function expectRoundTrip(plains: readonly Buffer[], options: NativeOptions): Promise<void> {
  const blocks = await nativeDeflate(plains, options);
  const inflater = make();
  expect(blocks.map((block) => inflate(inflater, block))).to.deep.equal(plains);
}

describe('compression/header-decompressor', () => {
  for (const windowBits of [8, 9, 10, 11, 12, 13, 14, 15]) {
    it(`reads zlib of every level with 2^${windowBits} bytes of window (checklist 228, 229, 235)`, async () => {
      const plains = plainBlocks(20);
      for (const level of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
        for (const memLevel of [1, 9]) {
          await expectRoundTrip(plains, { level, windowBits, memLevel, dictionary: DICTIONARY });
        }
      }
    });
  }

  it('reads every strategy', async () => {
    const { Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;
    for (const strategy of [Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE]) {
      await expectRoundTrip(plainBlocks(20), { strategy, dictionary: DICTIONARY });
    }
  });

  it('reads blocks that end with a full or partial flush (checklist 236)', async () => {
    for (const flushKind of [constants.Z_FULL_FLUSH, constants.Z_PARTIAL_FLUSH]) {
      await expectRoundTrip(plainBlocks(20), { flushKind, dictionary: DICTIONARY });
    }
  });

  it('reads a stream without preset dictionary (checklist 234)', async () => {
    await expectRoundTrip(plainBlocks(20), {});
  });

  it('reads what HeaderCompressor wrote, with both dictionaries (checklist 225, 226, 227)', () => {
    for (const wire of [2, 3] as const) {
      const dictionary = dictionaryFor(wire);
      const options = { level: 9, windowBits: 11, memLevel: 1 };
      const compressor = new HeaderCompressor(dictionary, options);
      const inflater = new HeaderDecompressor(dictionary);
      for (const plain of plainBlocks(50)) {
        expect(inflate(inflater, Buffer.from(compressor.compress(plain)))).to.deep.equal(plain);
      }
    }
  });

  it('takes a block in pieces, cut anywhere, inside larger chunks', async () => {
    const random = createRandom(11);
    const plains = [...plainBlocks(40), randomBytes(50_000)];
    const blocks = await nativeDeflate(plains, { dictionary: DICTIONARY });
    const inflater = make();
    const inflated = blocks.map((block) => {
      const chunk = Buffer.concat([Buffer.alloc(3, 0xee), block, Buffer.alloc(5, 0xee)]);
      for (let at = 0; at < block.length; ) {
        const end = Math.min(block.length, at + random.integer(0, 1 + (block.length >> 3)));
        expect(inflater.push(chunk, 3 + at, 3 + end, NO_LIMIT, NO_LIMIT)).to.equal(null);
        if (random.integer(0, 3) === 0) inflater.block();
        at = end;
      }
      const plain = Buffer.from(inflater.block());
      inflater.reset();
      return plain;
    });
    expect(inflated).to.deep.equal(plains);
  });

  it('keeps the pieces of an unfinished block while others inflate', async () => {
    const plains = [randomBytes(300), Buffer.from('text '.repeat(8000)), randomBytes(40_000)];
    const sessions = await Promise.all(
      plains.map(async (plain) => {
        const [block] = await nativeDeflate([plain], { dictionary: DICTIONARY });
        return { inflater: make(), block: block as Buffer, at: 0 };
      }),
    );
    for (let busy = true; busy; ) {
      busy = false;
      for (const session of sessions) {
        const { inflater, block, at } = session;
        if (at >= block.length) continue;
        busy = true;
        session.at = Math.min(block.length, at + 1 + (block.length >> 4));
        expect(inflater.push(block, at, session.at, NO_LIMIT, NO_LIMIT)).to.equal(null);
      }
    }
    // The last one to push has the scratch; the others must have moved away.
    const [third, second, first] = [...sessions].reverse();
    for (const [session, plain] of [
      [first, plains[0]],
      [third, plains[2]],
      [second, plains[1]],
    ] as const) {
      expect(Buffer.from((session as { inflater: HeaderInflater }).inflater.block())).to.deep.equal(
        plain,
      );
    }
  });

  it('keeps long blocks apart that come at once, behind one that has ended', async () => {
    const plains = [randomBytes(40_000), randomBytes(60_000), randomBytes(50_000)];
    const sessions = await Promise.all(
      plains.map(async (plain) => {
        const [block] = await nativeDeflate([plain], { dictionary: DICTIONARY });
        return { plain, inflater: make(), block: block as Buffer };
      }),
    );
    const [before, ...atOnce] = sessions as [(typeof sessions)[0], ...typeof sessions];
    expect(inflate(before.inflater, before.block)).to.deep.equal(before.plain);
    for (const part of [0, 1, 2]) {
      for (const { inflater, block } of atOnce) {
        const [start, end] = [part, part + 1].map((at) => Math.floor((at * block.length) / 3));
        const problem = inflater.push(block, start as number, end as number, NO_LIMIT, NO_LIMIT);
        expect(problem).to.equal(null);
      }
    }
    for (const { inflater, plain } of atOnce)
      expect(Buffer.from(inflater.block())).to.deep.equal(plain);
    for (const { inflater } of atOnce) inflater.reset();
  });

  it('keeps the scratch when an idle session is reset', async () => {
    const plains = plainBlocks(1);
    const [block] = (await nativeDeflate(plains, { dictionary: DICTIONARY })) as [Buffer];
    const busy = make();
    busy.push(block, 0, block.length, NO_LIMIT, NO_LIMIT);
    make().reset();
    expect(Buffer.from(busy.block())).to.deep.equal(plains[0]);
  });

  it('takes an empty push for nothing', () => {
    const inflater = make();
    expect(inflater.block()).to.have.length(0);
    expect(inflater.push(Buffer.alloc(0), 0, 0, 100, 100)).to.equal(null);
    expect(inflater.length).to.equal(0);
    expect(inflater.block()).to.have.length(0);
  });

  it('keeps up to the limit, drops the rest, and reads the next block (checklist 238)', async () => {
    for (const limit of [0, 1, 100, 16383, 16384, 16385, 40_000]) {
      for (const over of [0, 1, 20_000, 100_000]) {
        const plain = randomBytes(limit + over);
        const plains = [plain, Buffer.from('next')];
        const [block, next] = (await nativeDeflate(plains, { dictionary: DICTIONARY })) as [
          Buffer,
          Buffer,
        ];
        const inflater = make();
        const half = block.length >> 1;
        expect(inflater.push(block, 0, half, limit, NO_LIMIT)).to.equal(null);
        expect(inflater.push(block, half, block.length, limit, NO_LIMIT)).to.equal(null);
        expect(inflater.length).to.equal(limit + over);
        expect(Buffer.from(inflater.block())).to.deep.equal(plain.subarray(0, limit));
        inflater.reset();
        expect(inflate(inflater, next)).to.deep.equal(plains[1]);
      }
    }
  });

  it('stops at the hard limit exactly (checklist 239)', async () => {
    for (const hardLimit of [0, 1, 16384, 20_000]) {
      for (const over of [0, 1, 100_000]) {
        const [block] = (await nativeDeflate([Buffer.alloc(hardLimit + over)], {
          dictionary: DICTIONARY,
        })) as [Buffer];
        const inflater = make();
        const problem = inflater.push(block, 0, block.length, hardLimit >> 1, hardLimit);
        if (over === 0) expect(problem).to.equal(null);
        else expect(problem).to.match(new RegExp(`more than ${hardLimit} bytes`));
        expect(inflater.length).to.equal(hardLimit + Math.min(over, 1));
      }
    }
  });

  it('survives a decompression bomb: it stops inflating at the limit (checklist 239)', async () => {
    const [bomb] = (await nativeDeflate([Buffer.alloc(64 << 20)], {
      dictionary: DICTIONARY,
    })) as [Buffer];
    expect(bomb.length).to.be.below(70_000);
    const inflater = make();
    const before = process.memoryUsage();
    expect(inflater.push(bomb, 0, bomb.length, 65536, 1 << 20)).to.match(/more than 1048576 bytes/);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).to.be.below(500_000);
    expect(inflater.block()).to.have.length(65536);
  });

  it('refuses a wrong dictionary (checklist 231)', async () => {
    for (const dictionary of [dictionaryFor(2), Buffer.from('another'), DICTIONARY.slice(1)]) {
      const [block] = (await nativeDeflate(plainBlocks(1), { dictionary })) as [Buffer];
      expect(failure(block)).to.equal('the peer compresses with another dictionary');
    }
  });

  it('refuses the end of the zlib stream (checklist 233)', async () => {
    const whole = deflateSync(Buffer.from('text'), { dictionary: Buffer.from(DICTIONARY) });
    expect(failure(whole)).to.equal('the peer ended the zlib stream');
    expect(failure(deflateSync(Buffer.from('text')))).to.equal('the peer ended the zlib stream');
  });

  it('refuses corrupt data, and says what is wrong (checklist 232)', () => {
    expect(failure(Buffer.alloc(20))).to.equal('zlib: unknown compression method');
    expect(failure(Buffer.alloc(20, 0xff))).to.equal('zlib: incorrect header check');
    expect(failure(gzipSync(Buffer.from('text')))).to.equal('zlib: incorrect header check');
    expect(failure(Buffer.from('780107', 'hex'))).to.equal('zlib: invalid block type');
  });

  it('goes on failing after a failure', () => {
    const inflater = make();
    const wrong = Buffer.alloc(20);
    for (let i = 0; i < 3; i++) {
      expect(inflater.push(wrong, 0, 20, NO_LIMIT, NO_LIMIT)).to.match(/zlib/);
      inflater.reset();
    }
  });

  it('takes no memory for zlib before the first block', () => {
    const before = process.memoryUsage().arrayBuffers;
    const inflaters = Array.from({ length: 1000 }, make);
    for (const inflater of inflaters) inflater.reset();
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(100_000);
  });

  it('needs no memory per block when one chunk holds it', async () => {
    const plains = plainBlocks(30);
    const blocks = await nativeDeflate(plains, { windowBits: 11, dictionary: DICTIONARY });
    const inflater = make();
    const memory = new Set<unknown>();
    for (const block of blocks) {
      inflater.push(block, 0, block.length, NO_LIMIT, NO_LIMIT);
      memory.add(inflater.block().buffer);
      inflater.reset();
    }
    expect(memory.size).to.equal(1);
  });
});
