// What is measured: the build of this repository, or that of another folder (`--baseline DIR`), which the environment names then.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The folder of this repository. */
export const HERE = fileURLToPath(new URL('../../', import.meta.url));

/** The folder whose build is measured. */
export const ROOT = process.env.SPDYLAY_BENCH_ROOT ?? HERE;

/** Imports a module of the build by its path below lib/, `index.js` for what the package exports. */
export function load(file) {
  return import(pathToFileURL(path.join(ROOT, 'build/lib', file)));
}

/** The file that an import of the package loads, or of a part of it such as './kubernetes': the first of these that the build has. */
export function entry(...names) {
  const { exports } = manifest();
  return path.join(ROOT, exports[names.find((name) => name in exports)].default);
}

/** The file of a program. */
export function program(name) {
  return path.join(ROOT, manifest().bin[name]);
}

function manifest() {
  return JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
}
