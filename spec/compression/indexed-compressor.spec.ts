import { expect } from 'chai';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { HeaderCompressor } from '../../lib/compression/header-compressor.ts';
import { HeaderDecompressor } from '../../lib/compression/header-decompressor.ts';
import {
  IndexedHeaderCompressor,
  type IndexedOptions,
} from '../../lib/compression/indexed-compressor.ts';
import type { Header, HeaderList } from '../../lib/protocol/frames.ts';
import { memoryInUse } from '../scenarios/attack-support.ts';
import { InflateLog, type InflateStep } from '../support/inflate-log.ts';
import { createRandom } from '../support/shred.ts';
import { headerSequence, plainOf, SENSITIVE } from './header-sequences.ts';
import { nativeInflate } from './native-stream.ts';

const REQUEST: HeaderList = [
  [':method', 'GET'],
  [':path', '/index.html'],
  [':version', 'HTTP/1.1'],
  [':host', 'www.example.com'],
  ['accept-encoding', 'gzip, deflate'],
  ['cookie', 'id=0123456789abcdef'],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64)'],
];

function make(options: Partial<IndexedOptions> = {}, wire: 2 | 3 = 3): IndexedHeaderCompressor {
  return new IndexedHeaderCompressor(dictionaryFor(wire), {
    lengthSize: wire === 2 ? 2 : 4,
    windowBits: 13,
    utf8: false,
    sensitive: SENSITIVE,
    ...options,
  });
}

/** REQUEST with another value of a name. */
function withValue(name: string, value: string): HeaderList {
  return REQUEST.map((header) => (header[0] === name ? [name, value] : header));
}

/** What the last of several blocks is made of; all are checked. */
function lastSteps(
  lists: readonly HeaderList[],
  options: Partial<IndexedOptions> = {},
  wire: 2 | 3 = 3,
): readonly InflateStep[] {
  const compressor = make(options, wire);
  const log = new InflateLog(dictionaryFor(wire));
  let steps: readonly InflateStep[] = [];
  for (const list of lists) {
    const read = log.read(compressor.compress(list));
    expect(read.plain.equals(plainOf(wire, list, options.utf8 ?? false))).to.equal(true);
    steps = read.steps;
  }
  return steps;
}

/** Has the blocks of these lists read. */
function expectRoundTrip(
  lists: readonly HeaderList[],
  options: Partial<IndexedOptions>,
  wire: 2 | 3,
): void {
  const compressor = make(options, wire);
  const inflater = new HeaderDecompressor(dictionaryFor(wire));
  for (const list of lists) {
    const block = compressor.compress(list);
    expect(inflater.push(block, 0, block.length, 1 << 28, 1 << 28)).to.equal(null);
    expect(inflater.block().equals(plainOf(wire, list, options.utf8 ?? false))).to.equal(true);
    inflater.reset();
  }
}

/** The literals among steps, one after the other. */
function literalsOf(steps: readonly InflateStep[]): string {
  return Buffer.from(steps.flatMap((step) => ('literal' in step ? [step.literal] : []))).toString(
    'latin1',
  );
}

/** Bytes of the block that follows blocks with these lists. */
function sizeAfter(before: readonly HeaderList[], list: HeaderList): number {
  const compressor = make();
  for (const earlier of before) compressor.compress(earlier);
  return compressor.compress(list).length;
}

describe('compression/indexed-compressor', () => {
  it('starts each stream with its window and the dictionary of its version (checklist 225, 226, 227)', () => {
    for (const [wire, id] of [
      [2, 'dfa251b2'],
      [3, 'e3c6a7c2'],
    ] as const) {
      for (let windowBits = 9; windowBits <= 15; windowBits++) {
        const compressor = make({ windowBits }, wire);
        const first = compressor.compress(REQUEST).toString('hex', 0, 6);
        expect(first).to.match(new RegExp(`^${windowBits - 8}8..${id}$`));
        expect(Number.parseInt(first.slice(0, 4), 16) % 31).to.equal(0);
        expect(compressor.compress(REQUEST).toString('hex')).to.not.contain(id);
      }
    }
  });

  it('is understood by zlib with the declared window and no more (checklist 228, 229, 230)', async () => {
    for (const wire of [2, 3] as const) {
      for (let windowBits = 9; windowBits <= 15; windowBits++) {
        for (const utf8 of [false, true]) {
          const lists = headerSequence(windowBits, 12);
          const compressor = make({ windowBits, utf8 }, wire);
          const blocks = lists.map((list) => Buffer.from(compressor.compress(list)));
          const dictionary = dictionaryFor(wire);
          const plains = await nativeInflate(blocks, { dictionary, windowBits, chunkSize: 256 });
          expect(plains).to.deep.equal(lists.map((list) => plainOf(wire, list, utf8)));
        }
      }
    }
  });

  it('makes one match of a list that returns', () => {
    const steps = lastSteps([REQUEST, REQUEST]);
    const length = plainOf(3, REQUEST, false).length;
    expect(steps).to.deep.equal([{ length, distance: length }]);
    const compressor = make();
    for (let i = 0; i < 2; i++) compressor.compress(REQUEST);
    expect(compressor.compress(REQUEST).length).to.be.at.most(9);
  });

  it('goes on with a match that an earlier list made longer', () => {
    const other = withValue('accept-encoding', 'br');
    const steps = lastSteps([REQUEST, other, other, REQUEST]);
    expect(literalsOf(steps)).to.equal('');
    expect(steps.length).to.be.at.most(3);
  });

  it('writes of a new value what differs', () => {
    const value = (path: string, before = '/index.html'): string =>
      literalsOf(lastSteps([withValue(':path', before), withValue(':path', path)]));
    expect(value('/index.htmx')).to.equal('x');
    expect(value('/ondex.html')).to.equal('o');
    expect(value('/index.html/')).to.equal('\x0c/');
    expect(value('/index')).to.equal('\x06');
    expect(value('/assets/17/c.png?v=5', '/assets/2/cc.png?v=6')).to.equal('17/c5');
    expect(value('/a/17/images.png', '/a/2/images.jpg')).to.equal('\x10/a/17pn');
    expect(value('')).to.equal('\0');
    expect(value('/x', '')).to.equal('\x02/x');
  });

  it('compares a new value with the earlier ones of its name', () => {
    const paths = ['/images/large/1.png', '/api/basket?page=1', '/images/large/2.png'];
    const steps = lastSteps(paths.map((path) => withValue(':path', path)));
    expect(literalsOf(steps)).to.equal('2');
    const secrets = paths.map((path) => withValue('cookie', path));
    expect(literalsOf(lastSteps(secrets))).to.equal('\x13/images/large/2.png');
  });

  it('compares no value with those of other names', () => {
    const lists: HeaderList[] = [[['x-one', 'qxj-wvk-zzy-qqq']], [['x-two', 'qxj-wvk-zzy-qqq']]];
    expect(literalsOf(lastSteps(lists))).to.contain('qxj-wvk-zzy-qqq');
  });

  it('takes names and values out of the dictionary as long as it is within reach', () => {
    const list: HeaderList = [['accept-charset', 'text/html']];
    expect(literalsOf(lastSteps([list]))).to.not.match(/charset|html/);
    expect(literalsOf(lastSteps([list], { windowBits: 9 }))).to.contain('accept');
    const pushedOut: HeaderList = [['x', '-'.repeat(10_000)]];
    expect(literalsOf(lastSteps([pushedOut, list]))).to.contain('accept-charset');
  });

  it('forgets what no match can reach', () => {
    for (const windowBits of [9, 12, 15]) {
      const filler: HeaderList = [['x', '-'.repeat(2 ** windowBits)]];
      const steps = lastSteps([REQUEST, filler, REQUEST], { windowBits });
      expect(literalsOf(steps)).to.contain('www.example.com');
      expect(literalsOf(lastSteps([REQUEST, [], [], REQUEST], { windowBits }))).to.equal('');
    }
  });

  it('goes on behind pairs that were left out or put between', () => {
    const short = REQUEST.filter(([name]) => name !== ':version' && name !== 'cookie');
    expect(lastSteps([REQUEST, short]).length).to.be.at.most(8);
    const long: HeaderList = [...REQUEST.slice(0, 3), ['x', '1'], ...REQUEST.slice(3)];
    expect(literalsOf(lastSteps([REQUEST, long]))).to.have.length.below(15);
    expect(literalsOf(lastSteps([REQUEST, [...REQUEST].reverse()]))).to.equal('');
  });

  it('keeps the sixteen latest values of a name', () => {
    const values = (count: number): HeaderList[] =>
      Array.from({ length: count }, (_, i) => [['x', String.fromCharCode(97 + i).repeat(20)]]);
    const again: HeaderList = [['x', 'a'.repeat(20)]];
    expect(literalsOf(lastSteps([...values(16), again]))).to.equal('');
    expect(literalsOf(lastSteps([...values(17), again]))).to.contain('a'.repeat(20));
  });

  it('keeps nothing alive of which the values were cut out', () => {
    const compressor = make({ windowBits: 15 });
    const before = memoryInUse();
    for (let i = 0; i < 500; i++) {
      const list = ['a', 'cookie', 'c', 'd'].map((name, at): Header => {
        const value = `value-${i}-`.padEnd(at === 0 ? 13 : 40, String(at));
        const block = value.padEnd(100_000, '.');
        return [name, block.slice(0, value.length)];
      });
      compressor.compress(list);
    }
    expect(memoryInUse() - before).to.be.below(3_000_000);
    // It is still in use.
    expect(compressor.compress([['d', '1']])).not.to.have.length(0);
  });

  it('takes anything: empty, long, many, every byte', () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1');
    const many: HeaderList = Array.from({ length: 5000 }, (_, i) => [`n${i}`, `v${i % 7}`]);
    const lists: HeaderList[] = [
      [],
      [],
      [['x', '']],
      [['x', 'é'.repeat(200_000)]],
      [['x', `${'é'.repeat(200_000)}x`]],
      [
        ['x', every],
        ['y', `${every}\0${every}`],
      ],
      [['cookie', every]],
      many,
      many,
      [...many].reverse(),
      [],
      [['n'.repeat(70_000), 'x']],
    ];
    for (const windowBits of [9, 15]) {
      for (const utf8 of [false, true]) expectRoundTrip(lists, { windowBits, utf8 }, 3);
      const short = lists.map((list) =>
        list.map(([name, value]) => [name.slice(0, 65_000), value.slice(0, 65_000)] as const),
      );
      expectRoundTrip(short, { windowBits }, 2);
    }
  });

  it('grows a block by an eighth and a few bytes at most', () => {
    const random = createRandom(3);
    for (const length of [0, 1, 100, 5000, 100_000]) {
      const bytes = Array.from({ length }, () => random.integer(128, 255));
      const list: HeaderList = [['x', Buffer.from(bytes).toString('latin1')]];
      const plain = plainOf(3, list, false).length;
      expect(make().compress(list).length).to.be.at.most(plain + (plain >> 3) + 32);
    }
  });

  describe('against guesses (CRIME)', () => {
    const SECRET = '7f3a90c1d25be846';
    const secretList = withValue('cookie', SECRET);
    /** Values of which the first n bytes are those of the secret. */
    const guesses = Array.from({ length: SECRET.length }, (_, n) =>
      SECRET.slice(0, n).padEnd(SECRET.length, '-'),
    );

    /** The sizes of blocks that follow the secret, by what is guessed. */
    const sizes = (make: (guess: string) => HeaderList): number[] => [
      ...new Set(guesses.map((guess) => sizeAfter([secretList, REQUEST], make(guess)))),
    ];

    it('a guess that is right in its first n bytes makes no block shorter', () => {
      expect(sizes((guess) => withValue(':path', `/?cookie=${guess}`))).to.have.length(1);
      expect(sizes((guess) => [...secretList, ['x', guess]])).to.have.length(1);
      expect(sizes((guess) => [...secretList, ['set-cookie', guess]])).to.have.length(1);
      expect(sizes((guess) => withValue('cookie', guess))).to.have.length(1);
      expect(sizes((guess) => withValue('cookie', `${guess}\0${SECRET}`))).to.have.length(1);
      expect(sizes((guess) => withValue('cookie', guess.split('').reverse().join(''))))
        .to.have //
        .length(1);
    });

    it('nor does the whole secret in another name', () => {
      const size = (guess: string): number =>
        sizeAfter([secretList], [...secretList, ['x', guess]]);
      expect(size(SECRET)).to.equal(size('-'.repeat(SECRET.length)));
    });

    it('only the whole value in the same name does', () => {
      const whole = sizeAfter([secretList, REQUEST], secretList);
      expect(whole).to.be.below(sizes((guess) => withValue('cookie', guess))[0] ?? 0);
    });

    it("which zlib's deflate would not withstand", () => {
      const compress = (guess: string): number => {
        const options = { level: 9, windowBits: 13, memLevel: 8 };
        const compressor = new HeaderCompressor(dictionaryFor(3), options);
        compressor.compress(plainOf(3, secretList, false));
        return compressor.compress(plainOf(3, withValue(':path', `/?cookie=${guess}`), false))
          .length;
      };
      expect(new Set(guesses.map(compress)).size).to.be.above(1);
    });

    it('short secrets are never matched, since few guesses would do', () => {
      const pin = withValue('cookie', '1234567');
      expect(literalsOf(lastSteps([pin, pin]))).to.equal('1234567');
      const longer = withValue('cookie', '12345678');
      expect(literalsOf(lastSteps([longer, longer]))).to.equal('');
    });

    it('secrets have nothing from the dictionary', () => {
      const list: HeaderList = [['cookie', 'text/html,image/png']];
      expect(literalsOf(lastSteps([list]))).to.contain('text/html,image/png');
    });

    it('which names are sensitive can be chosen', () => {
      const lists = ['/token/aaaaaaaa', '/token/bbbbbbbb'].map((path) => withValue(':path', path));
      expect(literalsOf(lastSteps(lists))).to.equal('bbbbbbbb');
      const sensitive = new Set([':path']);
      expect(literalsOf(lastSteps(lists, { sensitive }))).to.equal('/token/bbbbbbbb');
    });
  });
});
