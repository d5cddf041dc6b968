import { expect } from 'chai';
import { BlockFeed } from '../../lib/framing/block-feed.ts';
import type { HeaderInflater } from '../../lib/framing/header-inflater.ts';

/** Notes what it is given; says `problem` for the piece with that number. */
class NotingInflater implements HeaderInflater {
  readonly length = 0;
  readonly pieces: Buffer[] = [];
  readonly limits: unknown[] = [];
  failAt = -1;

  push(chunk: Uint8Array, start: number, end: number, ...limits: number[]): string | null {
    this.limits.push(limits);
    return this.pieces.push(Buffer.from(chunk.subarray(start, end))) - 1 === this.failAt
      ? 'problem'
      : null;
  }

  block(): Buffer {
    return Buffer.concat(this.pieces);
  }

  reset(): void {}

  rest(): void {}
}

const block = Buffer.from(Array.from({ length: 1000 }, (_, at) => at & 0xff));

/** Feeds the first `length` bytes of the block in pieces of `size`; the bytes that it gives in one go are joined. */
function fed(size: number, length: number, whole: boolean): NotingInflater {
  const inflater = new NotingInflater();
  const feed = new BlockFeed(inflater);
  for (let at = 0; at < length; at += size) {
    const end = Math.min(at + size, length);
    expect(feed.push(block, at, end, whole && end === length, 7, 8)).to.equal(null);
  }
  return inflater;
}

describe('framing/block-feed', () => {
  it('gives all of a block, however it was cut', () => {
    for (const length of [1, 63, 64, 65, 128, 1000]) {
      for (const size of [1, 2, 61, 63, 64, 65, 300, 1000]) {
        const inflater = fed(size, length, true);
        expect(inflater.block()).to.deep.equal(block.subarray(0, length));
        expect(inflater.limits.every((limits) => String(limits) === '7,8')).to.equal(true);
      }
    }
  });

  it('gives the same front of a block that is not complete, however it was cut', () => {
    for (const size of [1, 2, 61, 63, 64, 65, 300]) {
      expect(fed(size, 700, false).block()).to.deep.equal(block.subarray(0, 640));
      expect(fed(size, 63, false).block()).to.have.length(0);
    }
  });

  it('calls the inflater once for many single bytes', () => {
    expect(fed(1, 150, true).pieces.map(({ length }) => length)).to.deep.equal([64, 64, 22]);
    expect(fed(1000, 1000, true).pieces).to.have.length(1);
  });

  it('passes on what is wrong, and gives nothing more then', () => {
    for (const [first, failAt, calls] of [
      [10, 0, 1],
      [10, 1, 2],
      [0, 0, 1],
    ] as const) {
      const inflater = new NotingInflater();
      inflater.failAt = failAt;
      const feed = new BlockFeed(inflater);
      if (first > 0) expect(feed.push(block, 0, first, false, 1, 1)).to.equal(null);
      expect(feed.push(block, first, 900, false, 1, 1)).to.equal('problem');
      expect(inflater.pieces).to.have.length(calls);
    }
  });

  it('forgets what it holds', () => {
    const inflater = new NotingInflater();
    const feed = new BlockFeed(inflater);
    feed.push(block, 0, 50, false, 1, 1);
    feed.reset();
    feed.push(block, 500, 600, true, 1, 1);
    expect(inflater.block()).to.deep.equal(block.subarray(500, 600));
  });
});
