// npm run bundle: writes dist/, which is what is published: the entries and programs that package.json names, the rooms that they share as
// one file each, and the declarations of what can be imported (these from build/: run npm run build before).
//
// Few files start faster than many: Node spends most of the time of an import on finding, reading and linking modules. What two entries
// share stands in a file of its own, so that no class exists twice. Nothing is renamed or made smaller, so that a stack trace can be read.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SOURCE = path.join(ROOT, 'lib');
const DECLARATIONS = path.join(ROOT, 'build/lib');
const OUTPUT = path.join(ROOT, 'dist');

/** The files that more than one entry may need, and what goes into each. */
const SHARED = {
  core: /^(errors|protocol|common|compression|framing|engine|session|http\/[^/]+\.ts$|node:)/,
  'http-client': /^http\/client\//,
  'http-server': /^http\/server\//,
  'kubernetes/parts': /^kubernetes\/(?!index\.ts)/,
  'tools/page': /^tools\/(page|load\/page)\//,
  'tools/dump': /^tools\/dump\//,
  'tools/proxy': /^tools\/proxy\//,
  'tools/load': /^tools\/load\/(?!worker\.ts|page\/)/,
  'tools/parts': /^tools\/(?!index\.ts|load\/)/,
  'cli/program': /^cli\/[^/]+\.ts$/,
};

/**
 * From Node 22 on, `import 'node:http'` reads every export at once, and three of them are getters that load the whole of the built-in
 * fetch(): that takes longer than all of this package. Asked for in this way, the module does not read them.
 */
const httpWithoutFetch = {
  name: 'http-without-fetch',
  resolveId: (id) => (id === 'node:http' ? '\0node:http' : null),
  load(id) {
    if (id !== '\0node:http') return null;
    const exports = Object.entries(Object.getOwnPropertyDescriptors(http));
    const names = exports.filter(([, { get }]) => get === undefined).map(([name]) => name);
    return `const http = process.getBuiltinModule('node:http');
export default http;
export const { ${names.join(', ')} } = http;`;
  },
};

const { bin, exports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
const doors = Object.values(exports).filter((door) => typeof door === 'object');

/** Files that parts of the package start as threads: what they stand beside in dist/, and what they are made of. */
const WORKERS = { 'tools/worker': 'tools/load/worker' };

rmSync(OUTPUT, { recursive: true, force: true });
await bundle([...doors.map((door) => door.default), ...Object.values(bin)]);
declare(doors.map((door) => door.types));

/** Writes the entries, which are paths as package.json has them. */
async function bundle(entries) {
  const names = entries.map((file) => within(OUTPUT, path.join(ROOT, file)).replace(/\.js$/, ''));
  const build = await rolldown({
    input: {
      ...Object.fromEntries(names.map((name) => [name, sourceOf(name)])),
      ...Object.fromEntries(
        Object.entries(WORKERS).map(([name, source]) => [name, sourceOf(source)]),
      ),
    },
    cwd: SOURCE,
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    external: (id) => id !== 'node:http' && !/^[./\0]|^[A-Z]:/.test(id),
    plugins: [httpWithoutFetch],
  });
  await build.write({
    dir: OUTPUT,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    minifyInternalExports: false,
    codeSplitting: {
      groups: Object.entries(SHARED).map(([name, rooms]) => ({
        name,
        test: (id) => rooms.test(id.startsWith('\0') ? id.slice(1) : within(SOURCE, id)),
        includeDependenciesRecursively: false,
      })),
    },
  });
  await build.close();
}

/** Copies the declarations that the given ones need, from where tsc has put them. */
function declare(files) {
  const folder = path.join(OUTPUT, 'types');
  const todo = files.map((file) => within(folder, path.join(ROOT, file)));
  const known = new Set(todo);
  for (const file of todo) {
    const target = path.join(folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    const text = readFileSync(path.join(DECLARATIONS, file), 'utf8');
    writeFileSync(
      target,
      text
        .replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n')
        .replace(/((?:from |import\()['"]\.[^'"]+)\.ts(?=['"])/g, '$1.js'),
    );
    for (const [, to] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)['"]/g)) {
      const next = path.posix.join(path.posix.dirname(file), to).replace(/\.[jt]s$/, '.d.ts');
      if (known.has(next)) continue;
      known.add(next);
      todo.push(next);
    }
  }
}

function sourceOf(name) {
  return path.join(SOURCE, `${name}.ts`);
}

/** The path of a file below a folder, with slashes. */
function within(folder, file) {
  return path.relative(folder, file).replaceAll(path.sep, '/');
}
