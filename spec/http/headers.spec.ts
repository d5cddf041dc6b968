import { expect } from 'chai';
import {
  contentLengthOf,
  endToEndFields,
  toDistinctHeaders,
  toHeaderPairs,
  toIncomingHeaders,
  toRawHeaders,
} from '../../lib/http/headers.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';

describe('HTTP headers', () => {
  it('come from objects, pairs and iterables', () => {
    const pairs = [
      ['a', '1'],
      ['b', '2'],
      ['b', '3'],
    ];
    expect(toHeaderPairs({ A: 1, b: ['2', '3'], c: undefined })).to.deep.equal(pairs);
    expect(toHeaderPairs(pairs as [string, string][])).to.deep.equal(pairs);
    expect(toHeaderPairs(new Headers({ A: '1' }))).to.deep.equal([['a', '1']]);
  });

  it('are text by String(), a field for each element of an Array', () => {
    const values = {
      url: new URL('http://a.example/b'),
      date: new Date(0),
      nothing: null,
      bytes: Buffer.from('"tag"'),
      object: { toString: () => 'text' },
      set: new Set(['a']),
      list: ['1', 2, null] as string[],
    };
    expect(toHeaderPairs(values)).to.deep.equal([
      ['url', 'http://a.example/b'],
      ['date', String(new Date(0))],
      ['nothing', 'null'],
      ['bytes', '"tag"'],
      ['object', 'text'],
      ['set', '[object Set]'],
      ['list', '1'],
      ['list', '2'],
      ['list', 'null'],
    ]);
    expect(toHeaderPairs(Object.entries(values))).to.deep.equal(toHeaderPairs(values));
  });

  it('agree about content-length', () => {
    const length = (...values: string[]): unknown =>
      contentLengthOf(values.map((value) => ['content-length', value]));
    expect(length()).to.equal(null);
    expect(length('5', '5')).to.equal(5);
    expect(length('5, 5', '5')).to.equal(5);
    expect(length(' 5 ')).to.equal(5);
    for (const wrong of [
      ['5', '6'],
      ['5, 6'],
      ['5,'],
      ['5, 5, 6'],
      ['-1'],
      ['1e3'],
      [''],
      ['99999999999999999'],
    ]) {
      expect(length(...wrong), wrong.join()).to.be.NaN;
    }
  });

  it('keep what a connection field names only as long as there is one', () => {
    const fields: HeaderList = [['x-hop', '1']];
    expect(endToEndFields(fields)).to.deep.equal(fields);
    expect(endToEndFields([...fields, ['connection', ' X-Hop ']])).to.deep.equal([]);
  });

  it('are taken as they are where nothing is left out, without pseudo headers before them', () => {
    const fields: HeaderList = [
      ['accept', '*/*'],
      ['cookie', 'a=1'],
    ];
    expect(endToEndFields(fields)).to.equal(fields);
    expect(endToEndFields([[':status', '200'], ...fields])).to.deep.equal(fields);
    expect(endToEndFields([...fields, [':status', '200']])).to.deep.equal(fields);
    expect(endToEndFields([[':status', '200']])).to.deep.equal([]);
  });

  it('become the objects of http', () => {
    const raw = toRawHeaders(
      [
        ['set-cookie', 'a'],
        ['set-cookie', 'b'],
        ['accept', '1'],
        ['accept', '2'],
        ['age', '1'],
        ['age', '2'],
        ['__proto__', 'x'],
        ['constructor', 'a'],
        ['constructor', 'b'],
        ['__proto__', 'y'],
      ],
      'h',
    );
    expect(raw.slice(0, 4)).to.deep.equal(['host', 'h', 'set-cookie', 'a']);
    const headers = toIncomingHeaders(raw);
    expect(Object.entries(headers)).to.deep.equal([
      ['host', 'h'],
      ['set-cookie', ['a', 'b']],
      ['accept', '1, 2'],
      ['age', '1'],
      ['__proto__', 'x, y'],
      ['constructor', 'a, b'],
    ]);
    const { accept } = toDistinctHeaders(raw);
    expect(accept).to.deep.equal(['1', '2']);
  });
});
