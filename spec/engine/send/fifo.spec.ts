import { expect } from 'chai';
import { Fifo } from '../../../lib/engine/send/fifo.ts';
import { expectSame } from '../../support/expect-same.ts';

function drain<T>(fifo: Fifo<T>): T[] {
  const items: T[] = [];
  while (fifo.length > 0) items.push(fifo.take() as T);
  return items;
}

describe('engine/send/fifo', () => {
  it('gives items back in their order', () => {
    const fifo = new Fifo<string>();
    for (const item of ['a', 'b', 'c']) fifo.push(item);
    expect(fifo.length).to.equal(3);
    expect(fifo.take()).to.equal('a');
    fifo.push('d');
    expect(fifo.length).to.equal(3);
    expect(drain(fifo)).to.deep.equal(['b', 'c', 'd']);
  });

  it('gives undefined when it is empty, before the first item and after the last', () => {
    const fifo = new Fifo<number>();
    expect(fifo.take()).to.equal(undefined);
    fifo.push(1);
    expect([fifo.take(), fifo.take(), fifo.length]).to.deep.equal([1, undefined, 0]);
    fifo.push(2);
    expect([fifo.take(), fifo.take()]).to.deep.equal([2, undefined]);
  });

  it('is empty after clear(), even one that was used up in part', () => {
    const fifo = new Fifo<number>();
    fifo.push(1);
    fifo.push(2);
    fifo.take();
    fifo.clear();
    expect([fifo.length, fifo.take()]).to.deep.equal([0, undefined]);
    fifo.push(3);
    expect(drain(fifo)).to.deep.equal([3]);
  });

  it('keeps order and length while it moves its items to the front', () => {
    for (const [pushed, taken] of [
      [2047, 1024],
      [2048, 1024],
      [2049, 1024],
      [5000, 2500],
    ] as const) {
      const fifo = new Fifo<number>();
      for (let item = 0; item < pushed; item++) fifo.push(item);
      const seen: number[] = [];
      for (let item = 0; item < taken; item++) {
        seen.push(fifo.take() ?? -1, fifo.length);
      }
      expectSame(
        seen,
        Array.from({ length: taken }, (_, item) => [item, pushed - item - 1]).flat(),
      );
      fifo.push(pushed);
      const expected = Array.from({ length: pushed - taken + 1 }, (_, index) => taken + index);
      expectSame(drain(fifo), expected);
    }
  });
});
