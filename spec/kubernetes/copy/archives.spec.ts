import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { copyFromPod } from '../../../lib/kubernetes/copy/from-pod.ts';
import { byteName, isPossibleHere } from '../../../lib/kubernetes/copy/local/byte-names.ts';
import { padding, readHeader, writeHeader } from '../../../lib/kubernetes/copy/tar/tar-header.ts';
import { type Found, TarReader } from '../../../lib/kubernetes/copy/tar/tar-reader.ts';
import { copyToPod } from '../../../lib/kubernetes/copy/to-pod.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../lib/kubernetes/fake/api-server.ts';

const END = Buffer.alloc(1024);

/** An entry of an archive. */
function entry(name: string, type = '0', content = Buffer.alloc(0), linkName = ''): Buffer {
  const { length: size } = content;
  const header = writeHeader({ name, linkName, type, mode: 0o644, size, mtime: 1e9 });
  return Buffer.concat([header, content, padding(size)]);
}

/** Records of pax, in front of an entry. */
function pax(records: readonly (readonly [string, string])[], type = 'x'): Buffer {
  const lines = records.map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let { length } = rest;
    while (String(length).length + rest.length !== length)
      length = String(length).length + rest.length;
    return `${length}${rest}`;
  });
  return entry('pax', type, Buffer.from(lines.join(''), 'latin1'));
}

interface Read {
  readonly found: Found[];
  readonly complete: boolean;
  readonly failure: Error | null;
}

/** What is found in an archive that comes in pieces of so many bytes; data of an entry in one. */
function read(archive: Buffer, size = archive.length): Read {
  const reader = new TarReader();
  const found: Found[] = [];
  for (let at = 0; at < archive.length; at += size) {
    for (const one of reader.push(archive.subarray(at, at + size))) {
      const last = found.at(-1);
      if (Buffer.isBuffer(one) && Buffer.isBuffer(last))
        found[found.length - 1] = Buffer.concat([last, one]);
      else found.push(one);
    }
  }
  return { found, complete: reader.complete, failure: reader.failure };
}

describe('archives of cp', () => {
  let fake: FakeApiServer | null = null;
  let folder = '';

  /** A container whose tar has these further options. */
  async function serve(
    options = '',
  ): Promise<{ cluster: FakeApiServer['cluster']; pod: string; directory: string }> {
    const main = { env: { TAR_OPTIONS: options } };
    fake = await createFakeApiServer({ pods: [{ name: 'p1', containers: { main } }] }).listen();
    return { cluster: fake.cluster, pod: 'p1', directory: fake.directoryOf('p1') };
  }

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-archives-'));
  });

  afterEach(async () => {
    await fake?.close();
    fake = null;
    rmSync(folder, { recursive: true, force: true });
  });

  describe('with holes', () => {
    /** A file of 6 MiB with data every 128 KiB, and a hole at the end. */
    function plant(file: string): Buffer {
      const content = Buffer.alloc((6 << 20) + 5);
      const handle = openSync(file, 'w');
      for (let at = 0; at < 6 << 20; at += 128 << 10) {
        const part = Buffer.from(`part at ${at}`);
        part.copy(content, at);
        writeSync(handle, part, 0, part.length, at);
      }
      closeSync(handle);
      truncateSync(file, content.length);
      return content;
    }

    for (const form of [
      'gnu',
      'oldgnu',
      'posix --sparse-version=0.0',
      'posix --sparse-version=0.1',
      'posix --sparse-version=1.0',
    ]) {
      it(`are copied as they are, alone and in a directory (${form})`, async () => {
        const { directory, ...target } = await serve(`--sparse --format=${form}`);
        mkdirSync(path.join(directory, 'db'));
        const content = plant(path.join(directory, 'db/table'));
        writeFileSync(path.join(directory, 'db/zone'), 'behind it');
        const to = path.join(folder, 'db');
        const { bytes } = await copyFromPod({ ...target, from: 'db', to });
        expect(bytes).to.be.below(content.length);
        await copyFromPod({ ...target, from: 'db/table', to: path.join(folder, 'alone') });
        for (const file of ['db/table', 'alone']) {
          expect(readFileSync(path.join(folder, file)).equals(content), file).to.equal(true);
          expect(statSync(path.join(folder, file)).blocks * 512).to.be.below(content.length);
        }
        expect(readdirSync(to).sort()).to.deep.equal(['table', 'zone']);
        expect(readFileSync(path.join(to, 'zone'), 'utf8')).to.equal('behind it');
      });
    }

    it('that do not fit their file are no archive', () => {
      const data = Buffer.from('12345');
      const bad = (records: readonly (readonly [string, string])[], content = data): Error | null =>
        read(Buffer.concat([pax(records), entry('f', '0', content), END])).failure;
      const size = ['GNU.sparse.size', '100'] as const;
      const map = (text: string): Error | null => bad([size, ['GNU.sparse.map', text]]);
      expect(map('0,2,10,3')).to.equal(null);
      for (const text of ['0,2', '0,2,10,4', '10,2,0,3', '98,5', '0,5,x,0', '0', '0,-5', '1e1,5'])
        expect(map(text), text).to.include({ code: 'ERR_SPDY_PROTOCOL' });
      const last = [
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.realsize', '100'],
      ] as const;
      for (const text of ['1\n0\n5\n', 'x\n', '9999999\n', '1'.repeat(600), '2\n0\n1\n'])
        expect(bad(last, Buffer.from(text)), text).to.include({ code: 'ERR_SPDY_PROTOCOL' });
      const blocks = Buffer.concat([Buffer.from('1\n0\n5\n'.padEnd(512, '\0')), data]);
      expect(bad(last, blocks)).to.equal(null);
    });
  });

  describe('with names', () => {
    const name = (...bytes: number[]): Buffer =>
      Buffer.concat([Buffer.from('caf'), Buffer.from(bytes)]);
    const names = [name(0xe8), name(0xe9), name(0xc3, 0xa9)];

    it('that are no text keep their bytes, both ways', async () => {
      const { directory, ...target } = await serve();
      const plain = Buffer.from(`${path.join(folder, 'l')}/`);
      mkdirSync(plain);
      for (const one of names) writeFileSync(Buffer.concat([plain, one]), one);
      await copyToPod({ ...target, from: path.join(folder, 'l'), to: 'there' });
      const { files } = await copyFromPod({ ...target, from: 'there', to: path.join(folder, 'm') });
      expect(files).to.equal(3);
      for (const place of [path.join(directory, 'there'), path.join(folder, 'm')]) {
        const found = readdirSync(place, { encoding: 'buffer' }).sort(Buffer.compare);
        expect(found, place).to.deep.equal([...names].sort(Buffer.compare));
      }
      expect(
        readFileSync(Buffer.concat([Buffer.from(`${folder}/m/`), names[1] as Buffer])),
      ).to.deep.equal(names[1]);
    });

    it('that are no text are refused where the system has none', () => {
      expect(isPossibleHere('caf\xe8', 'win32')).to.equal(false);
      expect(isPossibleHere(byteName('café'), 'win32')).to.equal(true);
      expect(isPossibleHere('caf\xe8', 'linux')).to.equal(true);
    });

    it('that are long, of links too, go both ways in every form', async () => {
      for (const form of ['gnu', 'posix']) {
        const { directory, ...target } = await serve(`--format=${form}`);
        const long = ['x'.repeat(240), 'y'.repeat(240)].join('/');
        mkdirSync(path.join(folder, 'l', long), { recursive: true });
        writeFileSync(path.join(folder, 'l', long, 'file'), 'deep');
        if (form === 'gnu') symlinkSync(`${long}/file`, path.join(folder, 'l/link'));
        await copyToPod({ ...target, from: path.join(folder, 'l'), to: 'there' });
        await copyFromPod({ ...target, from: 'there', to: path.join(folder, form) });
        for (const place of [path.join(directory, 'there'), path.join(folder, form)])
          expect(readFileSync(path.join(place, 'link'), 'utf8')).to.equal('deep');
        await fake?.close();
      }
    });
  });

  it('a link to a file is copied as the file', async () => {
    const { directory, ...target } = await serve();
    mkdirSync(path.join(directory, 'config/..2026'), { recursive: true });
    writeFileSync(path.join(directory, 'config/..2026/key'), 'value');
    symlinkSync('..2026', path.join(directory, 'config/..data'));
    symlinkSync('..data/key', path.join(directory, 'config/key'));
    const to = path.join(folder, 'key');
    const { files } = await copyFromPod({ ...target, from: 'config/key', to });
    expect(files).to.equal(1);
    expect(readFileSync(to, 'utf8')).to.equal('value');
  });

  it('a file that grows or shrinks while it is read is told by its name', async () => {
    const { cluster, pod } = await serve();
    const from = path.join(folder, 'log');
    const changes: (() => void)[] = [
      () => truncateSync(from, 70_000),
      () => appendFileSync(from, 'more'),
    ];
    for (const change of changes) {
      writeFileSync(from, Buffer.alloc(300_000));
      let once = change;
      const onProgress = (): void => {
        once();
        once = () => {};
      };
      const error = await copyToPod({ cluster, pod, from, to: 'log', onProgress }).catch((e) => e);
      expect(error).to.include({ code: 'ERR_SPDY_INVALID_STATE' });
      expect(error.message).to.match(/log has grown or shrunk/);
    }
  });

  describe('are read', () => {
    const archive = Buffer.concat([
      pax(
        [
          ['comment', 'of all'],
          ['mtime', '5'],
        ],
        'g',
      ),
      entry('d/', '5'),
      entry('d/f', '0', Buffer.from('content')),
      pax([
        ['path', 'd/renamed'],
        ['mtime', '1.5'],
        ['size', '3'],
      ]),
      entry('short', '0', Buffer.from('123')),
      entry(`d/${'l'.repeat(150)}`, '2', Buffer.alloc(0), 'k'.repeat(150)),
      entry('d/h', '1', Buffer.alloc(0), 'd/f'),
      entry('d/dev', '3'),
      entry('d/unknown', 'Z', Buffer.from('its data')),
      END,
    ]);

    it('alike in pieces of any size', () => {
      const whole = read(archive);
      expect(whole).to.include({ complete: true, failure: null });
      const entries = whole.found.flatMap((one) =>
        one === null || Buffer.isBuffer(one) ? [] : [one],
      );
      expect(
        entries.map(({ path: name, kind, size, mtime }) => [name.slice(0, 10), kind, size, +mtime]),
      ).to.deep.equal([
        ['d/', 'directory', 0, 5000],
        ['d/f', 'file', 7, 5000],
        ['d/renamed', 'file', 3, 1500],
        ['d/llllllll', 'symbolicLink', 0, 5000],
        ['d/h', 'hardLink', 0, 5000],
        ['d/dev', 'other', 0, 5000],
        ['d/unknown', 'other', 8, 5000],
      ]);
      for (const size of [1, 7, 511, 512, 513, 1025])
        expect(read(archive, size), `${size}`).to.deep.equal(whole);
    });

    it('without harm when they are damaged', () => {
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { minLength: 1 }),
          fc.integer({ min: 1, max: 2000 }),
          (changes, size) => {
            const damaged = Buffer.from(archive);
            for (const [at, byte] of changes) damaged[at] = byte;
            const { failure, found } = read(damaged, size);
            if (failure !== null) expect(failure).to.include({ code: 'ERR_SPDY_PROTOCOL' });
            const stored = found.reduce(
              (sum, one) => sum + (Buffer.isBuffer(one) ? one.length : 0),
              0,
            );
            expect(stored).to.be.at.most(archive.length);
          },
        ),
      );
    });

    it('not beyond what headers may say', () => {
      const records = pax([['path', 'x'.repeat(6 << 20)]]);
      const { failure } = read(Buffer.concat([records, records, records, entry('f')]));
      expect(failure).to.include({ code: 'ERR_SPDY_PROTOCOL' });
      for (const bad of ['9 path=a', '99 path=a\n', 'x path=a\n', '7 patha\n', '0 a=b\n'])
        expect(read(entry('pax', 'x', Buffer.from(bad))).failure, bad).not.to.equal(null);
      for (const [key, value] of [
        ['size', '-1'],
        ['size', '99999999999999999'],
        ['mtime', 'never'],
        ['mtime', '1e300'],
      ] as const)
        expect(read(Buffer.concat([pax([[key, value]]), entry('f')])).failure, key).not.to.equal(
          null,
        );
    });
  });

  it('have headers with numbers of any size, and old ones', () => {
    const facts = { name: 'n', linkName: '', type: '0', mode: 0o644, mtime: 1e9 };
    for (const size of [0, 8 ** 11 - 1, 8 ** 11, 2 ** 52])
      expect(readHeader(writeHeader({ ...facts, size }))).to.deep.equal({ ...facts, size });
    const header = writeHeader({ ...facts, size: 1, name: 'caf\xe8' });
    expect(readHeader(header)?.name).to.equal('caf\xe8');
    header.write('ustar\x0000', 257);
    header.write('folder', 345);
    const sum = (signed: boolean): void => {
      header.fill(' ', 148, 156);
      let total = 0;
      for (const byte of header) total += signed && byte > 127 ? byte - 256 : byte;
      header.write(`${total.toString(8).padStart(6, '0')}\0 `, 148);
    };
    for (const signed of [true, false]) {
      sum(signed);
      expect(readHeader(header)?.name).to.equal('folder/caf\xe8');
    }
    header.write('9', 130);
    sum(false);
    expect(readHeader(header)?.size).to.be.NaN;
    header.fill(0xff, 136, 148);
    sum(false);
    expect(readHeader(header)?.mtime).to.equal(-1);
    header.write('x');
    expect(readHeader(header)).to.equal(null);
  });
});
