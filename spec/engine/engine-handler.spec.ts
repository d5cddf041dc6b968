import { expect } from 'chai';
import { checkHandler } from '../../lib/engine/engine-handler.ts';

describe('checkHandler()', () => {
  it('takes callbacks, and what a handler has for its own use', () => {
    const handler = { onCtrlRecv: (): void => {}, onlyOnce: 5, onTop: null, count(): void {} };
    expect(checkHandler(handler as never)).to.equal(undefined);
  });

  it('refuses a callback that would never be called', () => {
    const handler = { onStreamClosed: (): void => {} };
    expect(() => checkHandler(handler as never)).to.throw(
      "handler of the Engine: there is no callback 'onStreamClosed', did you mean onStreamClose?",
    );
  });
});
