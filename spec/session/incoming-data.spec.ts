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
});
