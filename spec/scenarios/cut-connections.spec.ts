import { expect } from 'chai';
import { cutConnections } from '../support/cut-connections.ts';

/** Numbers from 0 to 1 that are the same in each run. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('scenarios: connections that are cut', () => {
  it('at random bytes, by FIN or RST: every stream and every exchange ends once, and the server has no session left', async () => {
    const counts = await cutConnections({
      connections: 150,
      streams: 10,
      parallel: 15,
      random: numbersFrom(20),
    });
    expect(counts.opened).to.equal(1500);
    expect(counts.handled).to.be.within(100, 1500);
    expect(counts).to.deep.include({
      closed: counts.opened,
      closedTwice: 0,
      handledClosed: { request: counts.handled, response: counts.handled },
      sessionsLeft: 0,
    });
  });
});
