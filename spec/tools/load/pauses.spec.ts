import { expect } from 'chai';
import { Pauses } from '../../../lib/tools/load/pauses.ts';

describe('Pauses', () => {
  it('tells the end of each one', async () => {
    const left: number[] = [];
    await new Promise<void>((done) => {
      const pauses: Pauses = new Pauses([1, 3], () => {
        left.push(pauses.count);
        if (pauses.count === 0) done();
      });
      for (let i = 0; i < 5; i++) pauses.begin();
      expect(pauses.count).to.equal(5);
    });
    expect(left).to.deep.equal([4, 3, 2, 1, 0]);
  });

  it('tells nothing more when it is stopped', async () => {
    let told = 0;
    const pauses = new Pauses([0, 0], () => told++);
    pauses.begin();
    pauses.stop();
    expect(pauses.count).to.equal(0);
    await new Promise<void>((done) => {
      new Pauses([2, 2], done).begin();
    });
    expect(told).to.equal(0);
  });
});
