import { encodeHeaderBlock } from '../../lib/framing/header-block.ts';
import type { Header, HeaderList } from '../../lib/protocol/frames.ts';
import { SPDY2, SPDY3 } from '../../lib/protocol/version.ts';
import { createRandom, type Random } from '../support/shred.ts';

/** Names that the sequences use, the sensitive ones among them. */
const NAMES = [
  ':method',
  ':path',
  'a',
  'accept',
  'accept-encoding',
  'cookie',
  'date',
  'etag',
  'host',
];
const MORE_NAMES = ['authorization', 'content-length', 'set-cookie', 'url', 'x-one', 'x-two', 'zz'];
const PIECES = [
  '/',
  'GET',
  'text/html',
  'gzip,deflate,sdch',
  '\0',
  'é',
  'ü\xff',
  '0',
  '17',
  '=; ',
  'aaaa',
  'session',
];

/** Sensitive names of the sequences. */
export const SENSITIVE: ReadonlySet<string> = new Set(['cookie', 'authorization', 'set-cookie']);

/**
 * Header lists that follow each other: most pairs return, some change a little, some come and go; sometimes a value is
 * long, sometimes there are many pairs. The same for the same seed.
 */
export function headerSequence(seed: number, blocks: number): HeaderList[] {
  const random = createRandom(seed);
  const lists: HeaderList[] = [];
  let list: HeaderList = [];
  const old: string[] = [''];
  for (let i = 0; i < blocks; i++) {
    list = nextList(random, list, old);
    lists.push(list);
  }
  return lists;
}

/** The plain block that a compressor has to bring across. */
export function plainOf(wire: 2 | 3, list: HeaderList, utf8: boolean): Buffer {
  const version = wire === 2 ? SPDY2 : SPDY3;
  return Buffer.from(encodeHeaderBlock(version, list, utf8 ? 'utf8' : 'latin1'));
}

function nextList(random: Random, before: HeaderList, old: string[]): HeaderList {
  const chance = (one: number): boolean => random.integer(1, one) === 1;
  const next: Header[] = [];
  const names = new Set<string>();
  const add = (name: string, value: string): void => {
    if (names.has(name)) return;
    names.add(name);
    next.push([name, value]);
  };
  for (const [name, value] of before) {
    if (chance(12)) continue;
    if (chance(4)) add(name, changed(random, value, old));
    else add(name, value);
    if (chance(10)) add(pick(random, NAMES), pick(random, old));
  }
  const fresh = before.length === 0 ? random.integer(0, 12) : random.integer(0, 1);
  for (let i = 0; i < fresh; i++) {
    add(pick(random, chance(3) ? MORE_NAMES : NAMES), changed(random, '', old));
  }
  if (chance(60)) for (let i = 0; i < 300; i++) add(`n${i}`, String(random.integer(0, 3)));
  return chance(15) ? next.reverse() : next;
}

/** A value like the one given: a piece of it is replaced, it grows or shrinks, or an old one returns. */
function changed(random: Random, value: string, old: string[]): string {
  let result: string;
  const way = random.integer(0, 19);
  if (way < 4) return pick(random, old);
  if (way === 4) result = pick(random, PIECES).repeat(random.integer(0, 600));
  else {
    const from = random.integer(0, value.length);
    const to = Math.min(value.length, from + random.integer(0, way));
    let piece = '';
    for (let i = random.integer(0, 4); i > 0; i--) piece += pick(random, PIECES);
    result = value.slice(0, from) + piece + value.slice(to);
  }
  if (old.length < 40) old.push(result);
  else old[random.integer(0, 39)] = result;
  return result;
}

function pick(random: Random, items: readonly string[]): string {
  return items[random.integer(0, items.length - 1)] as string;
}
