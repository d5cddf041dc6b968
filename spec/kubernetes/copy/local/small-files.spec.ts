import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { byteName } from '../../../../lib/kubernetes/copy/local/byte-names.ts';
import { DirectCalls } from '../../../../lib/kubernetes/copy/local/direct-calls.ts';
import { PartialNames } from '../../../../lib/kubernetes/copy/local/partial-names.ts';
import { SmallFiles } from '../../../../lib/kubernetes/copy/local/small-files.ts';
import type { TarEntry } from '../../../../lib/kubernetes/copy/tar/tar-reader.ts';

/** Calls that take as long as a clock says. */
const WAYS: Readonly<Record<string, () => DirectCalls>> = {
  'at once': () => new DirectCalls(() => 0),
  'at once, each in a turn of its own': () => new DirectCalls(clockOf(5)),
  'by other threads': () => {
    const calls = new DirectCalls(clockOf(1000));
    calls.begin();
    calls.end();
    return calls;
  },
};

/** A clock that goes on so far between two looks at it. */
function clockOf(step: number): () => number {
  let now = 0;
  return () => {
    now += step;
    return now;
  };
}

describe('small files of an archive', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-small-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const entry: TarEntry = {
    path: 'x',
    linkPath: '',
    kind: 'file',
    type: '0',
    mode: 0o600,
    size: 1,
    stored: 1,
    mtime: new Date(1e12),
    parts: null,
  };

  function at(name: string): string {
    return byteName(path.join(folder, name));
  }

  for (const [way, calls] of Object.entries(WAYS)) {
    describe(`written ${way}`, () => {
      it('are all there when they have settled, with modes and times, and nothing else is', async () => {
        const files = new SmallFiles(new PartialNames(), true, calls());
        const names = Array.from({ length: 200 }, (_, number) => String(number));
        for (const name of names) await files.add(entry, at(name), Buffer.from(name));
        await files.settle();
        expect(readdirSync(folder)).to.have.members(names);
        for (const name of names) {
          const file = path.join(folder, name);
          expect(readFileSync(file, 'latin1')).to.equal(name);
          expect(statSync(file).mtimeMs).to.equal(1e12);
          if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).to.equal(0o600);
        }
      });

      it('may be empty', async () => {
        const files = new SmallFiles(new PartialNames(), false, calls());
        await files.add({ ...entry, size: 0, stored: 0 }, at('empty'), Buffer.alloc(0));
        expect(files.has(at('empty'))).to.equal(way === 'by other threads');
        await files.settle();
        expect(files.has(at('empty'))).to.equal(false);
        expect(statSync(path.join(folder, 'empty')).size).to.equal(0);
      });

      it('fail with the error of one that cannot be put in its place, of which nothing stays', async () => {
        mkdirSync(path.join(folder, 'taken', 'inside'), { recursive: true });
        const files = new SmallFiles(new PartialNames(), false, calls());
        await files.add(entry, at('before'), Buffer.from('b'));
        await files.add(entry, at('taken'), Buffer.from('t'));
        const error = await files.settle().catch((reason: NodeJS.ErrnoException) => reason);
        expect(error).to.be.instanceOf(Error);
        expect(readdirSync(folder)).to.have.members(['before', 'taken']);
        const later = await files
          .add(entry, at('later'), Buffer.from('l'))
          .catch((reason) => reason);
        expect(later).to.equal(error);
        expect(readdirSync(folder)).to.have.members(['before', 'taken']);
      });

      it('fail where their directory is missing', async () => {
        const files = new SmallFiles(new PartialNames(), false, calls());
        await files.add(entry, at('none/x'), Buffer.from('x'));
        const error = await files.settle().catch((reason: NodeJS.ErrnoException) => reason);
        expect(error).to.have.property('code', 'ENOENT');
      });
    });
  }
});
