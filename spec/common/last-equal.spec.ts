import { expect } from 'chai';
import { LastEqual } from '../../lib/common/last-equal.ts';

describe('LastEqual', () => {
  it('gives the last value in place of an equal one', () => {
    const usual = new LastEqual<object>();
    const store = {};
    const make = (): object => ({ size: 1, none: null, store, names: ['a'], entries: [{ id: 1 }] });
    const first = usual.of(make());
    expect(usual.of(make())).to.equal(first);
    for (const other of [
      {},
      { ...first, size: 2 },
      { ...first, none: undefined },
      { ...first, store: {} },
      { ...first, names: 'a' },
      { ...first, names: ['b'] },
      { ...first, names: ['a', 'b'] },
      { ...first, entries: [{ id: 2 }] },
      { ...first, entries: [{ id: 1, value: 0 }] },
      { ...first, entries: [null] },
      { ...first, entries: [1] },
    ]) {
      usual.of(make());
      expect(usual.of(other)).to.equal(other);
      expect(usual.of(other)).to.equal(other);
    }
  });
});
