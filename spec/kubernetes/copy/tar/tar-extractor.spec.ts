import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { CopyCounter } from '../../../../lib/kubernetes/copy/options.ts';
import { TarExtractor } from '../../../../lib/kubernetes/copy/tar/tar-extractor.ts';
import { writeHeader } from '../../../../lib/kubernetes/copy/tar/tar-header.ts';

describe('what is extracted', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-extractor-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function extractorOf(): TarExtractor {
    return new TarExtractor({
      to: path.join(folder, 'copy'),
      name: 'data',
      member: 'data',
      preserveMtime: true,
      maxBytes: 1e6,
      maxEntries: 100,
      onlyFile: false,
      foldsNames: async () => false,
      counter: new CopyCounter({}),
    });
  }

  function directory(name: string, mtime: number): Buffer {
    return writeHeader({ name, mtime, linkName: '', mode: 0o755, type: '5', size: 0 });
  }

  it('has failed here, and not on its way, where a small file of its end cannot have its name', async () => {
    const extractor = extractorOf();
    const name = `data/${'x'.repeat(300)}`;
    const file = writeHeader({ name, mtime: 1e9, linkName: '', mode: 0o644, type: '0', size: 0 });
    const archive = [directory('data/', 1e9), file, Buffer.alloc(1024)];
    await extractor.consume(Readable.from([[Buffer.concat(archive)]]));
    const error = await extractor.finish().catch((reason: Error) => reason);
    expect(error).to.be.instanceOf(Error);
    expect(extractor.failed).to.equal(true);
    await extractor.close();
    expect(readdirSync(path.join(folder, 'copy'))).to.deep.equal([]);
  });

  it('has the times that came last for each directory, however often its end is told', async () => {
    const extractor = extractorOf();
    const archive = [
      directory('data/', 1e9),
      directory('data/a/', 1.1e9),
      directory('data/a/b/', 1.2e9),
      directory('data/a/', 1.3e9),
      Buffer.alloc(1024),
    ];
    await extractor.consume(Readable.from([[Buffer.concat(archive)]]));
    for (const _ of ['once', 'again']) {
      await extractor.finish();
      const times = ['', 'a', 'a/b'].map(
        (name) => statSync(path.join(folder, 'copy', name)).mtimeMs,
      );
      expect(times).to.deep.equal([1e12, 1.3e12, 1.2e12]);
    }
    await extractor.close();
  });
});
