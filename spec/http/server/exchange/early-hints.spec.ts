import { expect } from 'chai';
import {
  checkEarlyHints,
  type EarlyHints,
} from '../../../../lib/http/server/exchange/early-hints.ts';

describe('http/server/exchange/early-hints', () => {
  it('takes links, and hints without any', () => {
    for (const link of [
      '</a.css>',
      '</a.css>; rel=preload',
      '<https://a.example/?x=1;y>; rel="preload"; as=style; crossorigin',
      ['</a>; rel=preload', '</b>;rel=preload'],
      [],
      null,
      undefined,
    ]) {
      expect(() => checkEarlyHints({ link }), String(link)).not.to.throw();
    }
    expect(() => checkEarlyHints({ 'x-field': 'value' } as EarlyHints)).not.to.throw();
  });

  it('refuses what http refuses', () => {
    for (const hints of [undefined, null, 'text', 1, ['</a>'], () => {}]) {
      expect(() => checkEarlyHints(hints as unknown as EarlyHints), String(hints))
        .to.throw(TypeError)
        .with.property('code', 'ERR_INVALID_ARG_TYPE');
    }
    for (const link of [
      1,
      {},
      '',
      '/a.css',
      '</a.css',
      '</a>, </b>',
      ['</a>', 'x'],
      '</a>\r\nx: y',
    ]) {
      expect(() => checkEarlyHints({ link }), String(link))
        .to.throw(TypeError)
        .with.property('code', 'ERR_INVALID_ARG_VALUE');
    }
  });
});
