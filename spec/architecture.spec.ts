import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { LIMITS } from './http/support/through-proxy-limits.ts';
import { REPOSITORY_ROOT } from './support/corpus-data.ts';
import { isEntry, ROOMS, roomOf } from './support/rooms.ts';
import { codeOf, LIB, makeSource, readSources, type Source } from './support/sources.ts';

/** Longest file of lib/, in lines. */
const MOST_LINES = 300;

/** Names that stand for time, tasks, events, the process and other things outside. */
const OUTSIDE =
  /\b(?:setTimeout|setInterval|setImmediate|clear(?:Timeout|Interval|Immediate)|queueMicrotask|Date|performance|process|console|globalThis|fetch|AbortSignal|AbortController|EventEmitter|EventTarget|Promise|async|await|require)\b|\.then\b/g;

/** What no package may use of Node: names that begin with an underscore there, and doors behind the public ones. */
const INTERNALS =
  /\b(?:_handle|_readableState|_writableState|_events|_eventsCount|_maxListeners|_httpMessage|_parent|_server|_controlReleased)\b|\bprocess\s*\.\s*(?:binding|_\w+)|\binternalBinding\b/g;

/** What a file imports from other rooms against the walls. */
function breaches(source: Source): string[] {
  const room = roomOf(source.path);
  if (room === null) return [`${source.path} is in no room`];
  return source.targets
    .filter((target) => !mayImport(room, target))
    .map((target) => `${source.path} imports ${target}`);
}

function mayImport(room: string, target: string): boolean {
  const other = roomOf(target);
  if (other === null) return false;
  if (other === room) return true;
  if (!ROOMS[room]?.below.includes(other)) return false;
  const door = ROOMS[other]?.door;
  return door === undefined || isEntry(room) || door.includes(nameIn(other, target));
}

/** Name of a file in its room, without extension. */
function nameIn(room: string, path: string): string {
  return path.slice(room.length + 1).replace(/\.ts$/, '');
}

/** The files that must not know the outside: those of the pure rooms, and what these import elsewhere. */
function pureFiles(sources: readonly Source[]): Source[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const pure = new Set(sources.filter(({ path }) => ROOMS[roomOf(path) ?? '']?.pure === true));
  for (const source of pure) {
    for (const target of source.targets) {
      const found = byPath.get(target);
      if (found !== undefined) pure.add(found);
    }
  }
  return [...pure];
}

/** What a pure file imports that is no file of lib/. */
function foreignImports(source: Source): string[] {
  const compresses = roomOf(source.path) === 'compression';
  return source.imports
    .filter((name) => !name.startsWith('.') && !(compresses && name === 'pako'))
    .map((name) => `${source.path} imports ${name}`);
}

function findAll(source: Source, pattern: RegExp): string[] {
  return [...codeOf(source.text).matchAll(pattern)].map((match) => `${source.path}: ${match[0]}`);
}

/** The files of an import cycle, the first one also at the end; null if there is none. Types make cycles too. */
function findCycle(sources: readonly Source[]): string[] | null {
  const graph = new Map(sources.map(({ path, targets }) => [path, targets]));
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return null;
    for (const target of graph.get(path) ?? []) {
      const cycle = visit(target, [...trail, path]);
      if (cycle !== null) return cycle;
    }
    finished.add(path);
    return null;
  };
  for (const path of graph.keys()) {
    const cycle = visit(path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

/** The texts of the programs in a folder of the project, but for what is installed there. */
function readTexts(folder: string): string[] {
  const root = new URL(`${folder}/`, REPOSITORY_ROOT);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.m?ts$|\.mjs$/.test(path) && !path.includes('node_modules'))
    .map((path) => readFileSync(new URL(path.replaceAll('\\', '/'), root), 'utf8'));
}

/** Classes, functions and constants that files of lib/ export and no other text names, but in comments. */
function unusedExports(sources: readonly Source[], others: readonly string[]): string[] {
  const uses = new Map<string, number>();
  for (const text of [...sources.map((source) => source.text), ...others]) {
    const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*/gm, '');
    for (const name of new Set(code.match(/[\w$]+/g))) uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  const wholes = new Set(sources.flatMap((source) => source.wholes));
  const pattern = /^export (?:abstract |async )?(?:class|const|function\*?) ([\w$]+)/gm;
  return sources
    .filter(({ path }) => !wholes.has(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(pattern)]
        .filter(([, name = '']) => (uses.get(name) ?? 0) < 2)
        .map(([, name]) => `${path}: ${name}`),
    );
}

describe('architecture', () => {
  const sources = readSources();
  const pure = pureFiles(sources);

  it('is checked where there is something: every room has files, every import leads to one', () => {
    const rooms = new Set(sources.map(({ path }) => roomOf(path)));
    expect([...rooms]).to.have.members(Object.keys(ROOMS));
    const paths = sources.map(({ path }) => path);
    expect(paths).to.include.members([...new Set(sources.flatMap(({ targets }) => targets))]);
    expect(sources.flatMap(({ targets }) => targets)).to.have.length.above(500);
  });

  it('has rooms that stand on those before them', () => {
    const names = Object.keys(ROOMS);
    for (const [index, name] of names.entries()) {
      expect(names.slice(0, index), name).to.include.members([...(ROOMS[name]?.below ?? [])]);
    }
  });

  it('keeps client and server apart, wire/ below both, and programs from each other', () => {
    const below = (room: string): readonly string[] => ROOMS[room]?.below ?? [];
    for (const topic of ['http', 'kubernetes']) {
      expect(below(`${topic}/client`)).to.not.include(`${topic}/server`);
      expect(below(`${topic}/server`)).to.not.include(`${topic}/client`);
    }
    expect(below('kubernetes/wire').filter((room) => /^(?:http|kubernetes)/.test(room))).to.be
      .empty;
    for (const program of Object.keys(ROOMS).filter((room) => room.startsWith('cli/'))) {
      expect(below(program).filter((room) => room.startsWith('cli/'))).to.be.empty;
    }
  });

  it('has no import through a wall, or past a door', () => {
    expect(sources.flatMap(breaches)).to.deep.equal([]);
  });

  it('has no import of pako but in compression/, and none of Node or packages in pure files', () => {
    expect(pure.flatMap(foreignImports)).to.deep.equal([]);
    const named = sources.filter(({ imports }) => imports.some((name) => /^pako\b/.test(name)));
    expect([...new Set(named.map(({ path }) => roomOf(path)))]).to.deep.equal(['compression']);
  });

  it('has no import of an optional peer that a bundler could see', () => {
    const text = readFileSync(new URL('package.json', REPOSITORY_ROOT), 'utf8');
    const { peerDependencies } = JSON.parse(text) as { peerDependencies: Record<string, string> };
    for (const name of Object.keys(peerDependencies)) {
      const seen = new RegExp(
        `(?<!typeof )\\bimport\\('${name}'\\)|^(?:im|ex)port (?!type\\b)[^;']* from '${name}'`,
        'm',
      );
      const seeing = sources.filter((source) => seen.test(source.text));
      expect(seeing.map(({ path }) => `${path} imports ${name}`)).to.deep.equal([]);
    }
  });

  it('measures time by a clock that nobody sets: dates are asked for where dates are told', () => {
    const working = /^(?:common|compression|engine|framing|http|protocol|session|tools)\//;
    const asking = sources.filter(
      ({ path, text }) => working.test(path) && /\bDate\b/.test(codeOf(text)),
    );
    const names = asking.map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
    expect(names.sort()).to.deep.equal([
      'certificate.ts',
      'conditions.ts',
      'file-state.ts',
      'har-reader.ts',
      'har-recording.ts',
      'http-date.ts',
      'representation.ts',
    ]);
  });

  it('has no clock, timer, event, promise or process in pure files', () => {
    expect(pure.map(({ path }) => path)).to.include.members([
      'engine/engine.ts',
      'common/id-table.ts',
    ]);
    expect(pure.flatMap((source) => findAll(source, OUTSIDE))).to.deep.equal([]);
  });

  it('has no file that imports itself by a detour, types included', () => {
    expect(findCycle(sources)).to.equal(null);
  });

  it('names specs that are there where it says what a proxy changes', () => {
    const gone = LIMITS.map(({ file }) => `spec/http/${file}.spec.ts`).filter(
      (file) => !existsSync(new URL(file, REPOSITORY_ROOT)),
    );
    expect([...new Set(gone)]).to.deep.equal([]);
  });

  it('has no default exports', () => {
    const pattern = /\bexport\s+default\b|\bas\s+default\b/g;
    expect(sources.flatMap((source) => findAll(source, pattern))).to.deep.equal([]);
  });

  it('exports no class, function or constant that no other file names', () => {
    const others = ['spec', 'scripts', 'bench'].flatMap(readTexts);
    expect(unusedExports(sources, others)).to.deep.equal([]);
  });

  it('reaches nowhere behind the public interface of Node', () => {
    expect(sources.flatMap((source) => findAll(source, INTERNALS))).to.deep.equal([]);
  });

  it('takes no turn of the global process, which a test may have replaced', () => {
    const library = sources.filter(({ path }) => !path.startsWith('cli/'));
    const turns = library.flatMap((source) => findAll(source, /\bprocess\.nextTick\b/g));
    expect(turns).to.deep.equal([]);
  });

  it('asks what a version can do, not for its number', () => {
    const pattern = /\b(?:id|version)\s*(?:[<>]=?|[=!]==?)\s*[234]\b/g;
    const below = sources.filter(
      (source) => pure.includes(source) || roomOf(source.path) === 'session',
    );
    expect(below.flatMap((source) => findAll(source, pattern))).to.deep.equal([]);
  });

  it(`has no file of more than ${MOST_LINES} lines`, () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MOST_LINES);
    expect(long).to.deep.equal([]);
  });

  describe('spec/', () => {
    const SPEC = new URL('spec/', REPOSITORY_ROOT);
    const specs = readdirSync(SPEC, { recursive: true, encoding: 'utf8' })
      .map((path) => path.replaceAll('\\', '/'))
      .filter((path) => path.endsWith('.spec.ts'));
    const foldersOf = (paths: readonly string[]): string[] => [
      ...new Set(
        paths.filter((path) => path.includes('/')).map((path) => path.replace(/\/[^/]+$/, '')),
      ),
    ];

    it('has the folders of lib/, and those that belong to no file of it', () => {
      expect(foldersOf(specs)).to.have.members([
        ...foldersOf(sources.map(({ path }) => path)),
        ...['corpus', 'interop', 'properties', 'scenarios', 'support'],
      ]);
    });

    it('has titles that name files of lib/ by their names of today', () => {
      const files = new Set(sources.map(({ path }) => path.replace(/\.ts$/, '')));
      const tops = new Set([...files].map((path) => path.split('/')[0]));
      const named = specs.flatMap((path) => {
        const text = readFileSync(new URL(path, SPEC), 'utf8');
        return [...text.matchAll(/\bdescribe\(\s*['"`]([a-z]+)((?:\/[a-z][a-z0-9-]*)+)\b/g)]
          .filter(([, top = '']) => tops.has(top))
          .map(([, top = '', rest = '']) => top + rest);
      });
      expect(named).to.have.length.above(50);
      expect(named.filter((name) => !files.has(name))).to.deep.equal([]);
    });
  });

  describe('docs/architecture.md', () => {
    const page = readFileSync(new URL('docs/architecture.md', REPOSITORY_ROOT), 'utf8');
    const find = (path: string): URL | undefined =>
      [new URL(path, LIB), new URL(path, REPOSITORY_ROOT)].find((url) => existsSync(url));

    it('names files and folders that there are', () => {
      const paths = [...page.matchAll(/`([\w./-]+(?:\.ts|\.mjs|\/))`/g)].map(
        ([, path = '']) => path,
      );
      expect(paths).to.include.members(['engine/engine.ts', 'kubernetes/wire/']);
      const missing = paths.filter((path) => find(path) === undefined);
      expect(missing).to.deep.equal([]);
    });

    it('names functions of these files', () => {
      const rows = [...page.matchAll(/^\| `([\w./-]+\.ts)` \| ((?:`\w+(?:\(\))?`(?:, )?)+) \|/gm)];
      expect(rows).to.have.length.above(20);
      const missing = rows.flatMap(([, path = '', names = '']) => {
        const text = codeOf(readFileSync(find(path) ?? LIB, 'utf8'));
        return [...names.matchAll(/\w+/g)]
          .filter(([name]) => !new RegExp(`\\b${name}\\b`).test(text))
          .map(([name]) => `${path}: ${name}`);
      });
      expect(missing).to.deep.equal([]);
    });
  });

  describe('its checks find what they look for', () => {
    const found = (path: string, text: string): string[] => breaches(makeSource(path, text));

    it('imports through walls', () => {
      for (const [path, target] of [
        ['engine/a.ts', '../session/session.ts'],
        ['engine/a.ts', '../index.ts'],
        ['errors.ts', './protocol/constants.ts'],
        ['protocol/a.ts', '../errors.ts'],
        ['http/client/a.ts', '../server/server.ts'],
        ['http/server/a.ts', '../client/agent.ts'],
        ['http/client/a.ts', '../../engine/engine.ts'],
        ['kubernetes/wire/a.ts', '../errors.ts'],
        ['kubernetes/kubeconfig/a.ts', '../client/exec.ts'],
        ['kubernetes/kubeconfig/a.ts', '../../session/public.ts'],
        ['session/a.ts', '../compression/inflater.ts'],
        ['kubernetes/client/a.ts', '../copy/options.ts'],
        ['kubernetes/server/a.ts', '../client/exec.ts'],
        ['kubernetes/server/a.ts', '../fake/pods.ts'],
        ['kubernetes/client/a.ts', '../index.ts'],
        ['cli/spdycat/a.ts', '../spdyd/pages.ts'],
        ['cli/a.ts', './spdycat/main.ts'],
        ['elsewhere/a.ts', '../errors.ts'],
      ] as const) {
        expect(found(path, `import { x } from '${target}';`), `${path} ${target}`).to.have.length(
          1,
        );
      }
    });

    it('imports in every form, but not in comments', () => {
      for (const text of [
        "import type { X } from '../http/x.ts';",
        "export * from '../http/x.ts';",
        "const x = await import('../http/x.ts');",
        "import '../http/x.ts';",
      ]) {
        expect(found('engine/a.ts', text), text).to.have.lengthOf(1);
      }
      const fine = "import { x } from './b.ts';\n// from '../session/x.ts'";
      expect(found('engine/a.ts', fine)).to.deep.equal([]);
    });

    it('imports past a door', () => {
      const inner = "import { x } from '../../session/keepalive.ts';";
      expect(found('http/client/a.ts', inner)).to.have.lengthOf(1);
      const door = "import { x } from '../../session/public.ts';";
      expect(found('http/client/a.ts', door)).to.deep.equal([]);
      expect(found('index.ts', "import { x } from './session/keepalive.ts';")).to.deep.equal([]);
    });

    it('impure files, also where pure ones import them', () => {
      const files = [
        makeSource('engine/a.ts', "import { x } from '../common/b.ts';"),
        makeSource('common/b.ts', "import { y } from './c.ts';"),
        makeSource('common/c.ts', "import { z } from 'node:fs';"),
        makeSource('common/d.ts', "import { z } from 'node:fs';"),
      ];
      const paths = pureFiles(files).map(({ path }) => path);
      expect(paths).to.deep.equal(['engine/a.ts', 'common/b.ts', 'common/c.ts']);
      expect(pureFiles(files).flatMap(foreignImports)).to.deep.equal([
        'common/c.ts imports node:fs',
      ]);
      const pako = "import { Inflate } from 'pako';";
      expect(foreignImports(makeSource('compression/a.ts', pako))).to.deep.equal([]);
      expect(foreignImports(makeSource('framing/a.ts', pako))).to.have.lengthOf(1);
    });

    it('names in code, but not in comments and strings', () => {
      const text = [
        "// Date.now() and Promise, it's said",
        'const name = \'process\', other = "setTimeout", text = `await`;',
        '/* EventEmitter',
        ' */',
        "const link = 'http://example.org'; Date.now();",
        'socket._handle.close(); process.binding("x");',
      ].join('\n');
      const source = makeSource('engine/a.ts', text);
      expect(findAll(source, OUTSIDE)).to.deep.equal(['engine/a.ts: Date', 'engine/a.ts: process']);
      expect(findAll(source, INTERNALS)).to.deep.equal([
        'engine/a.ts: _handle',
        'engine/a.ts: process.binding',
      ]);
    });

    it('exports that nobody uses', () => {
      const files = [
        makeSource('a.ts', 'export const USED = 1;\nexport function lost(): void {}\nlost();'),
        makeSource('b.ts', '// lost\nexport class Tested {}\nconst USED = 2;'),
        makeSource('c.ts', "import * as all from './d.ts';\nall;"),
        makeSource('d.ts', 'export const SEEN = 1;'),
      ];
      expect(unusedExports(files, ['new Tested();'])).to.deep.equal(['a.ts: lost']);
    });

    it('cycles, of types too', () => {
      const cycle = [
        makeSource('a.ts', "import './b.ts';"),
        makeSource('b.ts', "import type { X } from './c/d.ts';"),
        makeSource('c/d.ts', "export { type Y } from '../b.ts';"),
      ];
      expect(findCycle(cycle)).to.deep.equal(['b.ts', 'c/d.ts', 'b.ts']);
      expect(findCycle(cycle.slice(0, 2))).to.equal(null);
    });
  });
});
