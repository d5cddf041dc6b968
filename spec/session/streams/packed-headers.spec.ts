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
});
