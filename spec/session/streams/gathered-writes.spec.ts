import { expect } from 'chai';
import { gatherWrites, isSmall } from '../../../lib/session/streams/gathered-writes.ts';

/** Writes of these lengths, each of a letter of its own. */
function writes(...lengths: number[]): { chunk: Buffer }[] {
  return lengths.map((length, at) => ({ chunk: Buffer.alloc(length, 97 + (at % 26)) }));
}

describe('session/streams/gathered-writes', () => {
  for (const [name, lengths, gathered] of [
    ['joins small writes', [1, 4000, 30], [4031]],
    ['joins up to 16 KiB', [4000, 4000, 4000, 4000, 384, 1, 2], [16384, 3]],
    ['leaves large writes as they are', [4096, 100_000], [4096, 100_000]],
    ['keeps the order of small and large ones', [10, 20, 5000, 30, 40], [30, 5000, 70]],
    ['leaves empty ones out', [0, 5, 0], [5]],
    ['makes nothing of nothing', [0, 0], []],
  ] as const) {
    it(name, () => {
      const given = writes(...lengths);
      const pieces = gatherWrites(given);
      expect(pieces.map(({ length }) => length)).to.deep.equal(gathered);
      expect(Buffer.concat(pieces)).to.deep.equal(Buffer.concat(given.map(({ chunk }) => chunk)));
    });
  }

  it('copies neither a large write nor one that stands alone', () => {
    const given = writes(5000, 10, 6000);
    const pieces = gatherWrites(given);
    for (const [at, piece] of pieces.entries()) expect(piece).to.equal(given[at]?.chunk);
  });

  it('knows small writes of every sort', () => {
    expect(['', 'a', Buffer.alloc(4095), new Uint8Array(1)].map(isSmall)).to.not.include(false);
    const others = ['a'.repeat(4096), Buffer.alloc(4096), null, undefined, 5, {}];
    expect(others.map(isSmall)).to.not.include(true);
  });
});
