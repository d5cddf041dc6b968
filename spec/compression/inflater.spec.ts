import { expect } from 'chai';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { HeaderDecompressor } from '../../lib/compression/header-decompressor.ts';
import { BYTES, type Cut, createRandom, shred, WHOLE } from '../support/shred.ts';
import { BitWriter, codesOf, describeCodes, type Lengths, putSymbols } from './deflate-writer.ts';

const NO_LIMIT = 1 << 28;
const DICTIONARY = Buffer.from(dictionaryFor(3));

/** Pieces of 1 to 8 bytes. */
const PIECES: readonly Cut[] = [1, 2, 3, 4, 5, 6, 7, 8].map((size) => ({ kind: 'pieces', size }));

/** zlib header: a window of 32 KiB, no dictionary. */
const PLAIN_HEADER = '7801';
/** zlib header: a window of 32 KiB, SPDY/3's dictionary. */
const PRESET_HEADER = '7820e3c6a7c2';
/** The same, but 256 bytes of window. */
const SMALL_HEADER = '0820e3c6a7c2';

/** Two literals, a and b, the end, and lengths 3 and 258. */
const LITERALS: Lengths = lengthsOf(286, { 97: 2, 98: 2, 256: 2, 257: 3, 285: 3 });

function lengthsOf(count: number, lengths: Readonly<Record<number, number>>): number[] {
  return Array.from({ length: count }, (_, symbol) => lengths[symbol] ?? 0);
}

function stream(header: string, writer: BitWriter): Buffer {
  const head = Buffer.from(header, 'hex');
  head[1] = (head[1] as number) + ((31 - (head.readUInt16BE(0) % 31)) % 31);
  return Buffer.concat([head, writer.bytes()]);
}

/** A block with the fixed codes, as far as its header. */
function fixed(): BitWriter {
  return new BitWriter().put(0, 1).put(1, 2);
}

/** A block with codes of its own, as far as its symbols. */
function own(literals: Lengths, distances: Lengths): BitWriter {
  const writer = new BitWriter();
  putOwn(writer, literals, distances);
  return writer;
}

function putOwn(writer: BitWriter, literals: Lengths, distances: Lengths): void {
  describeCodes(createRandom(1), writer.put(0, 1).put(2, 2), literals, distances);
}

function putStored(writer: BitWriter, bytes: Buffer): void {
  writer.put(0, 3).align().put(bytes.length, 16).put(~bytes.length, 16);
  for (const byte of bytes) writer.put(byte, 8);
}

/** A block that gives codes for lengths these lengths, in the order of the wire, and ends there. */
function lengthCodes(...lengths: number[]): BitWriter {
  const writer = new BitWriter().put(0, 1).put(2, 2).put(0, 5).put(0, 5).put(15, 4);
  for (let i = 0; i < 19; i++) writer.put(lengths[i] ?? 0, 3);
  return writer;
}

/** What a stream becomes, read in pieces, and what it fails with. */
function read(bytes: Buffer, cut = WHOLE): { plain: Buffer; problem: string | null } {
  const inflater = new HeaderDecompressor(DICTIONARY);
  let problem: string | null = null;
  for (const chunk of shred(bytes, cut)) {
    problem = inflater.push(chunk, 0, chunk.length, NO_LIMIT, NO_LIMIT);
  }
  return { plain: Buffer.from(inflater.block()), problem };
}

function expectPlain(bytes: Buffer, plain: Buffer): void {
  for (const cut of [WHOLE, ...PIECES]) {
    const result = read(bytes, cut);
    expect(result.problem).to.equal(null);
    expect(result.plain.equals(plain)).to.equal(true);
  }
}

describe('compression/inflater', () => {
  const refused: readonly (readonly [what: string, problem: string, bytes: Buffer])[] = [
    ['a window above 32 KiB', 'invalid window size', stream('8801', fixed())],
    [
      'a stored block whose length is not confirmed',
      'invalid stored block lengths',
      stream(PLAIN_HEADER, new BitWriter().put(0, 8).put(5, 16).put(5, 16)),
    ],
    [
      'too many codes for lengths',
      'too many length or distance symbols',
      stream(PLAIN_HEADER, new BitWriter().put(4, 3).put(30, 5).put(0, 5).put(0, 4)),
    ],
    [
      'too many codes for distances',
      'too many length or distance symbols',
      stream(PLAIN_HEADER, new BitWriter().put(4, 3).put(0, 5).put(30, 5).put(0, 4)),
    ],
    [
      'more codes for lengths of codes than there can be',
      'invalid code lengths set',
      stream(PLAIN_HEADER, lengthCodes(1, 1, 1)),
    ],
    [
      'fewer codes for lengths of codes than there must be',
      'invalid code lengths set',
      stream(PLAIN_HEADER, lengthCodes(1, 2)),
    ],
    [
      'one code alone for lengths of codes',
      'invalid code lengths set',
      stream(PLAIN_HEADER, lengthCodes(1)),
    ],
    [
      'no code at all for lengths of codes',
      'invalid code -- missing end-of-block',
      stream(PLAIN_HEADER, lengthCodes().put(0, 24).put(0, 24).put(0, 240)),
    ],
    [
      'a repeated length that nothing stands before',
      'invalid bit length repeat',
      stream(PLAIN_HEADER, lengthCodes(1, 1).code(0, 1).put(0, 2)),
    ],
    [
      'lengths that repeat beyond the last code',
      'invalid bit length repeat',
      stream(PLAIN_HEADER, lengthCodes(0, 1, 1).code(1, 1).put(127, 7).code(1, 1).put(127, 7)),
    ],
    [
      'no code for the end of the block',
      'invalid code -- missing end-of-block',
      stream(PLAIN_HEADER, own(lengthsOf(257, { 97: 1, 98: 1 }), [1, 1])),
    ],
    [
      'more codes of literals than there can be',
      'invalid literal/lengths set',
      stream(PLAIN_HEADER, own(lengthsOf(257, { 97: 1, 98: 1, 256: 1 }), [1, 1])),
    ],
    [
      'fewer codes of literals than there must be',
      'invalid literal/lengths set',
      stream(PLAIN_HEADER, own(lengthsOf(257, { 97: 2, 256: 1 }), [1, 1])),
    ],
    [
      'more codes of distances than there can be',
      'invalid distances set',
      stream(PLAIN_HEADER, own(LITERALS, [1, 1, 1])),
    ],
    [
      'fewer codes of distances than there must be',
      'invalid distances set',
      stream(PLAIN_HEADER, own(LITERALS, [2, 2, 2])),
    ],
    [
      'fixed codes without meaning for a length',
      'invalid literal/length code',
      stream(PLAIN_HEADER, fixed().code(0b11000110, 8)),
    ],
    [
      'fixed codes without meaning for a distance',
      'invalid distance code',
      stream(PLAIN_HEADER, fixed().code(1, 7).code(30, 5)),
    ],
    [
      'the other half of one code alone',
      'invalid literal/length code',
      stream(PLAIN_HEADER, own(lengthsOf(257, { 256: 1 }), [1]).code(1, 1)),
    ],
    [
      'the other half of one distance alone',
      'invalid distance code',
      stream(PRESET_HEADER, putSymbols(own(LITERALS, [1]), LITERALS, [257]).code(1, 1)),
    ],
    [
      'a match where there are no distances',
      'invalid distance code',
      stream(PRESET_HEADER, putSymbols(own(LITERALS, [0]), LITERALS, [257]).code(0, 1)),
    ],
    [
      'a match before the beginning',
      'invalid distance too far back',
      stream(PLAIN_HEADER, fixed().code(0x30, 8).code(1, 7).code(1, 5)),
    ],
    [
      'a match before the dictionary',
      'invalid distance too far back',
      stream(PRESET_HEADER, fixed().code(1, 7).code(20, 5).put(399, 9)),
    ],
  ];
  for (const [what, problem, bytes] of refused) {
    it(`refuses ${what}, in zlib's words, and for good (checklist 232)`, () => {
      for (const cut of [WHOLE, BYTES])
        expect(read(bytes, cut).problem).to.equal(`zlib: ${problem}`);
      const more = Buffer.concat([bytes, Buffer.alloc(100)]);
      expect(read(more, BYTES).problem).to.equal(`zlib: ${problem}`);
    });
  }

  it('takes one distance code alone, and none where there is no match', () => {
    const alone = putSymbols(own(LITERALS, [1]), LITERALS, [97, 257]).code(0, 1);
    expectPlain(stream(PLAIN_HEADER, putSymbols(alone, LITERALS, [98, 256])), Buffer.from('aaaab'));
    const none = putSymbols(own(LITERALS, [0]), LITERALS, [97, 98, 256]);
    expectPlain(stream(PLAIN_HEADER, none), Buffer.from('ab'));
  });

  it('takes codes of all lengths, 15 bits too, with all extra bits', () => {
    // 1, 2, ... 14, 15, 15 bits: each code but the last ones halves what is left.
    const literals = lengthsOf(286, {});
    const distances = lengthsOf(30, {});
    for (let i = 0; i < 15; i++) {
      literals[i < 8 ? 97 + i : 277 + i - 8] = i + 1;
      distances[15 + i] = Math.min(15, i + 1);
    }
    distances[0] = 15;
    literals[256] = 15;
    const plain = Array.from({ length: 32_000 }, (_, i) => (i * i) % 251);
    const writer = new BitWriter();
    putStored(writer, Buffer.from(plain));
    putOwn(writer, literals, distances);
    const letters = [97, 98, 99, 100, 101, 102, 103, 104];
    putSymbols(writer, literals, letters);
    plain.push(...letters);
    const codes = codesOf(distances);
    for (let code = 15; code < 30; code++) {
      const bits = (code >> 1) - 1;
      const least = (2 + (code & 1)) * 2 ** bits + 1;
      const distance = Math.min(plain.length, least + 2 ** bits - 1);
      // 283: 195 to 226, 5 extra bits.
      putSymbols(writer, literals, [283]).put(31, 5);
      writer.code(codes[code] as number, distances[code] as number).put(distance - least, bits);
      for (let i = 0; i < 226; i++) plain.push(plain[plain.length - distance] as number);
    }
    putSymbols(writer, literals, [97, 283])
      .put(0, 5)
      .code(codes[0] as number, 15);
    plain.push(...Array.from({ length: 196 }, () => 97));
    putSymbols(writer, literals, [256]);
    expectPlain(stream(PLAIN_HEADER, writer), Buffer.from(plain));
  });

  it('takes a match as far back as the declared window, and none beyond it', () => {
    const text = Buffer.from(Array.from({ length: 300 }, (_, i) => 32 + (i % 91)));
    const match = (distance: number): Buffer => {
      const writer = new BitWriter();
      putStored(writer, text);
      // Codes 15 and 16: 193 to 256, 257 to 384.
      writer.put(2, 3).code(1, 7);
      if (distance <= 256) writer.code(15, 5).put(distance - 193, 6);
      else writer.code(16, 5).put(distance - 257, 7);
      return stream(SMALL_HEADER, writer.code(0, 7));
    };
    for (const distance of [255, 256]) {
      const from = 300 - distance;
      expectPlain(match(distance), Buffer.concat([text, text.subarray(from, from + 3)]));
    }
    for (const cut of [WHOLE, BYTES]) {
      expect(read(match(257), cut).problem).to.equal('zlib: invalid distance too far back');
    }
  });

  it('keeps of a dictionary what the window can hold', () => {
    // Codes 15 and 16: 193 to 256, 257 to 384.
    const last = fixed().code(1, 7).code(15, 5).put(63, 6).code(0, 7);
    expectPlain(stream(SMALL_HEADER, last), DICTIONARY.subarray(-256, -253));
    const before = fixed().code(1, 7).code(16, 5).put(0, 7);
    const { problem } = read(stream(SMALL_HEADER, before));
    expect(problem).to.equal('zlib: invalid distance too far back');
  });

  it('takes a match that begins in the dictionary and goes on into its own bytes', () => {
    for (const back of [1, 2, 3, 4, 5]) {
      // Length 258 is code 285, 0xc5 of 8 bits; code 4: 5 and 6.
      const writer = fixed().code(0xc5, 8);
      if (back < 5) writer.code(back - 1, 5);
      else writer.code(4, 5).put(0, 1);
      const end = DICTIONARY.toString('latin1').slice(-back);
      const plain = Buffer.from(end.repeat(258).slice(0, 258), 'latin1');
      expectPlain(stream(PRESET_HEADER, writer.code(0, 7)), plain);
    }
  });

  it('makes long blocks, each match and stored block going on where there was no room', () => {
    const writer = fixed().code(0x30 + 97, 8);
    for (let i = 0; i < 200; i++) writer.code(0xc5, 8).code(0, 5);
    const stored = Buffer.from(Array.from({ length: 60_000 }, (_, i) => i % 251));
    putStored(writer.code(0, 7), stored);
    const plain = Buffer.concat([Buffer.alloc(1 + 200 * 258, 97), stored]);
    expectPlain(stream(PLAIN_HEADER, writer), plain);
  });

  it('refuses the end of the stream when its checksum is there, whatever that is (checklist 233)', () => {
    const end = new BitWriter()
      .put(1, 1)
      .put(1, 2)
      .code(0x30 + 97, 8)
      .code(0, 7)
      .align();
    const bytes = Buffer.concat([stream(PLAIN_HEADER, end), Buffer.from('0102')]);
    for (const cut of [WHOLE, BYTES]) {
      expect(read(bytes.subarray(0, -1), cut).problem).to.equal(null);
      expect(read(bytes, cut).problem).to.equal('the peer ended the zlib stream');
    }
  });

  it('keeps blocks with codes of their own apart, however many are cut at once', () => {
    const sessions = Array.from({ length: 4 }, (_, i) => {
      const distances = lengthsOf(4, { [i]: 1 });
      const writer = own(LITERALS, distances);
      for (let at = 0; at < 20; at++) {
        putSymbols(writer, LITERALS, [97, 98, 98, 257]).code(0, 1);
      }
      putSymbols(writer, LITERALS, [256]);
      const bytes = stream(PRESET_HEADER, writer);
      return { inflater: new HeaderDecompressor(DICTIONARY), bytes, alone: read(bytes).plain };
    });
    const longest = Math.max(...sessions.map(({ bytes }) => bytes.length));
    for (let at = 0; at < longest; at++) {
      for (const { inflater, bytes } of sessions) {
        if (at >= bytes.length) continue;
        expect(inflater.push(bytes, at, at + 1, NO_LIMIT, NO_LIMIT)).to.equal(null);
      }
    }
    for (const { inflater, alone } of sessions) {
      expect(alone).to.have.length(120);
      expect(Buffer.from(inflater.block()).equals(alone)).to.equal(true);
    }
  });

  it('takes no more memory than was written, up to the window', () => {
    const count = 500;
    const small = stream(
      PRESET_HEADER,
      fixed()
        .code(0x30 + 97, 8)
        .code(0, 7),
    );
    const memory = (): number => process.memoryUsage().arrayBuffers;
    const before = memory();
    const inflaters = Array.from({ length: count }, () => new HeaderDecompressor(DICTIONARY));
    for (const inflater of inflaters) inflater.push(small, 0, small.length, NO_LIMIT, NO_LIMIT);
    for (const inflater of inflaters) inflater.reset();
    expect((memory() - before) / count).to.be.below(2048);
  });
});
