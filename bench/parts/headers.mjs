// Header compression alone: time and bytes per block, by level and window.
import { requestHeaders, responseHeaders } from '../support/headers.mjs';
import { interleave, median, microseconds, spread } from '../support/measure.mjs';
import { load } from '../support/product.mjs';

const { dictionaryFor } = await load('compression/dictionaries.js');
const { HeaderCompressor } = await load('compression/header-compressor.js');
const { HeaderDecompressor } = await load('compression/header-decompressor.js');

const SETTINGS = [
  { level: 0, windowBits: 11, memLevel: 1 },
  { level: 6, windowBits: 11, memLevel: 1 },
  { level: 9, windowBits: 11, memLevel: 1 },
  { level: 6, windowBits: 15, memLevel: 8 },
];
const LIMIT = 1 << 20;

export async function run({ quick, rounds }) {
  const count = quick ? 2000 : 10_000;
  const kinds = { request: requestHeaders, response: responseHeaders };
  const cases = {};
  const bytes = {};
  for (const [kind, make] of Object.entries(kinds)) {
    const blocks = Array.from({ length: count }, (_, index) => plainBlock(make(index)));
    for (const options of SETTINGS) {
      const name = `${kind}|${options.level}|${options.windowBits}/${options.memLevel}`;
      const packed = pack(blocks, options);
      bytes[name] = [total(blocks) / count, total(packed) / count];
      cases[`${name}|deflate`] = () => microseconds(count, () => pack(blocks, options));
      cases[`${name}|inflate`] = () => microseconds(count, () => unpack(packed));
    }
  }
  const results = await interleave(cases, rounds);
  const rows = Object.keys(bytes).map((name) => {
    const [kind, level, window] = name.split('|');
    const [deflate, inflate] = [results[`${name}|deflate`], results[`${name}|inflate`]];
    return [
      kind,
      level,
      window,
      ...bytes[name],
      median(deflate),
      median(inflate),
      spread(deflate),
      spread(inflate),
    ];
  });
  const columns = [
    'block',
    'level',
    'window',
    'plain B',
    'sent B',
    'deflate us',
    'inflate us',
    'spread %',
    'spread %',
  ];
  return {
    tables: [{ title: 'Header compression per block (SPDY/3 layout)', columns, rows }],
    results,
  };
}

function pack(blocks, options) {
  const compressor = new HeaderCompressor(dictionaryFor(3), options);
  return blocks.map((block) => Buffer.from(compressor.compress(block)));
}

function unpack(blocks) {
  const decompressor = new HeaderDecompressor(dictionaryFor(3));
  for (const block of blocks) {
    const problem = decompressor.push(block, 0, block.length, LIMIT, LIMIT);
    if (problem !== null) throw new Error(problem);
    decompressor.block();
    decompressor.reset();
  }
}

/** A name/value block as SPDY/3 lays it out. */
function plainBlock(headers) {
  const parts = [number(headers.length)];
  for (const [name, value] of headers) {
    parts.push(number(name.length), Buffer.from(name), number(value.length), Buffer.from(value));
  }
  return Buffer.concat(parts);
}

function number(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const total = (blocks) => blocks.reduce((sum, block) => sum + block.length, 0);
