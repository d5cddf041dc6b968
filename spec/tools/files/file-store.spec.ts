import {
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { FileStore, type Located, type LocatedFile } from '../../../lib/tools/files/file-store.ts';
import { resolveStaticFiles, type StaticFilesOptions } from '../../../lib/tools/files/options.ts';
import { release } from '../../../lib/tools/files/representation.ts';
import { makeFolder, removeFolder } from '../../cli/support/programs.ts';

/** Long enough ago for the next change to show. */
const LONG_AGO = new Date('2024-05-06T07:08:09Z');

describe('file store', () => {
  let parent: string;
  let root: string;

  beforeEach(() => {
    parent = makeFolder({ 'secret/a.txt': 'secret', 'www/a.txt': 'first', 'www/sub/a.txt': 'sub' });
    root = join(parent, 'www');
  });

  afterEach(() => removeFolder(parent));

  function store(options: Partial<StaticFilesOptions> = {}): FileStore {
    return new FileStore(resolveStaticFiles({ root, ...options }));
  }

  /** What is found, as text: the bytes of a file that is kept, 'open' for one that is not, the status of an error, or the kind. */
  function told(located: Located): string | number {
    if (located.kind === 'error') return located.status;
    if (located.kind !== 'file') return located.kind;
    const content = located.representations[0]?.content;
    if (Buffer.isBuffer(content)) return content.toString();
    release(located.representations);
    return 'open';
  }

  async function look(files: FileStore, path = '/a.txt'): Promise<string | number> {
    return told(await files.find(path));
  }

  it('recalls a file until it has to be looked at again', async () => {
    const lasting = store({ cacheCheckMs: 3_600_000 });
    expect(lasting.recall('/a.txt')).to.equal(null);
    const located = await lasting.find('/a.txt');
    expect(lasting.recall('/a.txt')).to.equal(located);
    expect(lasting.recall('/sub/a.txt')).to.equal(null);
    const fleeting = store({ cacheCheckMs: 0 });
    await fleeting.find('/a.txt');
    expect(fleeting.recall('/a.txt')).to.equal(null);
  });

  it('keeps what it has read while the file stays as it is', async () => {
    const files = store();
    await files.find('/a.txt');
    utimesSync(join(root, 'a.txt'), LONG_AGO, LONG_AGO);
    // That was a change too, and just now: the bytes are read again until one would show.
    const [first, second] = [await files.find('/a.txt'), await files.find('/a.txt')];
    expect(told(first)).to.equal('first');
    expect(first).to.not.equal(second);
    expect(told(second)).to.equal('first');
  });

  it('sees every change at the next look', async () => {
    const files = store();
    const path = join(root, 'a.txt');
    expect(await look(files)).to.equal('first');
    writeFileSync(path, 'other');
    expect(await look(files)).to.equal('other');
    utimesSync(path, LONG_AGO, LONG_AGO);
    writeFileSync(path, 'third');
    utimesSync(path, LONG_AGO, LONG_AGO);
    expect(await look(files)).to.equal('third');
    writeFileSync(join(parent, 'new.txt'), 'moved');
    renameSync(join(parent, 'new.txt'), path);
    expect(await look(files)).to.equal('moved');
    rmSync(path);
    expect(await look(files)).to.equal(404);
    expect(files.keptBytes).to.equal(0);
    symlinkSync(join(parent, 'secret/a.txt'), path);
    expect(await look(files)).to.equal(404);
    rmSync(path);
    mkdirSync(path);
    expect(await look(files)).to.equal('redirect');
  });

  it('reads a file once for all who ask at the same time', async () => {
    const files = store();
    const all = await Promise.all(Array.from({ length: 20 }, () => files.find('/a.txt')));
    expect(new Set(all).size).to.equal(1);
  });

  it('opens a file for each one who asks when it is not kept', async () => {
    const files = store({ cacheBytes: 0 });
    const all = await Promise.all(Array.from({ length: 5 }, () => files.find('/a.txt')));
    const contents = all.map((each) => (each as LocatedFile).representations[0]?.content);
    expect(new Set(contents).size).to.equal(5);
    expect(all.map(told)).to.deep.equal(Array.from({ length: 5 }, () => 'open'));
    expect(files.keptBytes).to.equal(0);
  });

  it('keeps no file of more than 1 MiB', async () => {
    const files = store();
    writeFileSync(join(root, 'most.bin'), Buffer.alloc(1 << 20, 'x'));
    writeFileSync(join(root, 'more.bin'), Buffer.alloc((1 << 20) + 1, 'x'));
    expect(await look(files, '/most.bin')).to.have.lengthOf(1 << 20);
    expect(await look(files, '/more.bin')).to.equal('open');
    expect(files.keptBytes).to.be.within(1 << 20, (1 << 20) + 8192);
  });

  it('stays within its bound, however many files are asked for', async () => {
    const files = store({ cacheBytes: 50_000 });
    for (let at = 0; at < 200; at++) {
      writeFileSync(join(root, `${at}.txt`), 'x'.repeat(1000));
      await files.find(`/${at}.txt`);
      expect(files.keptBytes).to.be.most(50_000);
    }
    expect(files.keptBytes).to.be.above(40_000);
    expect(files.recall('/0.txt')).to.equal(null);
    expect(files.recall('/199.txt')).to.not.equal(null);
  });

  it('counts a long file for as long as it is sent to somebody', async () => {
    const files = store({ cacheBytes: 300_000 });
    for (const name of ['a', 'b']) writeFileSync(join(root, `${name}.bin`), Buffer.alloc(200_000));
    const located = (await files.find('/a.bin')) as LocatedFile;
    const out = new PassThrough();
    const [sent] = located.representations;
    files.holdFor(located, sent as never, out);
    expect(await look(files, '/b.bin')).to.equal('open');
    out.destroy();
    await new Promise((resolve) => out.once('close', resolve));
    expect(await look(files, '/b.bin')).to.not.equal('open');
    expect(files.recall('/a.bin')).to.equal(null);
  });

  it('finds nothing outside while folders and links change places', async function () {
    this.timeout(30_000);
    const files = store({ cacheCheckMs: 0, cacheBytes: 4096 });
    const [sub, away] = [join(root, 'sub'), join(parent, 'away')];
    symlinkSync(join(parent, 'secret'), join(parent, 'link'));
    const seen = new Set<string | number>();
    for (let round = 0; round < 200; round++) {
      const looks = Array.from({ length: 8 }, () => openAndRead(files, '/sub/a.txt'));
      for (let swap = 0; swap < 4; swap++) {
        renameSync(sub, away);
        renameSync(join(parent, 'link'), sub);
        await new Promise((resolve) => setImmediate(resolve));
        renameSync(sub, join(parent, 'link'));
        renameSync(away, sub);
      }
      for (const text of await Promise.all(looks)) seen.add(text);
    }
    expect([...seen].filter((text) => text !== 'sub' && text !== 404)).to.deep.equal([]);
  });

  /** The bytes of what is found. */
  async function openAndRead(files: FileStore, path: string): Promise<string | number> {
    const located = await files.find(path);
    if (located.kind !== 'file') return told(located);
    const content = located.representations[0]?.content;
    if (content === undefined || Buffer.isBuffer(content)) return told(located);
    const text = (await content.readFile()).toString();
    await content.close();
    return text;
  }

  // Linux tells which files a process has open.
  if (process.platform === 'linux')
    it('leaves nothing open of what it keeps', async () => {
      for (const name of ['a.txt.br', 'a.txt.gz']) writeFileSync(join(root, name), 'coded');
      const files = store();
      for (let at = 0; at < 5; at++) {
        for (const path of ['/a.txt', '/sub/a.txt', '/sub', '/none']) await files.find(path);
      }
      const open = readdirSync('/proc/self/fd').map((name) => {
        try {
          return readlinkSync(`/proc/self/fd/${name}`);
        } catch {
          return '';
        }
      });
      expect(open.filter((path) => path.startsWith(parent))).to.deep.equal([]);
    });
});
