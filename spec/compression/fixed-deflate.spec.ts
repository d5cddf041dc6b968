import { constants, inflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import { FixedDeflateWriter } from '../../lib/compression/fixed-deflate.ts';
import { InflateLog, type InflateStep } from '../support/inflate-log.ts';
import { createRandom } from '../support/shred.ts';

/** zlib header with a window of 32 KiB and a dictionary without name. */
const HEAD = Buffer.from('782000000000', 'hex');
HEAD[1] = 0x20 + (31 - ((0x78 * 256 + 0x20) % 31));

/** 32 KiB without pattern, to which matches can refer. */
const random = createRandom(7);
const HISTORY: Buffer = Buffer.from(Array.from({ length: 32768 }, () => random.integer(0, 255)));

/** What a block of the calls that `write` makes consists of. */
function stepsOf(write: (writer: FixedDeflateWriter) => void): readonly InflateStep[] {
  const writer = new FixedDeflateWriter();
  writer.begin(HEAD);
  writer.reserve(4096);
  write(writer);
  return new InflateLog(HISTORY).read(writer.end()).steps;
}

/** What native zlib makes of such a block behind the history. */
function nativeText(write: (writer: FixedDeflateWriter) => void): Buffer {
  const writer = new FixedDeflateWriter();
  writer.begin(null);
  write(writer);
  return inflateRawSync(writer.end(), {
    finishFlush: constants.Z_SYNC_FLUSH,
    dictionary: HISTORY,
  });
}

describe('compression/fixed-deflate', () => {
  it('writes every byte as a literal', () => {
    const text = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');
    const write = (writer: FixedDeflateWriter): void => {
      writer.reserve(256);
      writer.literals(text, 0, 256);
    };
    expect(nativeText(write).toString('latin1')).to.equal(text);
    expect(stepsOf(write)).to.deep.equal(
      Array.from({ length: 256 }, (_, literal) => ({ literal })),
    );
  });

  it('writes every length', () => {
    for (let length = 3; length <= 258; length++) {
      const write = (writer: FixedDeflateWriter): void => {
        writer.match(1000, length);
      };
      expect(stepsOf(write)).to.deep.equal([{ length, distance: 1000 }]);
      const from = HISTORY.length - 1000;
      expect(nativeText(write).equals(HISTORY.subarray(from, from + length))).to.equal(true);
    }
  });

  it('writes every kind of distance', () => {
    for (let power = 0; power <= 15; power++) {
      for (const add of [-1, 0, 1, (2 ** power) >> 1]) {
        const distance = 2 ** power + add;
        if (distance < 1 || distance > 32768) continue;
        const steps = stepsOf((writer) => writer.match(distance, 5));
        expect(steps).to.deep.equal([{ length: 5, distance }]);
      }
    }
  });

  it('splits a long match so that no piece is too short', () => {
    for (const length of [259, 260, 261, 262, 516, 517, 518, 519, 30_000]) {
      const steps = stepsOf((writer) => writer.match(32768, length));
      let sum = 0;
      for (const step of steps) if ('length' in step) sum += step.length;
      expect(sum).to.equal(length);
      expect(steps).to.have.length(Math.ceil(length / 258));
    }
  });

  it('joins matches at the same distance, unless something stands between them', () => {
    const steps = stepsOf((writer) => {
      writer.match(100, 10);
      expect(writer.continues(100)).to.equal(true);
      expect(writer.continues(101)).to.equal(false);
      writer.match(100, 1);
      writer.match(50, 10);
      writer.literals('ab', 1, 2);
      expect(writer.continues(50)).to.equal(false);
      writer.match(50, 10);
      writer.literals('ab', 1, 1);
      writer.match(50, 10);
    });
    expect(steps).to.deep.equal([
      { length: 11, distance: 100 },
      { length: 10, distance: 50 },
      { literal: 0x62 },
      { length: 20, distance: 50 },
    ]);
  });

  it('leaves it to what follows whether a short tail is a match', () => {
    const steps = stepsOf((writer) => {
      writer.tail(100, 'xyz', 2);
      writer.match(100, 8);
      writer.tail(100, 'xyz', 3);
      writer.tail(90, 'abc', 3);
      writer.tail(80, 'vwxyz', 4);
      writer.match(70, 5);
      writer.tail(60, 'c', 1);
    });
    expect(steps).to.deep.equal([
      { length: 13, distance: 100 },
      { literal: 0x61 },
      { literal: 0x62 },
      { literal: 0x63 },
      { length: 4, distance: 80 },
      { length: 5, distance: 70 },
      { literal: 0x63 },
    ]);
  });

  it('ends the block with a sync flush wherever its bits end', () => {
    for (let literals = 0; literals < 20; literals++) {
      const write = (writer: FixedDeflateWriter): void =>
        writer.literals('\xff'.repeat(20), 0, literals);
      expect(nativeText(write)).to.deep.equal(Buffer.alloc(literals, 0xff));
      expect(stepsOf(write)).to.have.length(literals);
    }
    expect(stepsOf(() => undefined)).to.deep.equal([]);
  });

  it('takes blocks that are larger than the room it keeps, and gives that up again', () => {
    const large = '\xe9'.repeat(300_000);
    const write = (writer: FixedDeflateWriter): void => {
      for (let i = 0; i < 3; i++) {
        writer.reserve(large.length);
        writer.literals(large, 0, large.length);
        writer.reserve(500_000);
        writer.match(20_000, 500_000);
      }
    };
    const text = nativeText(write);
    expect(text).to.have.length(2_400_000);
    const writer = new FixedDeflateWriter();
    writer.begin(null);
    write(writer);
    const block = writer.end();
    expect(block.length).to.be.at.least(3 * 337_500);
    writer.begin(null);
    expect(writer.end().buffer.byteLength).to.equal(16384);
  });
});
