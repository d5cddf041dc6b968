import { expect } from 'chai';
import { Pacer } from '../../../lib/tools/load/pacer.ts';

describe('Pacer', () => {
  it('makes requests due at their times, however late they are asked for', async () => {
    let pacer: Pacer | undefined;
    try {
      await new Promise<void>((due) => {
        pacer = new Pacer(400, due);
      });
      const far = performance.now() + 1000;
      const times = Array.from({ length: 4 }, () => pacer?.take(far) ?? 0);
      const steps = times.map((time) => Math.round(time - (times[0] ?? 0)));
      // Every 2.5 ms, in steps of a millisecond.
      expect(steps).to.deep.equal([0, 2, 5, 7]);
      expect(pacer?.take(times[3] ?? 0)).to.equal(null);
    } finally {
      pacer?.stop();
    }
  });

  it('says nothing more when it is stopped, by its own listener too', async () => {
    let called = 0;
    await new Promise<void>((done) => {
      const pacer = new Pacer(1000, () => {
        called++;
        pacer.stop();
        setTimeout(done, 10);
      });
    });
    expect(called).to.equal(1);
  });
});
