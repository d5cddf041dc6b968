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

  it('is one listener of the signal, whatever waits for it', () => {
    const { signal } = new AbortController();
    const stops = Array.from({ length: 20 }, () => onAbort(signal, () => {}));
    expect(getEventListeners(signal, 'abort')).to.have.lengthOf(1);
    for (const stop of stops.slice(1)) stop();
    expect(getEventListeners(signal, 'abort')).to.have.lengthOf(1);
    stops[0]?.();
    expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
    onAbort(signal, () => {});
    expect(getEventListeners(signal, 'abort')).to.have.lengthOf(1);
  });

  it('calls all that wait in their order, without those that others take back', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const called: string[] = [];
    onAbort(signal, () => {
      called.push('first');
      stopSecond();
    });
    const stopSecond = onAbort(signal, () => called.push('second'));
    onAbort(signal, () => called.push('third'));
    controller.abort();
    expect(called).to.deep.equal(['first', 'third']);
    expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
  });

  it('calls all although one throws, whose error is not caught', async () => {
    const controller = new AbortController();
    const uncaught: unknown[] = [];
    let calls = 0;
    onAbort(controller.signal, () => {
      throw new Error('of the first');
    });
    onAbort(controller.signal, () => calls++);
    process.setUncaughtExceptionCaptureCallback((error) => uncaught.push(error.message));
    try {
      controller.abort();
      await turn();
    } finally {
      process.setUncaughtExceptionCaptureCallback(null);
    }
    expect(calls).to.equal(1);
    expect(uncaught).to.deep.equal(['of the first']);
  });

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
