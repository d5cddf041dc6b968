import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { byteName } from '../../../../lib/kubernetes/copy/local/byte-names.ts';
import { FoldedNames, foldsNames } from '../../../../lib/kubernetes/copy/local/folded-names.ts';
import { CopyCounter } from '../../../../lib/kubernetes/copy/options.ts';
import { TarExtractor } from '../../../../lib/kubernetes/copy/tar/tar-extractor.ts';
import { padding, writeHeader } from '../../../../lib/kubernetes/copy/tar/tar-header.ts';

describe('names that a file system folds', () => {
  const add = (...paths: readonly string[]): string | null => {
    const names = new FoldedNames();
    try {
      for (const one of paths) names.add(one.split('/').map(byteName));
      return null;
    } catch (error) {
      expect(error).to.have.property('code', 'EEXIST');
      return (error as Error).message;
    }
  };

  it('are refused where two become one, be it those of folders on the way', () => {
    expect(add('a', 'b', 'a', 'x/a', 'x/b', 'x')).to.equal(null);
    expect(add('Makefile', 'makefile')).to.equal(
      'the pod has Makefile and makefile, which are one name in this file system',
    );
    expect(add('x/a/b', 'X/c')).to.match(/has x and X,/);
    expect(add('caf\u00e9', 'cafe\u0301')).to.match(/one name/);
    expect(add('\u00c9', 'e\u0301')).to.match(/one name/);
    expect(add('x/a', 'y/A')).to.equal(null);
  });

  describe('in a copy', () => {
    let folder = '';

    beforeEach(() => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-folded-'));
    });

    afterEach(() => {
      rmSync(folder, { recursive: true });
    });

    const extract = async (folds: boolean, names: readonly string[]): Promise<void> => {
      const counter = new CopyCounter({});
      const extractor = new TarExtractor({
        to: path.join(folder, 'copy'),
        name: 'data',
        member: 'data',
        preserveMtime: false,
        maxBytes: 1e6,
        maxEntries: 100,
        onlyFile: false,
        foldsNames: async () => folds,
        counter,
      });
      const head = { linkName: '', mode: 0o755, mtime: 0 };
      const blocks = names.map((name) =>
        Buffer.concat([
          writeHeader({ ...head, name: `data/${name}`, type: '0', size: 1 }),
          Buffer.from(name.slice(-1)),
          padding(1),
        ]),
      );
      const root = writeHeader({ ...head, name: 'data/', type: '5', size: 0 });
      const archive = Buffer.concat([root, ...blocks, Buffer.alloc(1024)]);
      try {
        await extractor.consume(
          (async function* () {
            yield [archive];
          })(),
        );
        await extractor.finish();
      } finally {
        await extractor.close();
      }
    };

    it('end it before one is written over the other', async () => {
      const error = await extract(true, ['b', 'B']).catch((reason: unknown) => reason);
      expect(error).to.have.property('code', 'EEXIST');
      expect(readFileSync(path.join(folder, 'copy/b'), 'latin1')).to.equal('b');
      await extract(true, ['b', 'c']);
    });

    // There is room for both only where the file system tells them apart.
    if (!foldsHere())
      it('are of no interest elsewhere', async () => {
        await extract(false, ['b', 'B']);
        expect(readdirSync(path.join(folder, 'copy')).sort()).to.deep.equal(['B', 'b']);
      });

    it('are found out without leaving anything behind', async () => {
      const folds = await foldsNames(byteName(folder));
      expect(readdirSync(folder)).to.deep.equal([]);
      if (process.platform === 'darwin' || process.platform === 'win32')
        expect(folds).to.equal(true);
    });
  });
});

/** Whether the file system of temporary files takes `a` and `A` for one name, as those of macOS and Windows do. */
function foldsHere(): boolean {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-folded-'));
  const { dir, base } = path.parse(folder);
  const folds = existsSync(path.join(dir, base.toUpperCase()));
  rmSync(folder, { recursive: true });
  return folds;
}
