import { readdirSync, readFileSync } from 'node:fs';
import { REPOSITORY_ROOT } from './corpus-data.ts';

/** The folder of the sources. */
export const LIB: URL = new URL('lib/', REPOSITORY_ROOT);

/** Comments and strings, which are no code; what stands in the braces of a template goes with it. */
const NO_CODE =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;

/** An import or re-export. */
const IMPORT = /\b(?:from|import)\s*\(?\s*'([^']+)'/g;

/** An import or re-export of all that a file has. */
const WHOLE = /\* (?:as \w+ )?from '([^']+)'/g;

/** A source file of lib/. */
export interface Source {
  /** Below lib/, as `engine/engine.ts`. */
  readonly path: string;
  readonly text: string;
  /** What it imports, types included, as it stands there. */
  readonly imports: readonly string[];
  /** The files of lib/ among these, as paths below lib/. */
  readonly targets: readonly string[];
  /** Those of which it takes all, as `export *`. */
  readonly wholes: readonly string[];
}

/** Takes a text as the source file at `path`. */
export function makeSource(path: string, text: string): Source {
  const code = withoutComments(text);
  const base = new URL(path, 'file:///');
  const find = (pattern: RegExp): string[] =>
    [...code.matchAll(pattern)].map(([, name = '']) => name);
  const locate = (names: readonly string[]): string[] =>
    names
      .filter((name) => name.startsWith('.'))
      .map((name) => new URL(name, base).pathname.slice(1));
  const imports = find(IMPORT);
  return { path, text, imports, targets: locate(imports), wholes: locate(find(WHOLE)) };
}

/** All source files of lib/, by path. */
export function readSources(): Source[] {
  return readdirSync(LIB, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => makeSource(path, readFileSync(new URL(path, LIB), 'utf8')));
}

/** The text without its comments and strings. */
export function codeOf(text: string): string {
  return text.replace(NO_CODE, ' ');
}

function withoutComments(text: string): string {
  return text.replace(NO_CODE, (piece) => (piece.startsWith('/') ? ' ' : piece));
}
