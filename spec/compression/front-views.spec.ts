import { expect } from 'chai';
import { FrontViews } from '../../lib/compression/front-views.ts';

describe('compression/front-views', () => {
  const memory = Buffer.from(Array.from({ length: 2000 }, (_, at) => at & 0xff));

  it('gives the front of the memory, in whatever order the lengths come', () => {
    const views = new FrontViews(memory);
    for (const length of [5, 0, 1023, 1024, 2000, 5, 1024]) {
      const view = views.of(length);
      expect(view.equals(memory.subarray(0, length))).to.equal(true);
      expect(view.buffer).to.equal(memory.buffer);
    }
  });

  it('makes the view of a length once, unless it is a long one', () => {
    const views = new FrontViews(memory);
    expect(views.of(1023)).to.equal(views.of(1023));
    expect(views.of(1024)).to.not.equal(views.of(1024));
  });
});
