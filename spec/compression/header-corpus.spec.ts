import { expect } from 'chai';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { HeaderDecompressor } from '../../lib/compression/header-decompressor.ts';
import { type EngineOptions, resolveOptions } from '../../lib/engine/options/options.ts';
import { createCompressor } from '../../lib/engine/send/header-compression.ts';
import { encodeHeaderBlock } from '../../lib/framing/header-block.ts';
import { SERVER } from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import { SPDY3_1 } from '../../lib/protocol/version.ts';
import { REPOSITORY_ROOT } from '../support/corpus-data.ts';

/** The corpus of the benchmarks: header lists of several connections. */
type Corpus = Readonly<Record<string, readonly HeaderList[]>>;

async function loadCorpus(): Promise<Corpus> {
  const url = new URL('bench/support/header-corpus.mjs', REPOSITORY_ROOT);
  const { headerCorpus } = (await import(url.href)) as { headerCorpus: () => Corpus };
  return headerCorpus();
}

/** Bytes of all blocks, each of which must come back. */
function bytesOf(corpus: Corpus, options: EngineOptions): number {
  let bytes = 0;
  for (const lists of Object.values(corpus)) {
    const compressor = createCompressor(SPDY3_1, resolveOptions(SERVER, options));
    const inflater = new HeaderDecompressor(dictionaryFor(3));
    for (const list of lists) {
      const block = compressor.compress(list);
      bytes += block.length;
      expect(inflater.push(block, 0, block.length, 1 << 20, 1 << 20)).to.equal(null);
      const plain = encodeHeaderBlock(SPDY3_1, list, 'latin1');
      expect(inflater.block().equals(plain)).to.equal(true);
      inflater.reset();
    }
  }
  return bytes;
}

describe('compression of headers as in life', () => {
  it("takes at most 1.6 times the bytes of pako's level 9 with its largest window and memory", async () => {
    const corpus = await loadCorpus();
    const best: EngineOptions = {
      compressionLevel: 9,
      compressionWindowBits: 15,
      compressionMemLevel: 8,
    };
    expect(bytesOf(corpus, {}) / bytesOf(corpus, best)).to.be.below(1.6);
  });

  it("takes fewer bytes than pako's level 9 with the small window that deflate has here", async () => {
    const corpus = await loadCorpus();
    expect(bytesOf(corpus, {})).to.be.below(bytesOf(corpus, { compressionLevel: 9 }));
  });

  it('does not change from one call to the next', async () => {
    expect(await loadCorpus()).to.deep.equal(await loadCorpus());
  });
});
