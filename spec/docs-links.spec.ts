import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { REPOSITORY_ROOT } from './support/corpus-data.ts';
import { anchorsOf, DOCUMENTS, proseOf, readDocument } from './support/documents.ts';

describe('documentation: links', () => {
  let packed: ReadonlySet<string>;

  before(async () => {
    packed = await filesOfPackage();
    expect([...packed]).to.include.members(['README.md', 'docs/http.md', 'docs/demo.svg']);
  });

  for (const file of DOCUMENTS) {
    it(`of ${file} lead somewhere in the repository`, () => {
      expect(linksOf(file).filter((link) => !leadsSomewhere(file, link))).to.deep.equal([]);
    });

    it(`of ${file} lead somewhere in the package`, () => {
      const targets = linksOf(file).map((link) => targetOf(file, link));
      expect(targets.filter((target) => !packed.has(target))).to.deep.equal([]);
    });
  }

  it('and paths in code spans name files that are there', () => {
    const named = DOCUMENTS.flatMap((file) => pathsIn(file).map((path) => `${file}: ${path}`));
    expect(named).to.include('docs/protocol.md: lib/engine/streams/stream-state.ts');
    expect(named.filter((entry) => !isThere(entry.replace(/^.*: /, '')))).to.deep.equal([]);
  });

  it('put every page of docs/ into the package', () => {
    expect(DOCUMENTS.filter((file) => !packed.has(file))).to.deep.equal([]);
  });

  it('have room in a README of at most 200 lines', () => {
    expect(readDocument('README.md').split('\n').length - 1).to.be.at.most(200);
  });

  it('reach every page from the README', () => {
    const seen = new Set(['README.md']);
    for (const file of seen) {
      if (!file.endsWith('.md')) continue;
      for (const link of linksOf(file)) seen.add(targetOf(file, link));
    }
    expect(DOCUMENTS.filter((file) => !seen.has(file))).to.deep.equal([]);
  });
});

/** What `npm pack` would put into the package. */
async function filesOfPackage(): Promise<ReadonlySet<string>> {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--dry-run', '--json', '--ignore-scripts'],
    { cwd: fileURLToPath(REPOSITORY_ROOT), maxBuffer: 64 * 1024 * 1024 },
  );
  const [report] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  return new Set(report.files.map((file) => file.path));
}

/** Targets of links and pictures, but for those to other sites. */
function linksOf(file: string): string[] {
  return [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^https?:/.test(link));
}

/** The file that a link of a page leads to, as a path from the root. */
function targetOf(file: string, link: string): string {
  const [target = ''] = link.split('#');
  const url =
    target === ''
      ? new URL(file, REPOSITORY_ROOT)
      : new URL(target, new URL(file, REPOSITORY_ROOT));
  return url.href.slice(REPOSITORY_ROOT.href.length);
}

function leadsSomewhere(file: string, link: string): boolean {
  const target = targetOf(file, link);
  const url = new URL(target, REPOSITORY_ROOT);
  if (!existsSync(url) || !statSync(url).isFile()) return false;
  const [, anchor] = link.split('#');
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

/** Code spans with the path of a source, or of anything in a folder of the repository. */
function pathsIn(file: string): string[] {
  const path = /^(?:[\w.-]+\/)*[\w.-]+\.ts$|^(?:bench|examples|lib|scripts|spec|\.ci)\/[\w./-]*$/;
  const spans = [...proseOf(file).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return spans.filter((span) => path.test(span));
}

/** The architecture leaves lib/ away, the checklist spec/. */
function isThere(path: string): boolean {
  return ['', 'lib/', 'spec/'].some((folder) =>
    existsSync(new URL(folder + path, REPOSITORY_ROOT)),
  );
}
