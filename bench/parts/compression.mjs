// Compression of header blocks as in life: bytes and time per block, by strategy, from prepared headers to bytes.
import { headerCorpus, plainBlock } from '../support/header-corpus.mjs';
import { cpuMicroseconds, interleave, median, spread, target } from '../support/measure.mjs';
import { load } from '../support/product.mjs';

const { createCompressor } = await load('engine/send/header-compression.js');
const { resolveOptions } = await load('engine/options/options.js');
const { SERVER, SPDY3_1 } = await load('index.js');

const STRATEGIES = {
  'deflate 0': { compressionLevel: 0 },
  'deflate 9, 11/1': { compressionLevel: 9 },
  'deflate 9, 15/8': {
    compressionLevel: 9,
    compressionWindowBits: 15,
    compressionMemLevel: 8,
  },
  'indexed 11': { compressionWindowBits: 11 },
  'indexed 13': {},
  'indexed 15': { compressionWindowBits: 15 },
};
const BEST = 'deflate 9, 15/8';

export async function run({ quick, rounds }) {
  const corpus = headerCorpus();
  const count = quick ? 1500 : 10_000;
  const cases = {};
  const bytes = {};
  for (const [kind, lists] of Object.entries(corpus)) {
    for (const [strategy, options] of Object.entries(STRATEGIES)) {
      const name = `${kind}|${strategy}`;
      const times = Math.ceil(count / lists.length);
      bytes[name] = compress(options, lists, 1) / lists.length;
      cases[name] = () =>
        cpuMicroseconds(times * lists.length, () => compress(options, lists, times));
    }
  }
  const results = await interleave(cases, rounds);
  const rows = Object.keys(bytes).map((name) => {
    const [kind, strategy] = name.split('|');
    return [
      kind,
      strategy,
      average(corpus[kind].map((list) => plainBlock(list).length)),
      bytes[name],
      bytes[name] / bytes[`${kind}|${BEST}`],
      median(results[name]),
      spread(results[name]),
    ];
  });
  const sum = (strategy) =>
    Object.entries(corpus).reduce(
      (all, [kind, lists]) => all + lists.length * bytes[`${kind}|${strategy}`],
      0,
    );
  const columns = ['blocks', 'strategy', 'plain B', 'sent B', `of ${BEST}`, 'CPU us', 'spread %'];
  return {
    tables: [{ title: 'Header blocks as in life, on one connection each', columns, rows }],
    targets: [
      target(
        'bytes of header blocks as in life',
        sum('indexed 13') / sum(BEST),
        '<=',
        1.6,
        'x pako level 9, 32 KiB',
      ),
    ],
    results,
  };
}

/** Compresses the lists over and over on one connection; returns the bytes. */
function compress(options, lists, times) {
  const compressor = createCompressor(SPDY3_1, resolveOptions(SERVER, options));
  let bytes = 0;
  for (let time = 0; time < times; time++) {
    for (const list of lists) bytes += compressor.compress(list).length;
  }
  return bytes;
}

const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
