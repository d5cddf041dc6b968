import v8 from 'node:v8';
import vm from 'node:vm';
import { expect } from 'chai';
import { LastEqual } from '../../lib/common/last-equal.ts';

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

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

  it('keeps no value alive, nor what it refers to', async () => {
    const usual = new LastEqual<object>();
    const signal = new WeakRef(make());
    // A WeakRef holds its value until the running job has ended.
    for (let turns = 0; signal.deref() !== undefined && turns < 100; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
    }
    expect(signal.deref()).to.equal(undefined);

    function make(): AbortSignal {
      const { signal: made } = new AbortController();
      usual.of({ signal: made });
      return made;
    }
  });
});
