import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { NullOutput, OrderedOutput } from '../../../../lib/cli/spdycat/output/body-output.ts';
import { FileOutput, remoteName } from '../../../../lib/cli/spdycat/output/file-output.ts';
import { makeFolder, removeFolder } from '../../support/programs.ts';

const url = new URL('https://a/dir/name.txt');
/** The variable that names the folder for temporary files. */
const TEMPORARY = 'TMPDIR';

/** A body that the spec hands over piece by piece. */
class Pieces implements AsyncIterable<Buffer> {
  readonly #pieces: (Buffer | Error | null)[] = [];
  #wake: (() => void) | null = null;

  give(piece: string | Buffer | Error | null): this {
    this.#pieces.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
    this.#wake?.();
    return this;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece === null) return;
      if (piece instanceof Error) throw piece;
      if (piece !== undefined) yield piece;
      else {
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
    }
  }
}

function spooled(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('spdycat-'));
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('latin1');
    setImmediate(done);
  }
}

async function ticks(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((next) => setImmediate(next));
}

describe('ordered output', () => {
  const folderBefore = process.env[TEMPORARY];
  let temporary: string;

  // Other programs of this machine have files in the common folder.
  before(() => {
    temporary = makeFolder({});
    process.env[TEMPORARY] = temporary;
  });

  after(() => {
    if (folderBefore === undefined) delete process.env[TEMPORARY];
    else process.env[TEMPORARY] = folderBefore;
    removeFolder(temporary);
  });

  it('writes bodies in the order of their requests, the first one at once', async () => {
    const out = new Collector();
    const output = new OrderedOutput(out);
    const bodies = [new Pieces(), new Pieces(), new Pieces()] as const;
    const taken = bodies.map((body, number) =>
      output.take(number, url, body).finally(() => output.done(number)),
    );
    bodies[2].give('third').give(null);
    bodies[1].give('sec');
    bodies[0].give('fi');
    await ticks();
    expect(out.text).to.equal('fi');
    bodies[0].give('rst,').give(null);
    await ticks();
    expect(out.text).to.equal('first,');
    bodies[1].give('ond,').give(null);
    await Promise.all(taken);
    expect(out.text).to.equal('first,second,third');
  });

  it('puts long bodies aside in files, which it removes', async () => {
    const out = new Collector();
    const output = new OrderedOutput(out);
    const first = new Pieces();
    const long = new Pieces();
    const taken = [first, long].map((body, number) =>
      output.take(number, url, body).finally(() => output.done(number)),
    );
    const piece = Buffer.alloc(100_000, 'x');
    for (let i = 0; i < 5; i++) long.give(piece);
    long.give(null);
    while (spooled().length === 0) await new Promise((next) => setTimeout(next, 5));
    expect(spooled()).to.have.lengthOf(1);
    first.give('y').give(null);
    await Promise.all(taken);
    expect(out.text).to.equal(`y${'x'.repeat(500_000)}`);
    expect(spooled()).to.deep.equal([]);
  });

  it('goes on after requests without a body and bodies that break off, but leaves pushes out', async () => {
    const out = new Collector();
    const output = new OrderedOutput(out);
    const last = output.take(2, url, new Pieces().give('last').give(null));
    await output.take(null, url, new Pieces().give('pushed').give(null));
    const broken = output.take(1, url, new Pieces().give('half').give(new Error('reset')));
    output.done(0);
    const error = await broken.then(
      () => null,
      (reason: Error) => reason,
    );
    expect(error?.message).to.equal('reset');
    output.done(1);
    await last;
    expect(out.text).to.equal('last');
  });

  it('takes a body once more that has failed, in its turn', async () => {
    const out = new Collector();
    const output = new OrderedOutput(out);
    const next = output.take(1, url, new Pieces().give('next').give(null));
    const failed = output.take(0, url, new Pieces().give(new Error('reset')));
    expect(await failed.catch((error: Error) => error.message)).to.equal('reset');
    await output.take(0, url, new Pieces().give('again,').give(null));
    output.done(0);
    await next;
    expect(out.text).to.equal('again,next');
  });

  it('tells when it cannot write', async () => {
    const out = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    out.on('error', () => {});
    const output = new OrderedOutput(out);
    for (const number of [0, 1]) {
      const body = new Pieces().give('x').give(null);
      const error = await output.take(number, url, body).then(
        () => null,
        (reason: Error) => reason,
      );
      output.done(number);
      expect(error).to.be.instanceOf(Error);
    }
  });
});

describe('file output', () => {
  let folder: string;

  beforeEach(() => {
    folder = makeFolder({ 'kept.txt': 'old' });
  });

  afterEach(() => removeFolder(folder));

  it('saves a body by its name, and never the same name twice', async () => {
    const output = new FileOutput(folder);
    const names = [];
    for (const [i, text] of ['1', '2', '3'].entries()) {
      names.push(await output.take(i, url, new Pieces().give(text).give(null)));
    }
    expect(names).to.deep.equal(['name.txt', 'name.txt.1', 'name.txt.2']);
    expect(readFileSync(join(folder, 'name.txt.2'), 'utf8')).to.equal('3');
  });

  it('leaves a file as it is when the body breaks off', async () => {
    const output = new FileOutput(folder);
    const body = new Pieces().give('new').give(new Error('reset'));
    const error = await output.take(0, new URL('https://a/kept.txt'), body).then(
      () => null,
      (reason: Error) => reason,
    );
    expect(error?.message).to.equal('reset');
    expect(readFileSync(join(folder, 'kept.txt'), 'utf8')).to.equal('old');
    expect(readdirSync(folder)).to.deep.equal(['kept.txt']);
  });

  it('keeps bodies apart whose names look like those of unfinished files', async () => {
    const output = new FileOutput(folder);
    const bodies = [new Pieces().give('aa'), new Pieces().give('b').give(null)] as const;
    const taken = ['a', 'a.part'].map((name, number) =>
      output.take(number, new URL(`https://a/${name}`), bodies[number] as Pieces),
    );
    expect(await taken[1]).to.equal('a.part');
    bodies[0].give('aa').give(null);
    expect(await taken[0]).to.equal('a');
    const contents = ['a', 'a.part'].map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(contents).to.deep.equal(['aaaa', 'b']);
    expect(readdirSync(folder)).to.have.members(['a', 'a.part', 'kept.txt']);
  });

  for (const [address, name] of [
    ['https://a/', 'index.html'],
    ['https://a/b/', 'index.html'],
    ['https://a/b/c.txt?d/e', 'c.txt'],
    ['https://a/%C3%BC%20x', 'ü x'],
    ['https://a/..%2f..%2fetc%2fpasswd', '_._.._etc_passwd'],
    ['https://a/..%5cx', '_._x'],
    ['https://a/.bashrc', '_bashrc'],
    ['https://a/a%00b%0a', 'a_b_'],
    ['https://a/%zz', '%zz'],
  ] as const) {
    it(`names the body of ${address} ${name}`, () => {
      expect(remoteName(new URL(address))).to.equal(name);
    });
  }

  it('throws bodies away', async () => {
    const body = new Pieces().give('x').give(null);
    expect(await new NullOutput().take(0, url, body)).to.equal(null);
  });
});
