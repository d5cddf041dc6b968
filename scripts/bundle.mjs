// npm run bundle: writes dist/, which is what is published: the entries and programs that package.json names, the rooms that they share as
// one file each, and the declarations of what can be imported (these from build/: run npm run build before).
//
// Few files start faster than many: Node spends most of the time of an import on finding, reading and linking modules. What two entries
// share stands in a file of its own, so that no class exists twice. Nothing is renamed or made smaller, so that a stack trace can be read.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SOURCE = path.join(ROOT, 'lib');
const DECLARATIONS = path.join(ROOT, 'build/lib');
const OUTPUT = path.join(ROOT, 'dist');

/** The files that more than one entry may need, and what goes into each. */
const SHARED = {
  core: /^(errors|protocol|common|compression|framing|engine|session|http\/[^/]+\.ts$)/,
  'http-client': /^http\/client\//,
  'http-server': /^http\/server\//,
  'kubernetes/client': /^kubernetes\/((errors|client-index)\.ts$|(wire|kubeconfig|client|copy)\/)/,
  'kubernetes/parts': /^kubernetes\/(server|gateway|fake)\//,
  'tools/page': /^tools\/(page|load\/page)\//,
  'tools/dump': /^tools\/dump\//,
  'tools/proxy': /^tools\/proxy\//,
  'tools/load': /^tools\/load\/(?!worker\.ts|page\/)/,
  'tools/parts': /^tools\/(?!index\.ts|load\/)/,
  'cli/program': /^cli\/[^/]+\.ts$/,
};

/**
 * An `import` of a module of Node reads every export of it at once, and many of these are getters that load more: those of `node:http` the
 * whole of the built-in fetch(), from Node 22 on, those of `node:util` a parser, a differ and a worker. Asked for in this way, only what is
 * used is read. In code that is ASCII, V8 has one byte for a character of all of it instead of two.
 */
const fastStart = {
  name: 'fast-start',
  generateBundle(_, files) {
    for (const file of Object.values(files)) if (file.type === 'chunk') file.code = fast(file.code);
  },
};

function fast(code) {
  const text = code
    .replace(/^import ([\w$]+)?(?:, )?(\{.*\})? from ("node:.+");$/gm, (_, whole, names, id) => {
      const module = `process.getBuiltinModule(${id})`;
      const picked = names?.replaceAll(' as ', ': ');
      if (picked === undefined) return `const ${whole} = ${module};`;
      if (whole === undefined) return `const ${picked} = ${module};`;
      return `const ${whole} = ${module};\nconst ${picked} = ${whole};`;
    })
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const other = /^import .*"node:.*/m.exec(text);
  if (other !== null) throw new Error(`an import in another form: ${other[0]}`);
  return text;
}

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
    external: (id) => !/^[./\0]|^[A-Z]:/.test(id),
    plugins: [fastStart],
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
        test: (id) => rooms.test(within(SOURCE, id)),
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
