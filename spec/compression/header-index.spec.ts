import v8 from 'node:v8';
import vm from 'node:vm';
import { expect } from 'chai';
import { HeaderIndex, type KnownName, type KnownPair } from '../../lib/compression/header-index.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

const REACH = 1000;

function make(start = 100): HeaderIndex {
  const index = new HeaderIndex(REACH, start);
  index.wake();
  return index;
}

function nameIn(index: HeaderIndex, name: string): KnownName {
  return index.find(name) ?? index.addName(name, false);
}

describe('compression/header-index', () => {
  it('says where pairs stand, however many there are', () => {
    const index = make();
    const known = nameIn(index, 'n');
    for (let i = 0; i < 500; i++) {
      index.add(known, `value-${i}`, 10);
      expect(index.length).to.equal(i + 1);
      expect(index.at(i)?.value).to.equal(`value-${i}`);
      for (const back of [0, 1, 50, 99]) {
        if (back > i) continue;
        expect(index.at(i - back)?.value).to.equal(`value-${i - back}`);
        expect(index.distance(i - back)).to.equal(10 * (back + 1));
      }
    }
    expect(index.at(500)).to.equal(null);
    expect(index.at(-1)).to.equal(null);
    expect(index.at(0)).to.equal(null);
  });

  it('finds a run of pairs again while it is within reach', () => {
    const lists: HeaderList = [
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ];
    const index = make();
    for (const [name, value] of lists) index.add(nameIn(index, name), value, 10);
    expect(index.repeat(lists, 0, 0, 8)).to.equal(3);
    expect(index.repeat(lists, 1, 4, 8)).to.equal(2);
    expect(index.repeat(lists, 0, 4, 8)).to.equal(0);
    expect(index.repeat(lists, 0, 8, 8)).to.equal(0);
    index.add(nameIn(index, 'd'), 'long', REACH);
    expect(index.repeat(lists, 0, 3, 8)).to.equal(0);
  });

  it('forgets names of which nothing is within reach', () => {
    const index = make();
    index.add(nameIn(index, 'old'), 'value', 10);
    index.forget();
    expect(index.find('old')?.count).to.equal(1);
    index.add(nameIn(index, 'new'), 'value', REACH);
    index.forget();
    expect(index.find('old')).to.equal(undefined);
    expect(index.find('new')?.count).to.equal(1);
  });

  it('keeps no pair alive that is out of reach, however much room the log has', async () => {
    const index = make();
    const small = nameIn(index, 'small');
    for (let i = 0; i < REACH; i++) index.add(small, '', 1);
    const long = nameIn(index, 'long');
    for (let i = 0; i < 20; i++) index.add(long, `a long value: ${i}`, 100);
    const held = new WeakRef(index.at(index.length - 1) as KnownPair);
    for (let i = 0; i < 20; i++) {
      index.add(long, `another long value: ${i}`, 100);
      index.forget();
    }
    // A WeakRef holds its value until the running job has ended.
    for (let turns = 0; held.deref() !== undefined && turns < 100; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
    }
    expect(held.deref()).to.equal(undefined);
    expect(index.at(index.length - 1)?.value).to.equal('another long value: 19');
  });

  it('forgets everything once in a GiB, so that its positions stay small', () => {
    const index = make();
    index.position = 2 ** 30;
    index.add(nameIn(index, 'a'), '1', 10);
    index.forget();
    expect(index.find('a')).to.equal(undefined);
    expect(index.length).to.equal(0);
    expect(index.at(0)).to.equal(null);
    expect(index.rests).to.equal(false);
    // No match reaches the dictionary, which begins at 0.
    expect(index.position).to.be.within(2 ** 28, 2 ** 29);
    index.add(nameIn(index, 'a'), '1', 10);
    expect(index.at(0)?.value).to.equal('1');
    expect(index.distance(0)).to.equal(10);
  });
});
