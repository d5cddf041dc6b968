import { expect } from 'chai';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { IndexedHeaderCompressor } from '../../lib/compression/indexed-compressor.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import { InflateLog } from '../support/inflate-log.ts';
import { plainOf, SENSITIVE } from './header-sequences.ts';

const REQUEST: HeaderList = [
  [':method', 'GET'],
  [':path', '/a/rather/long/path/index.html'],
  ['x', ''],
  ['cookie', 'id=0123456789abcdef'],
  ['authorization', 'short'],
  ['accept', 'text/html'],
];

function make(windowBits = 13): IndexedHeaderCompressor {
  return new IndexedHeaderCompressor(dictionaryFor(3), {
    lengthSize: 4,
    windowBits,
    utf8: false,
    sensitive: SENSITIVE,
  });
}

/** Bytes of these blocks, each followed by a rest or not; all are checked. */
function lengths(lists: readonly HeaderList[], rests: boolean, windowBits = 13): number[] {
  const compressor = make(windowBits);
  const log = new InflateLog(dictionaryFor(3));
  return lists.map((list) => {
    const block = Buffer.from(compressor.compress(list));
    if (rests) compressor.rest();
    expect(log.read(block).plain.equals(plainOf(3, list, false))).to.equal(true);
    return block.length;
  });
}

describe('compression/resting-block', () => {
  it('changes nothing for blocks like the last one', () => {
    const changed = REQUEST.map(([name, value]): [string, string] => [name, `${value}!`]);
    for (const lists of [
      [REQUEST, REQUEST, REQUEST],
      [REQUEST, changed, changed],
      [[], [], REQUEST],
    ])
      expect(lengths(lists, true)).to.deep.equal(lengths(lists, false));
  });

  it('forgets what stood in the blocks before the last one', () => {
    const other: HeaderList = [['accept', 'image/png']];
    const [, , kept = 0] = lengths([REQUEST, other, REQUEST], false);
    const [, , forgotten = 0] = lengths([REQUEST, other, REQUEST], true);
    expect(forgotten).to.be.above(kept);
  });

  it('matches no secret that is too short, as before', () => {
    const guess = (value: string): number =>
      lengths([REQUEST, [['authorization', value]]], true)[1] ?? 0;
    expect(guess('short')).to.equal(guess('sharp'));
  });

  it('rests once, and not before it has begun', () => {
    const compressor = make();
    compressor.rest();
    const first = Buffer.from(compressor.compress(REQUEST));
    expect(first).to.deep.equal(Buffer.from(make().compress(REQUEST)));
    compressor.rest();
    compressor.rest();
    const log = new InflateLog(dictionaryFor(3));
    log.read(first);
    expect(log.read(compressor.compress(REQUEST)).plain).to.deep.equal(plainOf(3, REQUEST, false));
  });

  it('keeps what is known of a long block, and of one that is longer than the window', () => {
    const long: HeaderList = [
      ['x', 'long'.repeat(1500)],
      ['y', '1'],
    ];
    for (const windowBits of [9, 13])
      expect(lengths([long, long, long], true, windowBits)).to.deep.equal(
        lengths([long, long, long], false, windowBits),
      );
  });
});
