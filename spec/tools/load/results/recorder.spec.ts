import { expect } from 'chai';
import { Exchange } from '../../../../lib/tools/load/connections/exchange.ts';
import { Recorder } from '../../../../lib/tools/load/results/recorder.ts';
import { type HistogramMaker, loadHistograms } from '../../../../lib/tools/load/results/series.ts';

describe('Recorder', () => {
  let make: HistogramMaker;

  before(async () => {
    make = await loadHistograms();
  });

  function exchange(status: number, counted = true): Exchange {
    const made = new Exchange(100, counted);
    made.status = status;
    return made;
  }

  it('takes 2xx and 3xx for success, other answers for failures, and the rest for errors', () => {
    const recorder = new Recorder(make);
    const ends = [200, 302, 404, 500, 100].map((status) =>
      recorder.ended(exchange(status), 101, null, false),
    );
    recorder.ended(exchange(200), 101, new Error('cut'), false);
    recorder.ended(exchange(0), 101, new Error('late'), true);
    expect(ends).to.deep.equal([true, true, false, false, false]);
    const { counts, statuses, errors, request } = recorder.data;
    expect(counts).to.deep.include({ done: 7, succeeded: 2, failed: 5, errored: 2, timedOut: 1 });
    expect(statuses).to.deep.equal([0, 1, 1, 1, 1, 1]);
    expect(errors).to.deep.equal([
      ['cut', 1],
      ['late', 1],
    ]);
    expect(request).to.deep.include({ count: 5, min: 1000, max: 1000 });
  });

  it('does not count what began in the warm-up', () => {
    const recorder = new Recorder(make);
    recorder.ended(exchange(200), 101, null, false);
    recorder.reset(102);
    expect(recorder.ended(exchange(200, false), 102, null, false)).to.equal(true);
    expect(recorder.counts.done).to.equal(0);
    recorder.ended(exchange(200), 103, null, false);
    expect(recorder.data).to.deep.include({ errors: [], statuses: [0, 0, 1, 0, 0, 0] });
    expect(recorder.data.request).to.deep.include({ count: 1, min: 3000 });
  });

  it('counts a reason once for all streams', () => {
    const recorder = new Recorder(make);
    for (const id of [1, 3]) recorder.error(new Error(`stream ${id} was reset`));
    expect(recorder.data.errors).to.deep.equal([['a stream was reset', 2]]);
  });

  it('keeps a bounded number of reasons', () => {
    const recorder = new Recorder(make);
    for (let i = 0; i < 100; i++) recorder.error(new Error(`reason ${i}`));
    recorder.error(new Error('reason 0'));
    const { errors } = recorder.data;
    expect(errors).to.have.length(20);
    expect(errors[0]).to.deep.equal(['reason 0', 2]);
  });

  it('merges what others have recorded', () => {
    const [one, other] = [new Recorder(make), new Recorder(make)];
    one.ended(exchange(200), 101, null, false);
    one.protocol = 'spdy/3.1';
    other.ended(exchange(404), 103, null, false);
    other.abandon(3, new Error('gone'), false);
    other.abandon(Number.POSITIVE_INFINITY, new Error('gone'), true);
    other.rates.push(5);
    const all = new Recorder(make);
    for (const { data } of [one, other]) all.merge(data);
    expect(all.counts).to.deep.include({
      done: 2,
      succeeded: 1,
      failed: 4,
      errored: 3,
      timedOut: 0,
    });
    expect(all.data.errors).to.deep.equal([['gone', 2]]);
    expect(all.data).to.deep.include({ protocol: 'spdy/3.1', rates: [5] });
    expect(all.data.request.count).to.equal(2);
  });
});
