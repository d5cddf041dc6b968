import { expect } from 'chai';
import { IncomingData } from '../../lib/session/incoming-data.ts';
import { patternBytes } from '../support/test-provider.ts';

function takeAll(incoming: IncomingData): Buffer[] {
  const taken: Buffer[] = [];
  for (let chunk = incoming.take(); chunk !== undefined; chunk = incoming.take()) taken.push(chunk);
  return taken;
}

describe('session/incoming-data', () => {
  it('gives back what was added, in order, however it was cut', () => {
    const bytes = patternBytes(50_000);
    const incoming = new IncomingData();
    let at = 0;
    for (let size = 1; at < bytes.length; size = (size * 7 + 3) % 3001) {
      const piece = bytes.subarray(at, at + size);
      incoming.add(piece);
      at += piece.length;
      expect(incoming.length).to.equal(at);
    }
    expect(Buffer.concat(takeAll(incoming)).equals(bytes)).to.equal(true);
    expect(incoming.length).to.equal(0);
  });

  it('takes small pieces between others in their place', () => {
    const incoming = new IncomingData();
    const large = patternBytes(2000);
    incoming.add(Buffer.from('a'));
    incoming.add(large);
    incoming.add(Buffer.from('b'));
    expect(String(incoming.take())).to.equal('a');
    incoming.add(Buffer.from('c'));
    expect(incoming.take()?.equals(large)).to.equal(true);
    expect(String(Buffer.concat(takeAll(incoming)))).to.equal('bc');
    expect(incoming.take()).to.equal(undefined);
  });

  it('keeps few objects for many small pieces', () => {
    const incoming = new IncomingData();
    for (let count = 0; count < 65536; count++) incoming.add(Buffer.from([count]));
    expect(takeAll(incoming).length).to.be.lessThan(40);
  });

  it('copies a view that is small beside what it keeps alive, and takes others as they are', () => {
    const incoming = new IncomingData();
    const slab = Buffer.alloc(65536);
    incoming.add(slab.subarray(0, 2000));
    incoming.add(slab.subarray(0, 32768));
    const [copied, kept] = takeAll(incoming);
    expect(copied?.buffer).to.not.equal(slab.buffer);
    expect(kept?.buffer).to.equal(slab.buffer);
  });

  describe('own()', () => {
    const chunk = Buffer.alloc(65_536, 'x');

    it('leaves a chunk as it is that is most of what it keeps alive', () => {
      const incoming = new IncomingData();
      for (const length of [65_536, 16_384]) {
        const view = chunk.subarray(7, 7 + length);
        expect(incoming.own(view)).to.equal(view);
      }
      const alone = Buffer.from(new ArrayBuffer(600), 8, 1);
      expect(incoming.own(alone)).to.equal(alone);
    });

    it('copies what keeps much more alive, with little memory for many small pieces', () => {
      const incoming = new IncomingData();
      const kept = new Set<ArrayBufferLike>();
      for (let i = 0; i < 10_000; i++) {
        const copy = incoming.own(chunk.subarray(i, i + 1 + (i % 3)));
        expect(copy.equals(chunk.subarray(i, i + 1 + (i % 3)))).to.equal(true);
        kept.add(copy.buffer);
      }
      let bytes = 0;
      for (const { byteLength } of kept) bytes += byteLength;
      expect(bytes).to.be.below(2 * 20_000 + 8192);
      const large = incoming.own(chunk.subarray(0, 5000));
      expect(large.buffer.byteLength).to.equal(5000);
    });
  });
});
