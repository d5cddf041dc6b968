import { expect } from 'chai';
import { linearScale, logScale, ninesScale } from '../../../../lib/tools/load/page/scale.ts';

describe('scales of charts', () => {
  it('begin at 0 and end at a round number, or where they shall', () => {
    const scale = linearScale(0.93);
    expect(scale.ticks).to.deep.equal([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect([-1, 0, 0.5, 1, 2, Number.NaN].map(scale.at)).to.deep.equal([0, 0, 0.5, 1, 1, 0]);
    expect(linearScale(1234).ticks).to.deep.equal([0, 500, 1000, 1500]);
    expect(linearScale(5000).ticks).to.deep.equal([0, 1000, 2000, 3000, 4000, 5000]);
    const tight = linearScale(1234, 'at-max');
    expect(tight.ticks).to.deep.equal([0, 500, 1000]);
    expect(tight.at(1234)).to.equal(1);
    for (const max of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(linearScale(max).ticks).to.deep.equal([0, 0.2, 0.4, 0.6, 0.8, 1]);
  });

  it('have powers of ten', () => {
    const scale = logScale(0.2, 90);
    expect(scale.ticks).to.deep.equal([0.1, 1, 10, 100]);
    expect(scale.at(0.1)).to.be.closeTo(0, 1e-9);
    expect(scale.at(100)).to.be.closeTo(1, 1e-9);
    expect(scale.at(0)).to.equal(0);
    expect(logScale(1, 1).ticks).to.deep.equal([1, 10]);
    expect(logScale(0, Number.POSITIVE_INFINITY).ticks).to.deep.equal([1, 10]);
  });

  it('have percentages by their nines, as far as there are samples', () => {
    const scale = ninesScale(99.95);
    expect(scale.ticks).to.deep.equal([0, 50, 90, 99, 99.9]);
    const [at90, at99, at999] = [90, 99, 99.9].map(scale.at) as [number, number, number];
    expect(at99 - at90).to.be.closeTo(at999 - at99, 1e-9);
    expect(at999).to.be.below(1);
    expect([0, 100].map(scale.at)).to.deep.equal([0, 1]);
    expect(ninesScale(0).ticks).to.deep.equal([0, 50, 90]);
  });
});
