import { expect } from 'chai';
import { Session } from '../../../lib/session/session.ts';
import { inSession, sessionMemory } from '../../../lib/session/transport/http2-names.ts';

describe('names of http2', () => {
  it('maxSessionMemory stands for limits that a session takes', () => {
    const options = sessionMemory(1);
    expect(options).to.deep.equal({ maxSessionHeaderMemory: 2 ** 20, maxUnconsumedBytes: 2 ** 20 });
    new Session(2, 'spdy/3.1', options).destroy();
    new Session(2, 'spdy/3.1', sessionMemory(1 << 20)).destroy();
  });

  it('without it nothing is limited otherwise', () => {
    expect(sessionMemory(undefined)).to.deep.equal({});
  });

  it('an option of a session has its place there', () => {
    expect(inSession('pingRate')).to.equal('session.pingRate');
    expect(inSession('pingrate')).to.equal(null);
  });
});
