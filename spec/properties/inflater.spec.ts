import { constants, inflateSync } from 'node:zlib';
import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  Z_DEFAULT_STRATEGY,
  Z_FILTERED,
  Z_FIXED,
  Z_FULL_FLUSH,
  Z_HUFFMAN_ONLY,
  Z_PARTIAL_FLUSH,
  Z_RLE,
  Z_SYNC_FLUSH,
} from 'pako';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { HeaderDecompressor } from '../../lib/compression/header-decompressor.ts';
import { BitWriter, writeBlocks } from '../compression/deflate-writer.ts';
import { headerSequence, plainOf } from '../compression/header-sequences.ts';
import { PakoDeflater, PakoInflater } from '../support/pako-zlib.ts';
import { createRandom, type Random } from '../support/shred.ts';

/** How many streams are tried of each kind. */
const { SPDYLAY_STREAMS = '400' } = process.env;
const STREAMS = Number(SPDYLAY_STREAMS);
const NO_LIMIT = 1 << 28;
const FLUSHES = [Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_PARTIAL_FLUSH] as const;
const STRATEGIES = [Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED] as const;

/** A stream of header blocks, as zlib writes it with any of its parameters. */
function zlibStream(random: Random, wire: 2 | 3): Buffer {
  const preset = random.integer(0, 9);
  const other = wire === 2 ? 3 : 2;
  const deflater = new PakoDeflater({
    level: random.integer(0, 9),
    windowBits: random.integer(8, 15),
    memLevel: random.integer(1, 9),
    strategy: pick(random, STRATEGIES),
    dictionary: preset === 0 ? null : dictionaryFor(preset === 1 ? other : wire),
  });
  const lists = headerSequence(random.integer(0, 1 << 30), random.integer(1, 6));
  return Buffer.concat(
    lists.map((list) => deflater.deflate(plainOf(wire, list, false), pick(random, FLUSHES))),
  );
}

/** A stream with codes of any kind. */
function anyStream(random: Random, wire: 2 | 3): Buffer {
  const preset = random.integer(0, 3) > 0;
  const writer = new BitWriter();
  writeBlocks(random, writer, random.integer(1, 5), preset ? 1000 : 0);
  return Buffer.concat([zlibHeader(random, wire, preset), writer.bytes()]);
}

function zlibHeader(random: Random, wire: 2 | 3, preset: boolean): Buffer {
  const cmf = (random.integer(0, 7) << 4) | 8;
  const flags = preset ? 0x20 : 0;
  const check = (31 - (((cmf << 8) | flags) % 31)) % 31;
  const id = preset ? (wire === 2 ? 'dfa251b2' : 'e3c6a7c2') : '';
  return Buffer.from(Buffer.from([cmf, flags + check]).toString('hex') + id, 'hex');
}

/** Some bits of the stream turned round, or its rest replaced by noise. */
function damage(random: Random, bytes: Buffer): Buffer {
  const damaged = Buffer.from(bytes);
  const from = random.integer(0, 3) === 0 ? 0 : Math.min(6, bytes.length - 1);
  const at = random.integer(from, Math.min(bytes.length - 1, from + random.integer(0, 400)));
  if (random.integer(0, 2) > 0) {
    damaged[at] = (damaged[at] as number) ^ (1 << random.integer(0, 7));
    return damaged;
  }
  for (let i = at; i < damaged.length; i++) damaged[i] = random.integer(0, 255);
  return damaged;
}

/** What zlib makes of the whole, or null if it refuses it. */
function nativeInflate(bytes: Buffer, dictionary: Uint8Array): Buffer | null {
  try {
    return inflateSync(bytes, { dictionary, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}

/** Expects the same as of pako behind each piece, and as of zlib in the end. */
function expectSame(bytes: Buffer, wire: 2 | 3, random: Random): void {
  const dictionary = dictionaryFor(wire);
  const inflater = new HeaderDecompressor(dictionary);
  const pako = new PakoInflater(dictionary);
  const plain: Buffer[] = [];
  const most = pick(random, [1, 3, 40, 2000]);
  let problem: string | null = null;
  for (let at = 0; at < bytes.length && problem === null; ) {
    const end = Math.min(bytes.length, at + random.integer(1, most));
    const expected = pako.inflate(bytes.subarray(at, end));
    problem = inflater.push(bytes, at, end, NO_LIMIT, NO_LIMIT);
    expect(problem).to.equal(pako.problem);
    expect(inflater.block().equals(expected)).to.equal(true);
    plain.push(expected);
    inflater.reset();
    at = end;
  }
  // zlib reads up to the end of the stream, and beyond the declared window.
  if (problem?.endsWith('ended the zlib stream')) return;
  if (problem?.endsWith('too far back') && (bytes[0] as number) >> 4 < 7) return;
  const native = nativeInflate(bytes, dictionary);
  expect(native === null).to.equal(problem !== null);
  if (native !== null) expect(native.equals(Buffer.concat(plain))).to.equal(true);
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(0, items.length - 1)] as T;
}

function property(make: (random: Random, wire: 2 | 3) => Buffer): unknown {
  return fc.assert(
    fc.property(fc.constantFrom<(2 | 3)[]>(2, 3), fc.nat(), (wire, seed) => {
      const random = createRandom(seed);
      expectSame(make(random, wire), wire, random);
    }),
    { numRuns: STREAMS },
  );
}

describe('properties: inflater', function () {
  this.timeout(Math.max(60_000, 10 * STREAMS));

  it('reads what zlib writes with any parameters, as zlib and pako do, cut anywhere (checklist 228, 229, 235, 236)', () =>
    property(zlibStream));

  it('reads any codes and blocks as zlib and pako do, or refuses them with them (checklist 229, 232)', () =>
    property(anyStream));

  it('reads or refuses a damaged stream as zlib and pako do (checklist 231, 232, 233)', () =>
    property((random, wire) => damage(random, zlibStream(random, wire))));

  it('reads or refuses damaged codes as zlib and pako do (checklist 232)', () =>
    property((random, wire) => damage(random, anyStream(random, wire))));
});
