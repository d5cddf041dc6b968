import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { LogFile } from '../../lib/cli/log-file.ts';
import { makeFolder, removeFolder } from './support/programs.ts';

describe('cli/log-file', () => {
  let folder: string;
  let file: string;
  let told: string[];
  const tell = (text: string): void => {
    told.push(text.replace(`${folder}/`, ''));
  };

  beforeEach(() => {
    folder = makeFolder({});
    file = join(folder, 'log');
    told = [];
  });

  afterEach(() => removeFolder(folder));

  /** Turns of the event loop, until something holds. */
  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  }

  function text(): string {
    return readFileSync(file, 'utf8');
  }

  it('appends to what is there', async () => {
    for (const line of ['one\n', 'two\n']) {
      const log = await LogFile.open(file, tell);
      log.write(line);
      await log.close();
    }
    expect(text()).to.equal('one\ntwo\n');
  });

  it('goes on at the beginning of a file that was cut to nothing (copytruncate)', async () => {
    const log = await LogFile.open(file, tell);
    log.write('one\n');
    await until(() => text() === 'one\n');
    truncateSync(file);
    log.write('two\n');
    await log.close();
    expect(text()).to.equal('two\n');
  });

  it('goes on in a new file when the old one was moved away', async () => {
    const log = await LogFile.open(file, tell);
    log.write('one\n');
    renameSync(file, `${file}.1`);
    log.write('two\n');
    log.reopen();
    log.write('three\n');
    await log.close();
    expect(text()).to.equal('three\n');
    await until(() => readFileSync(`${file}.1`, 'utf8') === 'one\ntwo\n');
    expect(told).to.deep.equal([]);
  });

  it('fails when there is no place for the file', async () => {
    const failure = await LogFile.open(join(folder, 'none', 'log'), tell).catch((error) => error);
    expect(failure.code).to.equal('ENOENT');
  });

  it('tells once what it cannot write, tries again, and tells when that works', async () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    file = join(inner, 'log');
    const log = await LogFile.open(file, tell, 0);
    rmSync(inner, { recursive: true });
    log.reopen();
    log.write('one\n');
    await until(() => told.length > 0);
    for (let i = 0; i < 3; i++) {
      log.write('two\n');
      await new Promise((resolve) => setImmediate(resolve));
    }
    mkdirSync(inner);
    await until(() => {
      log.write('three\n');
      // A line before it may have found the folder, too.
      return existsSync(file) && text().includes('three\n');
    });
    await log.close();
    expect(told).to.have.length(2);
    expect(told[0]).to.match(/^inner\/log: ENOENT/);
    expect(told[1]).to.match(/^inner\/log is written again, [1-9]\d* lines were lost$/);
  });

  it('tries nothing for a while after a failure', async () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    file = join(inner, 'log');
    const log = await LogFile.open(file, tell, 1e9);
    rmSync(inner, { recursive: true });
    log.reopen();
    await until(() => told.length > 0);
    mkdirSync(inner);
    log.write('one\n');
    await log.close();
    expect(existsSync(file)).to.equal(false);
    log.reopen();
    log.write('two\n');
    await log.close();
    expect(text()).to.equal('two\n');
    expect(told[1]).to.equal('inner/log is written again, 1 lines were lost');
  });

  it('tells that the disk is full', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const log = await LogFile.open('/dev/full', tell);
    log.write('one\n');
    await until(() => told.length > 0);
    expect(told[0]).to.match(/^\/dev\/full: ENOSPC/);
    await log.close();
  });

  it('keeps no more than 8 MiB that wait to be written', async () => {
    const log = await LogFile.open(file, tell);
    const line = `${'x'.repeat(1 << 20)}\n`;
    for (let i = 0; i < 20; i++) log.write(line);
    await log.close();
    expect(text().length / line.length)
      .to.be.at.least(8)
      .and.below(12);
    expect(told[0]).to.equal('log: it takes too little of what there is to write');
    expect(told[1]).to.match(/^log is written again, \d+ lines were lost$/);
  });

  it('is standard output for -', async () => {
    const { write } = process.stdout;
    const seen: unknown[] = [];
    process.stdout.write = ((chunk: unknown) => seen.push(chunk) > 0) as typeof write;
    try {
      const log = await LogFile.open('-', tell);
      log.write('one\n');
      log.reopen();
      await log.close();
    } finally {
      process.stdout.write = write;
    }
    expect(seen).to.deep.equal(['one\n']);
  });
});
