import { expect } from 'chai';
import {
  type HistogramMaker,
  loadHistograms,
  Series,
} from '../../../../lib/tools/load/results/series.ts';

describe('Series', () => {
  let make: HistogramMaker;

  before(async () => {
    make = await loadHistograms();
  });

  it('knows moments exactly, in microseconds', () => {
    const series = new Series(make);
    for (const ms of [1, 2, 3, 4, 1234.567]) series.add(ms);
    const { count, min, max, mean, squares } = series.data;
    expect({ count, min, max }).to.deep.equal({ count: 5, min: 1000, max: 1_234_567 });
    expect(mean).to.be.closeTo(248_913.4, 1e-6);
    const exact = [1000, 2000, 3000, 4000, 1_234_567].map((us) => (us - mean) ** 2);
    expect(squares).to.be.closeTo(
      exact.reduce((a, b) => a + b),
      1,
    );
  });

  it('gives percentiles that were measured: none is above the maximum or below the minimum', () => {
    const series = new Series(make);
    for (let ms = 1; ms <= 1000; ms++) series.add(ms);
    series.add(5001.003);
    expect(series.percentile(50) / 501_000).to.be.closeTo(1, 0.001);
    expect(series.percentile(99) / 991_000).to.be.closeTo(1, 0.001);
    expect(series.percentile(100)).to.equal(5_001_003);
    expect(series.percentile(0)).to.equal(1000);
  });

  it('takes what is too short to be measured, and an hour', () => {
    const series = new Series(make);
    series.add(0);
    series.add(3_600_000);
    expect(series.data).to.deep.include({ count: 2, min: 1, max: 3_600_000_000 });
    expect(series.percentile(100)).to.equal(3_600_000_000);
  });

  it('counts the same value more often than 16 bits hold', () => {
    const series = new Series(make);
    for (let i = 0; i < 70_000; i++) series.add(1);
    series.add(2);
    expect(series.percentile(99.9)).to.equal(1000);
    expect(series.data.values).to.deep.equal([
      [1000, 70_000],
      [2000, 1],
    ]);
  });

  it('merges as if all samples were its own', () => {
    const [one, other, all] = [new Series(make), new Series(make), new Series(make)];
    for (let i = 1; i <= 500; i++) {
      const ms = (i * 7919) % 1013;
      (i % 3 === 0 ? one : other).add(ms);
      all.add(ms);
    }
    const merged = new Series(make);
    for (const { data } of [one, other, new Series(make)]) merged.merge(data);
    const { mean, squares, ...exact } = merged.data;
    expect(exact).to.deep.equal({ ...exact, ...withoutMoments(all) });
    expect(mean).to.be.closeTo(all.data.mean, 1e-6);
    expect(squares / all.data.squares).to.be.closeTo(1, 1e-9);
    expect(merged.percentile(90)).to.equal(all.percentile(90));
  });

  it('is empty at the beginning, and again when it is reset', () => {
    const empty = { count: 0, min: 0, max: 0, mean: 0, squares: 0, values: [] };
    const series = new Series(make);
    expect(series.data).to.deep.equal(empty);
    expect(series.percentile(50)).to.equal(0);
    series.add(1);
    series.reset();
    expect(series.data).to.deep.equal(empty);
    series.add(2);
    expect(series.data).to.deep.include({ count: 1, min: 2000, max: 2000, mean: 2000 });
  });
});

function withoutMoments(series: Series): object {
  const { mean: _, squares: __, ...rest } = series.data;
  return rest;
}
