// The package as npm would publish it: `npm run test:package`. Needs a registry.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import * as spdylay from '../../build/lib/index.js';
import * as kubernetesClient from '../../build/lib/kubernetes/client-index.js';
import * as kubernetes from '../../build/lib/kubernetes/index.js';
import * as tools from '../../build/lib/tools/index.js';
import { installedPackage, ROOT, run, runText } from './installed.mjs';
import { ONE_OF_EACH, ROUND_TRIP, STACK, TYPED } from './programs.mjs';

const ALLOWED =
  /^(dist\/.+\.js|dist\/types\/.+\.d\.ts|docs\/.+\.(md|svg|png)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
const NEEDED = ['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/index.js', 'dist/types/index.d.ts'];

describe('package', function () {
  this.timeout(300_000);
  let report;
  let tarball;
  let home;

  before(() => {
    ({ report, tarball, home } = installedPackage());
  });

  it('holds what a user needs, and no more', () => {
    const files = report.files.map((file) => file.path);
    expect(files).to.include.members(NEEDED);
    expect(files.filter((file) => !ALLOWED.test(file))).to.deep.equal([]);
    expect(report.unpackedSize, 'bytes').to.be.below(3_400_000);
    expect(files.length).to.be.below(330);
  });

  it('is what publint and npm publish have nothing to say about', () => {
    run('npx', ['--no-install', 'publint', 'run', tarball, '--strict']);
    const command = `npm publish --dry-run --loglevel=warn ${tarball} 2>&1`;
    const lines = run('sh', ['-c', command]).split('\n');
    expect(lines.filter((line) => /^npm/.test(line) && !/logged in/.test(line))).to.deep.equal([]);
  });

  it('has types that are right however it is imported', () => {
    run('npx', ['--no-install', 'attw', tarball, '--profile', 'esm-only', '--no-color']);
  });

  for (const major of [20, 22, 24, 26]) {
    it(`has all declarations that its own need, with the types of Node ${major}`, () => {
      const types = path.join(home, 'node_modules/@types');
      rmSync(types, { recursive: true, force: true });
      mkdirSync(types);
      const ofNode = path.join(ROOT, `.ci/package/node_modules/types-node-${major}`);
      symlinkSync(ofNode, path.join(types, 'node'));
      writeFileSync(path.join(home, 'typed.ts'), TYPED);
      const options = ['--strict', '--noEmit', '--exactOptionalPropertyTypes', '--types', 'node'];
      run(
        path.join(ROOT, 'node_modules/.bin/tsc'),
        [...options, '--module', 'nodenext', '--skipLibCheck', 'false', 'typed.ts'],
        home,
      );
    });
  }

  it('exports what the sources export', () => {
    const doors = {
      spdylay,
      'spdylay/kubernetes': kubernetes,
      'spdylay/kubernetes/client': kubernetesClient,
      'spdylay/tools': tools,
    };
    const names = Object.keys(doors).map((name) => `Object.keys(await import('${name}'))`);
    const printed = JSON.parse(runText(`console.log(JSON.stringify([${names}]))`, home));
    expect(printed).to.deep.equal(Object.values(doors).map(Object.keys));
  });

  it('can be required, and is the same module then', () => {
    const text = `
import { createRequire } from 'node:module';
import * as imported from 'spdylay';
const required = createRequire(import.meta.url)('spdylay');
console.log(required.Session === imported.Session);`;
    expect(runText(text, home)).to.match(/^true$/m);
  });

  it('has each class once, under its name', () => {
    expect(JSON.parse(runText(ONE_OF_EACH, home))).to.deep.equal([]);
  });

  it('does its work over HTTP and in a pod', () => {
    expect(runText(ROUND_TRIP, home)).to.equal('hello\npod');
  });

  it('gives stack traces that can be read', () => {
    const stack = runText(STACK, home);
    expect(stack).to.match(/^InvalidArgumentError: /);
    expect(stack).to.match(/ at new Engine \(.*node_modules\/spdylay\/dist\/core\.js:\d+:\d+\)/);
  });

  it('loads nothing at the start but pako and what every Node has', () => {
    const modules = path.join(home, 'node_modules');
    const others = readdirSync(modules).filter((name) => !['spdylay', 'pako'].includes(name));
    for (const name of others)
      renameSync(path.join(modules, name), path.join(home, `away-${name}`));
    try {
      const text = `
import 'spdylay';
import 'spdylay/kubernetes';
console.log(process.moduleLoadList.filter((name) => /undici|http2/.test(name)).join());`;
      expect(runText(text, home)).to.equal('');
    } finally {
      for (const name of others)
        renameSync(path.join(home, `away-${name}`), path.join(modules, name));
    }
  });

  it('loads no TLS, processes or servers for a client of Kubernetes before they are needed', () => {
    const text = `
import 'spdylay/kubernetes/client';
console.log(process.moduleLoadList.filter((name) => / (?:tls|https|crypto|child_process)$/.test(name)).join());`;
    expect(runText(text, home)).to.equal('');
  });

  it('is three packages without the optional ones', () => {
    const lean = path.join(home, 'lean');
    mkdirSync(lean);
    writeFileSync(path.join(lean, 'package.json'), '{ "private": true }\n');
    const quiet = ['--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];
    run('npm', ['install', ...quiet, tarball], lean);
    const names = readdirSync(path.join(lean, 'node_modules'));
    const packages = names.filter((name) => !name.startsWith('.'));
    expect(packages).to.have.members(['spdylay', 'pako', 'mime']);
  });

  it('has no circle among its files', () => {
    const folder = path.join(home, 'node_modules/spdylay/dist');
    const left = new Map();
    for (const file of readdirSync(folder, { recursive: true })) {
      if (!file.endsWith('.js')) continue;
      const text = readFileSync(path.join(folder, file), 'utf8');
      const imports = [...text.matchAll(/^(?:import|export) .*?from "(\.[^"]+)";$/gm)];
      left.set(
        file,
        imports.map(([, to]) => path.join(path.dirname(file), to)),
      );
    }
    expect(left.size).to.be.above(5);
    for (let found = true; found; ) {
      found = false;
      for (const [file, imports] of left) {
        if (imports.some((to) => left.has(to))) continue;
        left.delete(file);
        found = true;
      }
    }
    expect([...left.keys()]).to.deep.equal([]);
  });

  for (const program of Object.keys(
    JSON.parse(readFileSync(path.join(ROOT, 'package.json'))).bin,
  )) {
    it(`has ${program}, which knows its version`, () => {
      const { version } = report;
      const said = run('npx', ['--no-install', program, '--version'], home);
      expect(said).to.equal(`${program} (spdylay ${version})\n`);
    });
  }
});
