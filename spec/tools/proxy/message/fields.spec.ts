import { expect } from 'chai';
import {
  endToEnd,
  faultOf,
  lengthOf,
  objectOf,
  pairsOf,
} from '../../../../lib/tools/proxy/message/fields.ts';

describe('tools/proxy/message/fields', () => {
  it('takes away what belongs to a connection, and what `connection` names', () => {
    const fields = pairsOf([
      ...['Connection', 'close, X-Own', 'Keep-Alive', 'timeout=5', 'TE', 'trailers'],
      ...['Transfer-Encoding', 'chunked', 'Upgrade', 'h2c', 'HTTP2-Settings', 'AA'],
      ...['Proxy-Connection', 'close', 'X-Own', '1', 'X-Other', '2', ':status', '200'],
    ]);
    expect(endToEnd(fields)).to.deep.equal([['x-other', '2']]);
  });

  it('never lets `connection` take the length of the body away', () => {
    const fields = [
      ['connection', 'content-length'],
      ['content-length', '3'],
    ] as const;
    expect(endToEnd(fields)).to.deep.equal([['content-length', '3']]);
  });

  it('reads the length of a body', () => {
    const length = (...values: string[]): number | null =>
      lengthOf(values.map((value) => ['content-length', value] as const));
    expect(length()).to.equal(null);
    expect(length('0')).to.equal(0);
    expect(length('12', '12')).to.equal(12);
    for (const wrong of [['1', '2'], ['+1'], ['1, 1'], ['0x1'], [''], ['1'.repeat(16)]]) {
      expect(length(...wrong), wrong.join()).to.deep.equal(Number.NaN);
    }
  });

  it('finds what no field can have', () => {
    expect(faultOf([['x-a', 'b\tc é']])).to.equal(null);
    expect(faultOf([['x-a', 'b\nc']])).to.match(/control characters \(x-a\)/);
    expect(faultOf([['X-A', 'b']])).to.match(/field name/);
    expect(faultOf([['', 'b']])).to.match(/field name/);
  });

  it('joins repeated fields for HTTP/2', () => {
    const fields = [
      ['a', '1'],
      ['set-cookie', 'x'],
      ['cookie', 'c=1'],
      ['a', '2'],
      ['set-cookie', 'y'],
      ['cookie', 'd=2'],
      ['__proto__', 'p'],
    ] as const;
    const joined = objectOf(fields);
    expect(Object.entries(joined)).to.deep.equal([
      ['a', '1, 2'],
      ['set-cookie', ['x', 'y']],
      ['cookie', 'c=1; d=2'],
      ['__proto__', 'p'],
    ]);
  });
});
