// A program that uses all of the package, bundled by what people bundle with: `npm run test:package`.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { expect } from 'chai';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import webpack from 'webpack';
import { installedPackage, run } from './installed.mjs';
import { ROUND_TRIP, TOOLS_IN_COMMONJS } from './programs.mjs';

describe('a program with the package in it', function () {
  this.timeout(300_000);
  let home;
  let entry;

  before(() => {
    ({ home } = installedPackage());
    entry = path.join(home, 'entry.mjs');
    writeFileSync(entry, ROUND_TRIP);
  });

  it('is bundled by esbuild without a word', async () => {
    const outfile = path.join(home, 'esbuild.mjs');
    const { warnings } = await esbuild.build({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format: 'esm',
      // What parts of CommonJS in a bundle of modules need; not of this package.
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      logLevel: 'silent',
      outfile,
    });
    expect(warnings).to.deep.equal([]);
    expectToWork(outfile);
  });

  it('is bundled by esbuild as CommonJS, tools and all, as for a single executable', async () => {
    writeFileSync(path.join(home, 'tools.mjs'), TOOLS_IN_COMMONJS);
    const outfile = path.join(home, 'esbuild.cjs');
    await esbuild.build({
      entryPoints: [path.join(home, 'tools.mjs')],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'silent',
      outfile,
    });
    expect(run(process.execPath, [outfile], home)).to.equal('3 of 3\n');
  });

  it('is bundled by rollup without a word', async () => {
    const words = [];
    const bundle = await rollup({
      input: entry,
      external: /^node:/,
      plugins: [nodeResolve({ exportConditions: ['node'], preferBuiltins: true }), commonjs()],
      onLog: (level, log) => words.push(`${level}: ${log.message}`),
    });
    const dir = path.join(home, 'rollup');
    await bundle.write({ dir, format: 'esm', entryFileNames: '[name].mjs' });
    await bundle.close();
    expect(words).to.deep.equal([]);
    expectToWork(path.join(dir, 'entry.mjs'));
  });

  it('is bundled by webpack without a word', async () => {
    const dir = path.join(home, 'webpack');
    const stats = await new Promise((done, fail) => {
      const options = {
        mode: 'production',
        target: 'node20',
        entry,
        context: home,
        experiments: { outputModule: true },
        output: { path: dir, filename: 'entry.mjs', module: true, chunkFormat: 'module' },
      };
      webpack(options, (error, result) => (error ? fail(error) : done(result)));
    });
    const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
    expect([...errors, ...warnings].map(({ message }) => message)).to.deep.equal([]);
    expectToWork(path.join(dir, 'entry.mjs'));
  });

  function expectToWork(file) {
    expect(run(process.execPath, [file], home)).to.equal('hello\npod\n');
  }
});
