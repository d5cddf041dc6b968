import { expect } from 'chai';
import { acceptsCoding, isCompressible } from '../../../lib/tools/files/coding.ts';

describe('codings of files', () => {
  for (const [header, expected] of [
    ['br', true],
    ['gzip, deflate, br', true],
    ['GZIP;q=0.5 , BR ; q=0.1', true],
    ['*', true],
    ['*;q=0', false],
    ['br;q=0, *', false],
    ['br;q=0.000', false],
    ['*;q=0, br;q=0.001', true],
    ['gzip', false],
    ['brotli', false],
    ['', false],
    [undefined, false],
  ] as const) {
    it(`${expected ? 'br' : 'no br'} for ${header ?? 'no header'}`, () => {
      expect(acceptsCoding(header, 'br')).to.equal(expected);
    });
  }

  it('are looked for where they make a file shorter', () => {
    for (const name of ['a.html', 'a.js', 'a.svg', 'a.json', 'a.wasm', 'a.ttf', 'a.ico']) {
      expect(isCompressible(name), name).to.equal(true);
    }
    for (const name of ['a.png', 'a.woff2', 'a.zip', 'a.html.gz', 'none']) {
      expect(isCompressible(name), name).to.equal(false);
    }
  });
});
