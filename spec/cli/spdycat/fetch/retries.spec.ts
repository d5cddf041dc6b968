import { expect } from 'chai';
import { Retries } from '../../../../lib/cli/spdycat/fetch/retries.ts';

describe('retries', () => {
  const retries = (count: number, delayMs: number | null = 0): Retries =>
    new Retries({ count, delayMs }, new AbortController().signal);

  it('follow what may pass, as often as is wanted', async () => {
    const tries = retries(2);
    expect(await tries.afterStatus(503, undefined)).to.equal(true);
    expect(await tries.afterStatus(404, undefined)).to.equal(false);
    expect(await tries.afterError(Object.assign(new Error(), { code: 'ECONNRESET' }))).to.equal(
      true,
    );
    expect(await tries.afterStatus(503, undefined)).to.equal(false);
    expect(tries.made).to.equal(2);
  });

  it('follow errors by their cause too, but not all', async () => {
    const cause = Object.assign(new Error(), { code: 'ECONNREFUSED' });
    expect(await retries(1).afterError(new Error('x', { cause }))).to.equal(true);
    const other = Object.assign(new Error(), { code: 'CERT_HAS_EXPIRED' });
    expect(await retries(1).afterError(other)).to.equal(false);
    expect(await retries(1).afterError(new Error('x'))).to.equal(false);
  });

  it('wait as long as the server wants: seconds, or until a time', async () => {
    // A minute of its own would be too long for this spec.
    const tries = retries(3, 60_000);
    expect(await tries.afterStatus(429, '0')).to.equal(true);
    expect(await tries.afterStatus(503, new Date(0).toUTCString())).to.equal(true);
    expect(await retries(1, 0).afterStatus(503, 'soon')).to.equal(true);
  });

  it('end with the signal', async () => {
    const controller = new AbortController();
    const tries = new Retries({ count: 5, delayMs: null }, controller.signal);
    const waiting = tries.afterStatus(503, '3600').then(
      () => null,
      (error: Error) => error.name,
    );
    controller.abort();
    expect(await waiting).to.equal('AbortError');
    expect(await tries.afterStatus(503, '0')).to.equal(false);
  });
});
