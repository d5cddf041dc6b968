// Checks the package as npm would publish it: what is in it, its manifest and types, and that it loads where it is installed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-package-'));
try {
  const [report] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder]));
  checkContent(report.files.map((file) => file.path));
  const tarball = path.join(folder, report.filename);
  run('npx', ['--no-install', 'publint', 'run', tarball, '--strict']);
  run('npx', ['--no-install', 'attw', tarball, '--profile', 'esm-only', '--no-color']);
  install(tarball);
  console.log(`${report.filename}: ${report.files.length} files, ${report.size} bytes packed`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Everything that a user needs and nothing else. */
function checkContent(files) {
  const allowed =
    /^(build\/lib\/.+\.(js|d\.ts)(\.map)?|lib\/.+\.ts|docs\/.+\.(md|svg)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
  const surplus = files.filter((file) => !allowed.test(file));
  const needed = [
    'package.json',
    'README.md',
    'LICENSE',
    'build/lib/index.js',
    'build/lib/index.d.ts',
  ];
  const absent = needed.filter((file) => !files.includes(file));
  if (surplus.length > 0)
    throw new Error(`does not belong into the package: ${surplus.join(', ')}`);
  if (absent.length > 0) throw new Error(`missing from the package: ${absent.join(', ')}`);
}

/** Installs it like a user and loads it both ways. */
function install(tarball) {
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball], folder);
  const check = "if (typeof spdylay.Session !== 'function') throw new Error('no Session')";
  for (const program of ['spdycat', 'spdyd', 'spdy-kube-fake']) {
    run('npx', ['--no-install', program, '--version'], folder);
  }
  run(
    'node',
    ['--input-type=module', '-e', `import * as spdylay from 'spdylay'; ${check}`],
    folder,
  );
  run(
    'node',
    ['--input-type=commonjs', '-e', `const spdylay = require('spdylay'); ${check}`],
    folder,
  );
}

function run(program, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}
