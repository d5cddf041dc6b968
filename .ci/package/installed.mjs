// The package as npm would publish it, and a folder in which it is installed as a user would.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-package-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

let packed = null;

/** Packs and installs once; `report` is what `npm pack --json` says, `home` the folder with the package in its node_modules. */
export function installedPackage() {
  packed ??= pack();
  return packed;
}

function pack() {
  const [report] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder]));
  const tarball = path.join(folder, report.filename);
  const home = path.join(folder, 'home');
  mkdirSync(home);
  writeFileSync(path.join(home, 'package.json'), '{ "private": true, "type": "module" }\n');
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball], home);
  return { report, tarball, home };
}

/** Runs a program, which must succeed; the result is what it printed. */
export function run(program, args, cwd = ROOT) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0)
    throw new Error(
      `${program} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr.slice(-5000)}`,
    );
  return stdout;
}

/** Writes a program into a folder and runs it; the result is what it printed, without the last line break. */
export function runText(text, cwd, name = 'program.mjs') {
  writeFileSync(path.join(cwd, name), text);
  return run(process.execPath, [name], cwd).trimEnd();
}
