import { expect } from 'chai';
import { closeWithin } from '../../lib/common/close-within.ts';
import { until } from '../support/session-pair.ts';

describe('closeWithin()', () => {
  it('forces nothing when the end comes by itself, be it an error', async () => {
    const force = (): void => expect.fail('it was forced');
    await closeWithin(60_000, Promise.resolve(), force);
    await closeWithin(60_000, Promise.reject(new Error('it has failed')), force);
  });

  it('forces the end when the time is up, and waits for it', async () => {
    let end = (): void => {};
    let forced = false;
    let isOver = false;
    const closed = new Promise<void>((done) => {
      end = done;
    });
    const over = closeWithin(1, closed, () => {
      forced = true;
    }).then(() => {
      isOver = true;
    });
    await until(() => forced);
    expect(isOver).to.equal(false);
    end();
    await over;
  });

  it('forces nothing where there is no limit', async () => {
    let end = (): void => {};
    const closed = new Promise<void>((done) => {
      end = done;
    });
    const over = closeWithin(0, closed, () => expect.fail('it was forced'));
    await new Promise((next) => setImmediate(next));
    end();
    await over;
  });
});
