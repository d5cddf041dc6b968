import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { REPOSITORY_ROOT } from './support/corpus-data.ts';

const LIB = new URL('lib/', REPOSITORY_ROOT);

/** Longest file of lib/, in lines. */
const MOST_LINES = 400;

/** What each folder of lib/ may import besides itself: what stands below it. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  protocol: [],
  common: ['errors', 'protocol'],
  compression: ['errors', 'protocol', 'common'],
  framing: ['errors', 'protocol', 'common'],
  engine: ['errors', 'protocol', 'common', 'compression', 'framing'],
  session: ['errors', 'protocol', 'common', 'compression', 'framing', 'engine'],
  http: ['errors', 'protocol', 'common', 'session'],
  kubernetes: ['errors', 'protocol', 'common', 'session', 'http'],
  cli: ['errors', 'protocol', 'common', 'session', 'http', 'kubernetes'],
  index: ['errors', 'protocol', 'common', 'framing', 'engine', 'session', 'http'],
};

/** Folders that know nothing of the outside world. */
const PURE: readonly string[] = ['errors', 'protocol', 'compression', 'framing', 'engine'];

/** Names that stand for time, tasks, events, the process and other things outside. */
const OUTSIDE =
  /\b(?:setTimeout|setInterval|setImmediate|clear(?:Timeout|Interval|Immediate)|queueMicrotask|Date|performance|process|console|globalThis|fetch|AbortSignal|AbortController|EventEmitter|EventTarget|Promise|async|await|require)\b|\.then\b/g;

/** What no package may use of Node: names that begin with an underscore there, and doors behind the public ones. */
const INTERNALS =
  /\b(?:_handle|_readableState|_writableState|_events|_eventsCount|_maxListeners|_httpMessage|_parent|_server|_controlReleased)\b|\bprocess\s*\.\s*(?:binding|_\w+)|\binternalBinding\b/g;

/** Comments and strings, which are no code; what stands in the braces of a template goes with it. */
const NO_CODE =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;

/** An import or re-export; the first group is there if only types are meant. */
const IMPORT = /(?:\b(?:import|export)\s+(type)\s[^;']*?\bfrom|\bfrom|\bimport)\s*\(?\s*'([^']+)'/g;

/** A source file. */
interface Source {
  /** Below lib/, as `engine/engine.ts`. */
  readonly path: string;
  /** First part of the path, without extension. */
  readonly layer: string;
  readonly text: string;
  /** What it imports, types included. */
  readonly imports: readonly string[];
  /** What it imports when it runs. */
  readonly valueImports: readonly string[];
}

function layerOf(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '');
}

function makeSource(path: string, text: string): Source {
  const matches = [...codeWithStrings(text).matchAll(IMPORT)];
  const values = matches.filter((match) => match[1] === undefined);
  return {
    path,
    layer: layerOf(path),
    text,
    imports: matches.map((match) => match[2] ?? ''),
    valueImports: values.map((match) => match[2] ?? ''),
  };
}

/** The text without its comments. */
function codeWithStrings(text: string): string {
  return text.replace(NO_CODE, (piece) => (piece.startsWith('/') ? ' ' : piece));
}

/** The text without its comments and strings. */
function codeOf(text: string): string {
  return text.replace(NO_CODE, ' ');
}

function readSources(): Source[] {
  return readdirSync(LIB, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => makeSource(path, readFileSync(new URL(path, LIB), 'utf8')));
}

/** Path below lib/ of what a file imports, null for a package. */
function targetOf(source: Source, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  return new URL(specifier, new URL(source.path, 'file:///')).pathname.slice(1);
}

/** Imports of other folders that do not stand below. */
function forbiddenImports(source: Source): string[] {
  const allowed = BELOW[source.layer];
  if (allowed === undefined) return [`${source.path} is in a folder without a rule`];
  return source.imports
    .filter((specifier) => {
      const target = targetOf(source, specifier);
      if (target === null) return false;
      return layerOf(target) !== source.layer && !allowed.includes(layerOf(target));
    })
    .map((specifier) => `${source.path} imports ${specifier}`);
}

/** Packages and modules of Node that a file imports against the rules. */
function forbiddenPackages(source: Source): string[] {
  return source.imports
    .filter((specifier) => targetOf(source, specifier) === null)
    .filter(
      (specifier) =>
        (PURE.includes(source.layer) && specifier.startsWith('node:')) ||
        (source.layer !== 'compression' && /^pako\b/.test(specifier)) ||
        (PURE.includes(source.layer) && source.layer !== 'compression' && specifier !== 'pako'),
    )
    .map((specifier) => `${source.path} imports ${specifier}`);
}

function findAll(source: Source, pattern: RegExp): string[] {
  return [...codeOf(source.text).matchAll(pattern)].map((match) => `${source.path}: ${match[0]}`);
}

/** The files of an import cycle, the first one also at the end; null if there is none. Types make no cycle. */
function findCycle(sources: readonly Source[]): string[] | null {
  const graph = new Map(
    sources.map((source) => [
      source.path,
      source.valueImports.flatMap((specifier) => targetOf(source, specifier) ?? []),
    ]),
  );
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

describe('architecture', () => {
  const sources = readSources();

  it('is checked where there is something', () => {
    const layers = new Set(sources.map(({ layer }) => layer));
    expect([...layers]).to.include.members([...PURE, 'session', 'index']);
    const imports = sources.reduce((sum, source) => sum + source.imports.length, 0);
    expect(imports).to.be.above(200);
    const paths = new Set(sources.map(({ path }) => path));
    for (const source of sources) {
      for (const specifier of source.imports) {
        const target = targetOf(source, specifier);
        if (target !== null)
          expect(paths.has(target), `${source.path}: ${specifier}`).to.equal(true);
      }
    }
  });

  it('each layer imports only what stands below it; protocol/ and errors.ts import nothing', () => {
    expect(sources.flatMap(forbiddenImports)).to.deep.equal([]);
  });

  it('only compression/ names pako, and below session/ nothing names Node or another package', () => {
    expect(sources.flatMap(forbiddenPackages)).to.deep.equal([]);
    const named = sources.filter(({ imports }) => imports.includes('pako'));
    expect(named.map(({ layer }) => layer)).to.include('compression');
  });

  it('below session/ there is no clock, timer, event, promise or process', () => {
    const pure = sources.filter(({ layer }) => PURE.includes(layer));
    expect(pure.flatMap((source) => findAll(source, OUTSIDE))).to.deep.equal([]);
  });

  it('nothing imports itself by a detour', () => {
    expect(findCycle(sources)).to.equal(null);
  });

  it('nothing is exported by default', () => {
    const pattern = /\bexport\s+default\b|\bas\s+default\b/g;
    expect(sources.flatMap((source) => findAll(source, pattern))).to.deep.equal([]);
  });

  it('nothing reaches behind the public interface of Node', () => {
    expect(sources.flatMap((source) => findAll(source, INTERNALS))).to.deep.equal([]);
  });

  it('code asks what a version can do, not for its number', () => {
    const pattern = /\b(?:id|version)\s*(?:[<>]=?|[=!]==?)\s*[234]\b/g;
    const below = sources.filter(({ layer }) => PURE.includes(layer) || layer === 'session');
    expect(below.flatMap((source) => findAll(source, pattern))).to.deep.equal([]);
  });

  it(`no file has more than ${MOST_LINES} lines`, () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MOST_LINES);
    expect(long).to.deep.equal([]);
  });

  describe('its checks find what they look for', () => {
    const found = (path: string, text: string): string[] => {
      const source = makeSource(path, text);
      return [...forbiddenImports(source), ...forbiddenPackages(source)];
    };

    it('imports', () => {
      const path = 'engine/a.ts';
      for (const text of [
        "import { x } from '../session/session.ts';",
        "import type { X } from '../http/x.ts';",
        "export * from '../index.ts';",
        "const x = await import('../cli/x.ts');",
        "import '../kubernetes/x.ts';",
        "import { readFile } from 'node:fs';",
        "import { deflate } from 'pako';",
      ]) {
        expect(found(path, text), text).to.have.lengthOf(1);
      }
      expect(found(path, "import { x } from './b.ts';\n// from '../session/x.ts'")).to.deep.equal(
        [],
      );
      expect(found('compression/a.ts', "import { Inflate } from 'pako';")).to.deep.equal([]);
      expect(found('compression/a.ts', "import { x } from 'node:zlib';")).to.have.lengthOf(1);
      expect(found('errors.ts', "import { x } from './protocol/constants.ts';")).to.have.lengthOf(
        1,
      );
      expect(found('protocol/a.ts', "import { x } from '../errors.ts';")).to.have.lengthOf(1);
      expect(found('elsewhere/a.ts', '')).to.have.lengthOf(1);
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

    it('cycles', () => {
      const cycle = [
        makeSource('a.ts', "import './b.ts';"),
        makeSource('b.ts', "import './c/d.ts';"),
        makeSource(
          'c/d.ts',
          "import type { X } from '../a.ts';\nexport { type Y } from '../b.ts';",
        ),
      ];
      expect(cycle[2]?.imports).to.deep.equal(['../a.ts', '../b.ts']);
      expect(findCycle(cycle)).to.deep.equal(['b.ts', 'c/d.ts', 'b.ts']);
      expect(findCycle(cycle.slice(0, 2))).to.equal(null);
    });
  });
});
