import fs, { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { byteName } from '../../../../lib/kubernetes/copy/local/byte-names.ts';
import { DirectCalls } from '../../../../lib/kubernetes/copy/local/direct-calls.ts';
import { CopyCounter } from '../../../../lib/kubernetes/copy/options.ts';
import { TarReader } from '../../../../lib/kubernetes/copy/tar/tar-reader.ts';
import { TarWriter } from '../../../../lib/kubernetes/copy/tar/tar-writer.ts';

const PIECE = 262144;
/** Header and end of an archive with one file. */
const AROUND = 512 + 512;

describe('an archive that is written', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-writer-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** The pieces, which are good for a while only, one behind the other. */
  async function packed(writer: TarWriter, name = 'data'): Promise<Buffer[]> {
    const pieces: Buffer[] = [];
    const file = byteName(path.join(folder, name));
    for await (const piece of writer.pack(file, name)) pieces.push(Buffer.from(piece));
    return pieces;
  }

  /** Files of an archive by name. */
  function filesOf(archive: Buffer): Map<string, Buffer> {
    const reader = new TarReader();
    const files = new Map<string, Buffer>();
    let name = '';
    for (const found of reader.push(archive)) {
      if (Buffer.isBuffer(found))
        files.set(name, Buffer.concat([files.get(name) as Buffer, found]));
      else if (found?.kind === 'file') {
        name = found.path;
        files.set(name, Buffer.alloc(0));
      }
    }
    expect([reader.failure, reader.complete]).to.deep.equal([null, true]);
    return files;
  }

  function content(length: number): Buffer {
    return Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
  }

  for (const [size, pieces] of [
    [0, 1],
    [65536, 1],
    [65537, 1],
    [PIECE - AROUND, 1],
    [PIECE, 2],
    [3 * PIECE - AROUND, 3],
    [1_000_003, 4],
  ] as const) {
    it(`has the ${size} bytes of a file, in ${pieces} pieces and a last one`, async () => {
      writeFileSync(path.join(folder, 'data'), content(size));
      const all = await packed(new TarWriter(new CopyCounter({})));
      expect(all).to.have.length(pieces + 1);
      expect(all.slice(0, -2).every(({ length }) => length === PIECE)).to.equal(true);
      expect(all.at(-1)).to.have.length(512);
      expect(filesOf(Buffer.concat(all)).get('data')?.equals(content(size))).to.equal(true);
    });
  }

  it('has half of its end in a piece of its own, even where all of it would fit into the piece before', async () => {
    writeFileSync(path.join(folder, 'data'), content(PIECE - 512 - 1024));
    const all = await packed(new TarWriter(new CopyCounter({})));
    expect(all.map(({ length }) => length)).to.deep.equal([PIECE - 512, 512]);
    expect(all[1]?.every((byte) => byte === 0)).to.equal(true);
  });

  for (const [what, took] of [
    ['quickly', 0],
    ['in a turn of its own', 5],
    ['slowly', 1000],
  ] as const) {
    it(`has many files of a tree in the order of their names, where each is read ${what}`, async () => {
      let now = 0;
      const calls = new DirectCalls(() => {
        now += took;
        return now;
      });
      const names: string[] = [];
      for (let at = 0; at < 300; at++) {
        const name = `data/${at % 3}/${String(at).padStart(3, '0')}`;
        mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
        writeFileSync(path.join(folder, name), content((at * 997) % 70_000));
        names.push(name);
      }
      const files = filesOf(Buffer.concat(await packed(new TarWriter(new CopyCounter({}), calls))));
      expect([...files.keys()]).to.deep.equal(names.sort());
      for (const [name, found] of files) {
        const at = Number(name.slice(-3));
        expect(found.equals(content((at * 997) % 70_000)), name).to.equal(true);
      }
    });
  }

  for (const [took, direct] of [
    [0, 3],
    [5, 3],
    [1000, 1],
  ] as const) {
    it(`reads ${direct} of 3 pieces of a large file in its own thread, where each takes ${took} ms`, async () => {
      let looks = 0;
      const calls = new DirectCalls(() => {
        looks += 1;
        return looks * took;
      });
      const size = 3 * PIECE - AROUND;
      writeFileSync(path.join(folder, 'data'), content(size));
      const all = await packed(new TarWriter(new CopyCounter({}), calls));
      expect(filesOf(Buffer.concat(all)).get('data')?.equals(content(size))).to.equal(true);
      expect(looks).to.equal(2 * direct);
    });
  }

  it('ends with the name of a file that grows while it is read', async () => {
    const file = path.join(folder, 'data');
    writeFileSync(file, content(2 * PIECE));
    const writer = new TarWriter(new CopyCounter({}));
    const pieces = writer.pack(byteName(file), 'data');
    await pieces.next();
    appendFileSync(file, 'more');
    const error = await (async () => {
      for await (const _ of pieces);
    })().catch((reason: Error) => reason);
    expect(error).to.have.property('code', 'ERR_SPDY_INVALID_STATE');
    expect(error).to.have.property('message', `${file} has grown or shrunk while it was read`);
  });

  for (const size of [3, 100_000])
    it(`is none where a link has taken the place of a file of ${size} bytes that was looked at`, async function () {
      if (process.platform === 'win32') this.skip();
      const file = path.join(folder, 'data/a');
      const other = path.join(folder, 'other');
      mkdirSync(path.join(folder, 'data'));
      for (const one of [file, other]) writeFileSync(one, content(size));
      const calls = fs as { lstatSync: (name: fs.PathLike) => fs.Stats };
      const { lstatSync } = calls;
      const swapped = (name: fs.PathLike): fs.Stats => {
        const status = lstatSync(name);
        calls.lstatSync = lstatSync;
        fs.unlinkSync(file);
        fs.symlinkSync(other, file);
        return status;
      };
      calls.lstatSync = swapped;
      try {
        const failed: unknown = await packed(new TarWriter(new CopyCounter({}))).catch(
          (error: unknown) => error,
        );
        expect(failed).to.be.an('error').with.property('code', 'ELOOP');
      } finally {
        calls.lstatSync = lstatSync;
      }
    });
});
