import { expect } from 'chai';
import { type KeptFile, KeptFiles } from '../../../lib/tools/files/kept-files.ts';

function file(cost: number): KeptFile {
  const about = { state: '', settled: true, freshUntil: 0, holders: 0, forgotten: false };
  return { kind: 'file', representations: [], cost, ...about };
}

function keep(files: KeptFiles, path: string, cost: number): KeptFile | null {
  if (!files.reserve(cost)) return null;
  const kept = file(cost);
  files.keep(path, kept);
  return kept;
}

describe('kept files', () => {
  it('make room for new ones: the one that was looked at longest ago goes first', () => {
    const files = new KeptFiles(100);
    const first = keep(files, '/1', 40) as KeptFile;
    keep(files, '/2', 40);
    files.renew('/1', first, 5);
    expect(first.freshUntil).to.equal(5);
    keep(files, '/3', 40);
    expect([files.get('/1'), files.get('/2')]).to.deep.equal([first, undefined]);
    expect(files.bytes).to.equal(80);
  });

  it('never exceed the bound, and refuse what is larger than it', () => {
    const files = new KeptFiles(100);
    keep(files, '/1', 60);
    expect(keep(files, '/large', 101)).to.equal(null);
    expect([files.bytes, files.get('/1')?.cost]).to.deep.equal([60, 60]);
    expect(files.reserve(100)).to.equal(true);
    expect(keep(files, '/2', 1)).to.equal(null);
    files.giveBack(100);
    expect(files.bytes).to.equal(0);
  });

  it('replace a file of the same path', () => {
    const files = new KeptFiles(100);
    keep(files, '/1', 40);
    const second = keep(files, '/1', 30);
    expect([files.get('/1'), files.bytes]).to.deep.equal([second, 30]);
    files.forget('/none');
    files.forget('/1');
    expect(files.bytes).to.equal(0);
  });

  it('count what is held until it is released, and do not drop it to make room', () => {
    const files = new KeptFiles(100);
    const held = keep(files, '/held', 60) as KeptFile;
    files.hold(held);
    expect(keep(files, '/1', 50)).to.equal(null);
    expect(files.get('/held')).to.equal(held);
    files.forget('/held');
    expect([files.get('/held'), files.bytes]).to.deep.equal([undefined, 60]);
    expect(keep(files, '/1', 50)).to.equal(null);
    files.release(held);
    expect(files.bytes).to.equal(0);
    expect(keep(files, '/1', 50)).to.not.equal(null);
  });
});
