import { expect } from 'chai';
import { type DecodedHeaderBlock, decodeHeaderBlock } from '../../lib/framing/header-block.ts';
import { HeaderMemory } from '../../lib/framing/header-memory.ts';
import type { Header, HeaderList } from '../../lib/protocol/frames.ts';
import { SPDY2, SPDY3_1 } from '../../lib/protocol/version.ts';
import { headerSequence, plainOf } from '../compression/header-sequences.ts';
import { memoryInUse } from '../scenarios/attack-support.ts';
import { FrameFactory } from '../support/frame-factory.ts';
import { createRandom } from '../support/shred.ts';

function plain(headers: HeaderList): Buffer {
  return new FrameFactory(SPDY3_1).headerBlock(headers);
}

/** Reads blocks one after the other with one memory; returns what the last one holds. */
function decodeAll(...lists: HeaderList[]): DecodedHeaderBlock {
  const memory = usedMemory();
  let decoded: DecodedHeaderBlock = { headers: [], fault: null };
  for (const list of lists) {
    decoded = decodeHeaderBlock(SPDY3_1, plain(list), 'latin1', 1000, memory);
  }
  return decoded;
}

const LIST: HeaderList = [
  ['a', 'first'],
  ['b', 'second'],
  ['c', ''],
  ['d', 'fourth'],
];

/** A memory of a session that has received a block before. */
function usedMemory(): HeaderMemory {
  const memory = new HeaderMemory();
  decodeHeaderBlock(SPDY3_1, plain([['z', 'before']]), 'latin1', 9, memory);
  return memory;
}

describe('framing/header-memory', () => {
  it('takes no memory for a session with a single block', () => {
    const memory = new HeaderMemory();
    const block = plain(LIST);
    for (const expected of [0, 0, 4]) {
      memory.begin();
      expect(memory.count(block, 4)).to.equal(expected);
      decodeHeaderBlock(SPDY3_1, block, 'latin1', 9, memory);
    }
  });

  it('does not change what a block is read as, good or bad', () => {
    for (let seed = 0; seed < 150; seed++) {
      const random = createRandom(seed);
      const wire = seed % 2 === 0 ? 2 : 3;
      const version = wire === 2 ? SPDY2 : SPDY3_1;
      const utf8 = random.integer(0, 1) === 1;
      const encoding = utf8 ? 'utf8' : 'latin1';
      const memory = new HeaderMemory();
      for (const list of headerSequence(seed, 10)) {
        let block = plainOf(wire, list, utf8);
        const damage = random.integer(0, 5);
        if (damage === 0) block = block.subarray(0, random.integer(0, block.length));
        if (damage === 1) block[random.integer(0, block.length - 1)] = random.integer(0, 255);
        if (damage === 2) block = Buffer.concat([block, Buffer.alloc(random.integer(1, 9))]);
        const most = damage === 3 ? random.integer(1, 12) : 1000;
        expect(decodeHeaderBlock(version, block, encoding, most, memory)).to.deep.equal(
          decodeHeaderBlock(version, block, encoding, most),
        );
      }
    }
  });

  it('finds pairs behind one that changed, is new, or was left out', () => {
    const changed: HeaderList = [['a', 'first'], ['b', 'other'], ...LIST.slice(2)];
    const added: HeaderList = [['a', 'first'], ['x', 'new'], ...LIST.slice(1)];
    const leftOut: HeaderList = [['a', 'first'], ...LIST.slice(2)];
    for (const list of [LIST, changed, added, leftOut, [...LIST].reverse(), []]) {
      expect(decodeAll(LIST, list)).to.deep.equal({ headers: list, fault: null });
      expect(decodeAll(list, LIST)).to.deep.equal({ headers: LIST, fault: null });
    }
  });

  it('refuses a name that stands twice, known or not (checklist 210)', () => {
    const twice: HeaderList[] = [
      [...LIST, ['a', 'first']],
      [...LIST, ['b', 'other']],
      [['a', 'first'], ['a', 'first'], ...LIST.slice(1)],
      [['d', 'fourth'], ...LIST],
      [['x', '1'], ...LIST, ['x', '2']],
      [['a', 'other'], ...LIST],
      [['x', '1'], ['b', 'other'], ...LIST],
    ];
    for (const list of twice) {
      expect(decodeAll(LIST, list)).to.deep.equal({ headers: list, fault: 'content' });
      expect(decodeAll(LIST, list, LIST)).to.deep.equal({ headers: LIST, fault: null });
    }
  });

  it('counts remembered pairs, too', () => {
    const memory = new HeaderMemory();
    decodeHeaderBlock(SPDY3_1, plain(LIST), 'latin1', 1000, memory);
    for (const most of [1, 3]) {
      expect(decodeHeaderBlock(SPDY3_1, plain(LIST), 'latin1', most, memory)).to.deep.equal({
        headers: LIST.slice(0, most),
        fault: 'size',
      });
    }
  });

  it('is not touched by what the application does with the pairs', () => {
    const memory = new HeaderMemory();
    for (let i = 0; i < 3; i++) {
      const { headers } = decodeHeaderBlock(SPDY3_1, plain(LIST), 'latin1', 1000, memory);
      expect(headers).to.deep.equal(LIST);
      for (const header of headers as unknown as [string, string][]) header[1] = 'spoilt';
      (headers as unknown as unknown[]).length = 0;
    }
  });

  it('is not touched by what comes into the memory of the block', () => {
    const memory = new HeaderMemory();
    for (let i = 0; i < 3; i++) {
      const block = plain(LIST);
      expect(decodeHeaderBlock(SPDY3_1, block, 'latin1', 9, memory).headers).to.deep.equal(LIST);
      block.fill(0);
    }
  });

  it('gives the same strings again for pairs and names that return', () => {
    const memory = usedMemory();
    const blocks = [LIST, [...LIST.slice(0, 3), ['d', 'changed']] as HeaderList].map(plain);
    for (const block of blocks) decodeHeaderBlock(SPDY3_1, block, 'latin1', 9, memory);
    const block = blocks[0] as Buffer;
    memory.begin();
    expect(memory.count(block, 4)).to.equal(3);
    const headers: Header[] = [];
    const end = plain(LIST.slice(0, 3)).length;
    expect(memory.take(3, 4, headers)).to.equal(end);
    expect(headers).to.deep.equal(LIST.slice(0, 3));
    expect(memory.takeName(5)).to.equal('d');
    expect(memory.count(block, 4)).to.equal(0);
  });

  it('remembers no block of more than 4096 bytes', () => {
    const memory = usedMemory();
    const read = (list: HeaderList): number => {
      const block = plain(list);
      decodeHeaderBlock(SPDY3_1, block, 'latin1', 5000, memory);
      memory.begin();
      return memory.count(block, 4);
    };
    const overhead = plain([['x', '']]).length;
    expect(read([['x', 'y'.repeat(4096 - overhead)]])).to.equal(1);
    expect(read([['x', 'z'.repeat(4097 - overhead)]])).to.equal(0);
    expect(read(Array.from({ length: 2000 }, (_, i) => [`n${i}`, '']))).to.equal(0);
    expect(read(LIST)).to.equal(4);
  });

  it('reads all anew before its strings come from more than 32 KiB of text', () => {
    const memory = usedMemory();
    // Three new values become strings of their own: the text is the one behind them.
    const listOf = (letter: string): HeaderList => [
      ...LIST,
      ...['u', 'v', 'w'].map((name): Header => [name, letter]),
      ['x', letter.repeat(1000)],
    ];
    const decode = (letter: string): number => {
      const block = plain(listOf(letter));
      memory.begin();
      const before = memory.count(block, 4);
      decodeHeaderBlock(SPDY3_1, block, 'latin1', 9, memory);
      return before;
    };
    // The text of the first block is nearly all of it: names are cut out of it too.
    const rest = 32_768 - (plain(listOf('a')).length - 8);
    const blocks = Math.floor(rest / 1000);
    expect(decode('a')).to.equal(0);
    // The same block again adds nothing.
    for (let i = 0; i < 2 * blocks; i++) expect(decode('a')).to.equal(8);
    for (let i = 0; i < blocks; i++) expect(decode(i % 2 === 0 ? 'b' : 'c')).to.equal(4);
    expect(decode('d')).to.equal(4);
    expect(decode('e')).to.equal(0);
    expect(decode('f')).to.equal(4);
  });

  it('gives out new values of known names that keep nothing of their block alive', () => {
    const memory = usedMemory();
    const values: string[] = [];
    const read = (value: string): void => {
      const block = plain([...LIST, ['x', value], ['y', '.'.repeat(3500)]]);
      const { headers } = decodeHeaderBlock(SPDY3_1, block, 'latin1', 9, memory);
      values.push((headers[4] as Header)[1]);
    };
    read('first');
    const before = memoryInUse();
    for (let i = 0; i < 3000; i++) read(`${i}`.padStart(20, '0'));
    expect(memoryInUse() - before).to.be.below(3_000_000);
    expect(values).to.have.lengthOf(3001);
  });
});
