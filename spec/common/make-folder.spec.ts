import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolder } from '../../lib/common/make-folder.ts';

describe('makeFolder()', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'spdylay-spec-'));
  });

  after(() => rmSync(folder, { recursive: true }));

  it('makes a folder with those above it, and takes one that is there', () => {
    const path = join(folder, 'a', 'b', 'c');
    makeFolder(path);
    makeFolder(path);
    expect(statSync(path).isDirectory()).to.equal(true);
  });

  it('says so where a file is in the way', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolder(join(folder, 'file'))).to.throw(/^EEXIST/);
    expect(() => makeFolder(join(folder, 'file', 'x'))).to.throw(/^(?:EEXIST|ENOTDIR)/);
  });
});
