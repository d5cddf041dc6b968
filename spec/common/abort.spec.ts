import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { abortSignal, onAbort } from '../../lib/common/abort.ts';

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('common/abort', () => {
  it('calls the action once, at once, with the reason of the signal', () => {
    const controller = new AbortController();
    const reasons: unknown[] = [];
    onAbort(controller.signal, (reason) => reasons.push(reason));
    controller.abort('why');
    controller.abort('again');
    expect(reasons).to.deep.equal(['why']);
  });

  it('calls the action in the next tick when the signal was fired before', async () => {
    const reasons: unknown[] = [];
    onAbort(AbortSignal.abort('early'), (reason) => reasons.push(reason));
    expect(reasons).to.deep.equal([]);
    await turn();
    expect(reasons).to.deep.equal(['early']);
  });

  for (const [when, signal] of [
    ['fired later', new AbortController().signal],
    ['fired before', AbortSignal.abort()],
  ] as const) {
    it(`calls nothing once taken back (${when}), and leaves no listener`, async () => {
      let calls = 0;
      const stop = onAbort(signal, () => calls++);
      stop();
      stop();
      signal.dispatchEvent(new Event('abort'));
      await turn();
      expect(calls).to.equal(0);
      expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
    });
  }

  it('does nothing without a signal', () => {
    for (const signal of [null, undefined]) onAbort(signal, () => expect.fail('was called'))();
  });

  it('checks an option', () => {
    const { signal } = new AbortController();
    expect(abortSignal(signal)).to.equal(signal);
    const other = { aborted: false, addEventListener() {}, removeEventListener() {} };
    expect(abortSignal(other as unknown as AbortSignal)).to.equal(other);
    expect([abortSignal(null), abortSignal(undefined)]).to.deep.equal([null, null]);
    expect(() => abortSignal({} as AbortSignal))
      .to.throw('signal must be an AbortSignal, got an object')
      .with.property('code', 'ERR_SPDY_INVALID_ARGUMENT');
  });
});
