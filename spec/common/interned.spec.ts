import { expect } from 'chai';
import { interned } from '../../lib/common/interned.ts';

describe('interned()', () => {
  it('makes a string of its own, whatever the text', () => {
    for (const text of ['', 'a', '12', '__proto__', 'x'.repeat(64)])
      expect(interned(text)).to.equal(text);
  });
});
