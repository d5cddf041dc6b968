import { expect } from 'chai';
import { InvalidStateError } from '../../../lib/errors.ts';
import { OneTimeTokens } from '../../../lib/kubernetes/server/tokens.ts';

describe('Kubernetes one-time tokens', () => {
  it('are 8 characters that fit into a URL, and each another one', () => {
    const tokens = new OneTimeTokens<number>();
    const issued = Array.from({ length: 1000 }, (_, i) => tokens.issue(i));
    for (const token of issued) expect(token).to.match(/^[A-Za-z0-9_-]{8}$/);
    expect(new Set(issued).size).to.equal(1000);
    expect(issued.map((token) => tokens.take(token))).to.deep.equal([...issued.keys()]);
  });

  it('are good for one use', () => {
    const tokens = new OneTimeTokens<string>();
    const token = tokens.issue('a');
    expect(tokens.take('AAAAAAA')).to.equal(null);
    expect(tokens.take(token)).to.equal('a');
    expect(tokens.take(token)).to.equal(null);
  });

  it('are good for a minute', () => {
    let now = 0;
    const tokens = new OneTimeTokens<string>(() => now);
    const [first, second] = [tokens.issue('a'), tokens.issue('b')];
    now = 30_000;
    const third = tokens.issue('c');
    now = 59_999;
    expect(tokens.take(first)).to.equal('a');
    now = 60_000;
    expect(tokens.take(second)).to.equal(null);
    expect(tokens.size).to.equal(1);
    expect(tokens.take(third)).to.equal('c');
    expect(tokens.size).to.equal(0);
  });

  it('are no more than 1000, those whose time is up not counted', () => {
    let now = 0;
    const tokens = new OneTimeTokens<number>(() => now);
    for (let i = 0; i < 1000; i++) tokens.issue(i);
    expect(() => tokens.issue(1000)).to.throw(InvalidStateError, '1000 tokens');
    now = 60_000;
    expect(tokens.take(tokens.issue(1001))).to.equal(1001);
  });
});
