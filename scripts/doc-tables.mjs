// Writes the generated parts of docs/*.md, and the pictures there, from a build: node scripts/doc-tables.mjs [--check] [BUILD_FOLDER]
// --check writes nothing and fails when a part is stale. The build is `build/` unless another folder is named.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { renderConstants } from './docs/constants.mjs';
import { renderErrors } from './docs/errors.mjs';
import { renderLimits } from './docs/limits.mjs';
import { renderProtocol } from './docs/protocol.mjs';
import { drawRooms, renderRooms } from './docs/rooms.mjs';

const ROOT = new URL('../', import.meta.url);

/**
 * What makes the generated parts of each file: functions that return texts by the name of the part. They are given what loads a module
 * of the build's lib/, and of its spec/support/.
 */
const RENDERERS = {
  'docs/architecture.md': (_, loadSupport) => renderRooms(loadSupport),
  'docs/errors.md': renderErrors,
  'docs/limits.md': renderLimits,
  'docs/protocol.md': renderProtocol,
  'docs/spdylay.md': renderConstants,
};

/** Files that are generated as a whole. */
const PICTURES = { 'docs/rooms.svg': (_, loadSupport) => drawRooms(loadSupport) };

/** Files whose generated parts differ from what the build in `buildFolder` (a URL) gives; with `write` they are brought up to date. */
export async function staleFiles(buildFolder, write = false) {
  const load = (file) => import(new URL(`lib/${file}.js`, buildFolder).href);
  const loadSupport = (file) => import(new URL(`spec/support/${file}.js`, buildFolder).href);
  const stale = [];
  const compare = (file, text, fresh) => {
    if (fresh === text) return;
    stale.push(file);
    if (write) writeFileSync(new URL(file, ROOT), fresh);
  };
  for (const [file, render] of Object.entries(RENDERERS)) {
    const text = readFileSync(new URL(file, ROOT), 'utf8');
    compare(file, text, replaceParts(file, text, await render(load, loadSupport)));
  }
  for (const [file, draw] of Object.entries(PICTURES)) {
    const url = new URL(file, ROOT);
    const text = existsSync(url) ? readFileSync(url, 'utf8') : null;
    compare(file, text, await draw(load, loadSupport));
  }
  return stale;
}

/** Puts each part between its two marks. */
function replaceParts(file, text, parts) {
  let result = text;
  for (const [name, content] of Object.entries(parts)) {
    const begin = `<!-- generated: ${name} (scripts/doc-tables.mjs) -->\n`;
    const end = `<!-- end of ${name} -->`;
    const from = result.indexOf(begin);
    const to = result.indexOf(end);
    if (from < 0 || to < from) throw new Error(`${file} has no marks for ${name}`);
    result = `${result.slice(0, from + begin.length)}\n${content.trimEnd()}\n\n${result.slice(to)}`;
  }
  return result;
}

if (
  process.argv[1] !== undefined &&
  path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  const args = process.argv.slice(2);
  const check = args[0] === '--check';
  const folder = path.resolve(args[check ? 1 : 0] ?? fileURLToPath(new URL('build', ROOT)));
  const stale = await staleFiles(pathToFileURL(`${folder}/`), !check);
  for (const file of stale) console.log(check ? `stale: ${file}` : `wrote ${file}`);
  if (check && stale.length > 0) process.exitCode = 1;
}
