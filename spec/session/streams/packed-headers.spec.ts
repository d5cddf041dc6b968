import { expect } from 'chai';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import { packHeaders, unpackHeaders } from '../../../lib/session/streams/packed-headers.ts';

describe('session/streams/packed-headers', () => {
  it('gives the same pairs in the same order, duplicates and empty values too', () => {
    const lists: HeaderList[] = [
      [],
      [
        ['a', ''],
        ['b', '1'],
        ['a', '2'],
      ],
    ];
    for (const list of lists) expect(unpackHeaders(packHeaders(list))).to.deep.equal(list);
  });

  it('is not touched by what becomes of the lists', () => {
    const list: [string, string][] = [['a', '1']];
    const packed = packHeaders(list);
    (list[0] as [string, string])[1] = 'spoilt';
    list.length = 0;
    const unpacked = unpackHeaders(packed) as [string, string][];
    expect(unpacked).to.deep.equal([['a', '1']]);
    unpacked.length = 0;
    expect(unpackHeaders(packed)).to.deep.equal([['a', '1']]);
  });

  it('keeps the names of lists that have the same ones once, unless one of them is long', () => {
    const pack = (name: string): readonly string[] => {
      const list = (value: string): HeaderList => [
        ['shared', value],
        [name, value],
        ['shared', ''],
      ];
      // Where lists differ, one of eight is looked at.
      for (let times = 0; times < 8; times++) packHeaders(list('before'));
      const packed = packHeaders(list('1'));
      expect(unpackHeaders(packed)).to.deep.equal(list('1'));
      return packed[0];
    };
    expect(pack('one')).to.equal(pack('one'));
    expect(pack('two')).to.not.equal(pack('one'));
    const long = 'x'.repeat(65);
    expect(pack(long)).to.not.equal(pack(long));
  });
});
