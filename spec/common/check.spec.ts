import { expect } from 'chai';
import { checkBoolean, checkObject, checkRange, shown } from '../../lib/common/check.ts';
import { InvalidArgumentError } from '../../lib/errors.ts';

describe('common/check', () => {
  it('takes integers within a range, its ends included', () => {
    for (const value of [1, 2, 9]) expect(checkRange('n', value, 1, 9)).to.equal(value);
    expect(checkRange('n', 0, 0, 0)).to.equal(0);
  });

  for (const value of [0, 10, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2', null, undefined]) {
    it(`refuses ${String(value)} (${typeof value}) and says what is wanted`, () => {
      expect(() => checkRange('n', value, 1, 9))
        .to.throw(InvalidArgumentError, `n must be an integer from 1 to 9, got ${shown(value)}`)
        .with.property('code', 'ERR_SPDY_INVALID_ARGUMENT');
    });
  }

  it('names the only value of a range', () => {
    expect(() => checkRange('slot', 1, 0, 0)).to.throw('slot must be 0, got 1');
  });

  it('takes true and false and nothing else', () => {
    for (const value of [true, false]) expect(checkBoolean('tty', value)).to.equal(value);
    for (const value of [null, undefined, 0, 'false'])
      expect(() => checkBoolean('tty', value)).to.throw(
        InvalidArgumentError,
        `tty must be true or false, got ${shown(value)}`,
      );
  });

  it('takes objects and nothing else', () => {
    for (const value of [{}, []]) checkObject('options', value);
    for (const value of [null, undefined, 1, 'text'])
      expect(() => checkObject('options', value)).to.throw(
        InvalidArgumentError,
        `options must be an object, got ${shown(value)}`,
      );
  });
});
