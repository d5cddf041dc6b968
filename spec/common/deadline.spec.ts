import { expect } from 'chai';
import { Deadline, StallDeadline } from '../../lib/common/deadline.ts';
import { until } from '../support/session-pair.ts';

/** Stops the event loop for so many milliseconds. */
function stand(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe('common/deadline', () => {
  it('runs once, and not when it was stopped', async () => {
    const deadline = new Deadline();
    let fired = 0;
    deadline.start(1, () => fired++);
    deadline.start(2, () => fired++);
    expect(deadline.running).to.equal(true);
    await until(() => fired > 0);
    await pause(5);
    expect([fired, deadline.running]).to.deep.equal([1, false]);
    deadline.start(1, () => fired++);
    deadline.stop();
    deadline.refresh();
    await pause(5);
    expect(fired).to.equal(1);
  });

  for (const [name, call] of [
    ['stopped', (deadline: Deadline) => deadline.stop()],
    ['started over', (deadline: Deadline) => deadline.refresh()],
  ] as const) {
    it(`is ${name} by what was there before it was noticed that the time is up`, async () => {
      const deadline = new Deadline();
      let fired = 0;
      deadline.start(10, () => fired++);
      setTimeout(() => call(deadline), 10);
      const called = new Promise<void>((done) => setTimeout(() => setImmediate(done), 10));
      // So that all timers are due in one turn: what they do at once comes before the action.
      stand(30);
      await called;
      expect([fired, deadline.running]).to.deep.equal([0, name === 'started over']);
      deadline.stop();
    });
  }

  it('waits as long as something moves (StallDeadline)', async () => {
    const deadline = new StallDeadline();
    let moved = 0;
    let asked = 0;
    let fired = 0;
    const progress = (): number => (asked++ < 6 ? ++moved : moved);
    deadline.start(2, progress, () => fired++);
    expect(deadline.running).to.equal(true);
    await until(() => fired === 1);
    expect(moved).to.equal(6);
    expect(deadline.running).to.equal(false);
    deadline.stop();
  });
});
