import { expect } from 'chai';
import { type HistogramMaker, loadHistograms } from '../../../../lib/tools/load/results/series.ts';
import { Timeline } from '../../../../lib/tools/load/results/timeline.ts';

/** Index, answers, errors, median and longest time in milliseconds; null for an interval without anything. */
type Row = [number, number, number, number, number] | null;

describe('Timeline', () => {
  let make: HistogramMaker;

  before(async () => {
    make = await loadHistograms();
  });

  function rowsOf(timeline: Timeline): Row[] {
    const rows: Row[] = [];
    timeline.each((index, interval) => {
      if (interval === null) rows.push(null);
      else {
        const { answers, errors, max } = interval;
        const median = Math.round(interval.percentile(50) / 1000);
        rows.push([index, answers, errors, median, max / 1000]);
      }
    });
    return rows;
  }

  it('has what came in each tenth of a second since its beginning', () => {
    const timeline = new Timeline(make);
    timeline.answered(0, 1);
    timeline.begin(1000);
    timeline.answered(999, 1);
    timeline.answered(1000, 2);
    timeline.answered(1099, 3);
    timeline.failed(1250);
    timeline.failed(1450);
    timeline.answered(1450, 0);
    expect(timeline.intervalMs).to.equal(100);
    const last: Row = [4, 1, 1, 0, 0.001];
    expect(rowsOf(timeline)).to.deep.equal([[0, 3, 0, 2, 3], null, [2, 0, 1, 0, 0], null, last]);
  });

  it('has longer intervals instead of more than 120, and loses nothing', () => {
    const timeline = new Timeline(make);
    for (let now = 0; now < 100_000; now += 10) timeline.answered(now, now / 1000);
    for (let now = 0; now < 100_000; now += 1000) timeline.failed(now);
    expect(timeline.intervalMs).to.equal(1600);
    const rows = rowsOf(timeline);
    expect(rows).to.have.length(63);
    expect(rows[0]).to.deep.equal([0, 160, 2, 1, 1.59]);
    expect(rows.reduce((sum, row) => sum + (row?.[1] ?? 0), 0)).to.equal(10_000);
    expect(rows.reduce((sum, row) => sum + (row?.[2] ?? 0), 0)).to.equal(100);
    timeline.answered(1e9, 5);
    expect(rowsOf(timeline)).to.have.length.below(121);
  });

  it('merges others whose intervals are longer or shorter', () => {
    const [short, long] = [new Timeline(make), new Timeline(make)];
    short.answered(150, 7);
    short.failed(350);
    long.answered(100, 9);
    long.answered(12_000, 5);
    for (const order of [
      [short, long],
      [long, short],
    ]) {
      const all = new Timeline(make);
      for (const { data } of order) all.merge(data);
      expect(all.intervalMs).to.equal(200);
      const rows = rowsOf(all).filter((row) => row !== null);
      expect(rows).to.deep.equal([
        [0, 2, 0, 7, 9],
        [1, 0, 1, 0, 0],
        [60, 1, 0, 5, 5],
      ]);
    }
  });
});
