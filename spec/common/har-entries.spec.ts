import { expect } from 'chai';
import { harEntries } from '../../lib/common/har-entries.ts';

describe('harEntries()', () => {
  it('finds the entries, behind a mark of the byte order too', () => {
    expect(harEntries('{"log":{"entries":[1,null]}}')).to.deep.equal([1, null]);
    expect(harEntries('\uFEFF{"log":{"entries":[]}}')).to.deep.equal([]);
  });

  it('says of other texts that they are none', () => {
    for (const text of ['', 'x', '{"log"', '\uFEFF'])
      expect(() => harEntries(text), text).to.throw(/^this is no HAR: .*JSON/);
    for (const text of ['null', '[]', '1', '{"log":null}', '{"log":{"entries":{}}}'])
      expect(() => harEntries(text), text).to.throw('this is no HAR: it has no log.entries');
  });
});
