import { expect } from 'chai';
import { DirectCalls } from '../../../../lib/kubernetes/copy/local/direct-calls.ts';

describe('calls that hold the thread', () => {
  let now = 0;

  beforeEach(() => {
    now = 0;
  });

  /** A file that takes so many milliseconds: whether it is the turn of others then. */
  function file(calls: DirectCalls, took: number): boolean {
    expect(calls.may).to.equal(true);
    calls.begin();
    now += took;
    return calls.end();
  }

  it('leave others their turn after 4 ms of them, whatever else has passed', () => {
    const calls = new DirectCalls(() => now);
    const turns = Array.from({ length: 8 }, () => {
      now += 1000;
      return file(calls, 1);
    });
    expect(turns).to.deep.equal([false, false, false, true, false, false, false, true]);
  });

  it('are not made for 32 files behind one that took longer than 10 ms', () => {
    const calls = new DirectCalls(() => now);
    file(calls, 10);
    expect(file(calls, 11)).to.equal(true);
    for (let at = 0; at < 32; at++) {
      expect(calls.may).to.equal(false);
      calls.passed();
    }
    expect(calls.may).to.equal(true);
    calls.passed();
    expect(calls.may).to.equal(true);
  });
});
