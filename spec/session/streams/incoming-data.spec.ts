import { expect } from 'chai';
import { copyTiny, IncomingData } from '../../../lib/session/streams/incoming-data.ts';
import { patternBytes } from '../../support/test-provider.ts';

function takeAll(incoming: IncomingData): Buffer[] {
  const taken: Buffer[] = [];
  for (let chunk = incoming.take(); chunk !== undefined; chunk = incoming.take()) taken.push(chunk);
  return taken;
}

/** The memory that buffers keep alive. */
function keptBy(buffers: readonly Buffer[]): number {
  const kept = new Set(buffers.map(({ buffer }) => buffer));
  return [...kept].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** How many of the buffers are views of one of the chunks. */
function viewsOf(chunks: readonly Buffer[], buffers: readonly Buffer[]): number {
  const memory = new Set(chunks.map(({ buffer }) => buffer));
  return buffers.filter(({ buffer }) => memory.has(buffer)).length;
}

describe('session/streams/incoming-data', () => {
  it('gives back what was added, in order, however it was cut', () => {
    const bytes = patternBytes(50_000);
    const incoming = new IncomingData();
    let at = 0;
    for (let size = 1; at < bytes.length; size = (size * 7 + 3) % 3001) {
      const piece = bytes.subarray(at, at + size);
      incoming.add(piece, at);
      at += piece.length;
      expect(incoming.length).to.equal(at);
    }
    expect(Buffer.concat(takeAll(incoming)).equals(bytes)).to.equal(true);
    expect(incoming.length).to.equal(0);
  });

  it('takes small pieces between others in their place', () => {
    const incoming = new IncomingData();
    const large = patternBytes(2000);
    incoming.add(Buffer.from('a'), 1);
    incoming.add(large, 2);
    incoming.add(Buffer.from('b'), 3);
    expect(String(incoming.take())).to.equal('a');
    incoming.add(Buffer.from('c'), 4);
    expect(incoming.take()?.equals(large)).to.equal(true);
    expect(String(Buffer.concat(takeAll(incoming)))).to.equal('bc');
    expect(incoming.take()).to.equal(undefined);
  });

  it('keeps few objects for many small pieces', () => {
    const incoming = new IncomingData();
    for (let count = 0; count < 65536; count++) incoming.add(Buffer.from([count]), count);
    expect(takeAll(incoming).length).to.be.lessThan(40);
  });

  describe('what is small beside the chunk that the transport has brought it in', () => {
    const SIZE = 65_536;
    const chunks = Array.from({ length: 40 }, () => Buffer.alloc(SIZE, 'x'));

    it('is copied where it waits', () => {
      const incoming = new IncomingData();
      for (const [source, chunk] of chunks.entries())
        incoming.add(chunk.subarray(7, 7 + 5000), source);
      const taken = takeAll(incoming);
      expect(taken.length).to.equal(chunks.length);
      expect(keptBy(taken)).to.be.most(2 * 5000 * chunks.length);
      expect(viewsOf(chunks, taken)).to.be.below(chunks.length / 6);
    });

    it('is copied for a waiting reader unless it is a quarter of it', () => {
      const incoming = new IncomingData();
      const pass = (length: number): Buffer[] =>
        chunks.map((chunk, source) => incoming.pass(chunk.subarray(7, 7 + length), source));
      expect(viewsOf(chunks, pass(SIZE / 4))).to.equal(chunks.length);
      expect(viewsOf(chunks, pass(SIZE / 4 - 1))).to.be.below(chunks.length / 2);
    });

    it('stands in no more than twice its memory, of whatever lengths it is', () => {
      for (const way of ['add', 'pass'] as const) {
        const incoming = new IncomingData();
        const given: Buffer[] = [];
        let bytes = 0;
        for (let source = 0; source < 2000; source++) {
          const length = 65 + ((source * 7919) % 16_000);
          const piece = Buffer.alloc(SIZE).subarray(0, length);
          bytes += length;
          if (way === 'add') incoming.add(piece, source);
          else given.push(incoming.pass(piece, source));
        }
        expect(keptBy(way === 'add' ? takeAll(incoming) : given)).to.be.most(2 * bytes + 8192);
      }
    });

    it('is not copied where the stream gets all of each chunk, however it is cut', () => {
      for (const way of ['add', 'pass'] as const) {
        const incoming = new IncomingData();
        const given: Buffer[] = [];
        for (const [source, chunk] of chunks.entries()) {
          const at = [0, 1500 * (source % 11), 16_500, 32_900, 49_300, SIZE];
          for (let i = 1; i < at.length; i++) {
            const piece = chunk.subarray(at[i - 1], at[i]);
            if (piece.length < 1024) continue;
            if (way === 'add') incoming.add(piece, source);
            else given.push(incoming.pass(piece, source));
          }
        }
        const taken = way === 'add' ? takeAll(incoming) : given;
        expect(taken.length - viewsOf(chunks, taken)).to.be.most(4);
      }
    });

    it('earns no right to keep much more later', () => {
      const incoming = new IncomingData();
      for (let source = 0; source < 2000; source++) incoming.pass(Buffer.alloc(SIZE), source);
      const later = chunks.map((chunk, i) => incoming.pass(chunk.subarray(0, 2000), 2000 + i));
      expect(viewsOf(chunks, later)).to.be.most(4);
    });

    it('is left as it is where little stands beside it', () => {
      const alone = Buffer.from(new ArrayBuffer(1000), 8, 1);
      expect(new IncomingData().pass(alone, 1)).to.equal(alone);
    });

    it('takes little memory for copies of many small pieces', () => {
      const incoming = new IncomingData();
      const chunk = Buffer.alloc(SIZE, 'y');
      const copies: Buffer[] = [];
      let bytes = 0;
      for (let i = 0; i < 10_000; i++) {
        const piece = chunk.subarray(i, i + 1 + (i % 3));
        bytes += piece.length;
        const copy = incoming.pass(piece, i);
        expect(copy.equals(piece)).to.equal(true);
        copies.push(copy);
      }
      expect(keptBy(copies)).to.be.below(2 * bytes + 8192 + SIZE);
    });

    it('copyTiny() keeps nothing else alive', () => {
      const copy = copyTiny((chunks[0] as Buffer).subarray(3, 8));
      expect(String(copy)).to.equal('xxxxx');
      expect(copy.buffer.byteLength).to.equal(5);
    });
  });
});
