import { expect } from 'chai';
import {
  contentLengthFor,
  tellsEmptyBody,
} from '../../../../lib/http/client/request/request-length.ts';

describe('http/client/request/request-length', () => {
  const cases: readonly [string, readonly string[], number | null, string | null][] = [
    ['POST', [], 3, '3'],
    ['POST', [], 0, '0'],
    ['POST', [], null, null],
    ['POST', ['3'], 3, '3'],
    ['POST', ['3, 3'], 3, '3'],
    ['POST', ['3', '3'], null, '3'],
    ['GET', [], 3, '3'],
    ['DELETE', [], 0, null],
    ['OPTIONS', ['0'], 0, null],
    ['DELETE', ['0'], null, null],
  ];
  for (const [method, told, actual, length] of cases) {
    it(`${method} with ${JSON.stringify(told)} told and ${actual} bytes: ${length}`, () => {
      expect(contentLengthFor(method, told, actual)).to.equal(length);
    });
  }

  it('refuses what is no length, and a wrong one', () => {
    for (const told of [['-1'], ['x'], [''], ['3', 'x']]) {
      expect(() => contentLengthFor('POST', told, null)).to.throw(
        'content-length must be a number',
      );
    }
    for (const [told, actual] of [
      [['4'], 3],
      [['3', '4'], 3],
      [['3,4'], null],
    ] as const) {
      expect(() => contentLengthFor('POST', told, actual))
        .to.throw('does not match')
        .with.property('code', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH');
    }
  });

  it('tells that a body is empty where there is one as a rule', () => {
    expect(['POST', 'PUT', 'PATCH'].map(tellsEmptyBody)).to.deep.equal([true, true, true]);
    expect(['GET', 'DELETE', 'OPTIONS'].map(tellsEmptyBody)).to.deep.equal([false, false, false]);
  });
});
