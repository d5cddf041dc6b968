import { readdirSync, readFileSync } from 'node:fs';
import { REPOSITORY_ROOT } from './corpus-data.ts';

/** Every page for readers, as a path from the root of the repository. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(new URL('docs/', REPOSITORY_ROOT), { encoding: 'utf8', recursive: true })
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => `docs/${file}`),
];

/** The text of a file of the repository. */
export function readDocument(file: string): string {
  return readFileSync(new URL(file, REPOSITORY_ROOT), 'utf8');
}

/** Without code blocks: what is left is prose, tables and code spans. */
export function proseOf(file: string): string {
  return readDocument(file).replace(/^```[\s\S]*?^```$/gm, '');
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchorsOf(file: string): string[] {
  const headings = proseOf(file).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** A fenced block of a page. */
export interface CodeBlock {
  readonly file: string;
  /** Of its first line. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** The words of a comment `<!-- program: ... -->` before it; '' without one. */
  readonly mark: string;
  /** The `text` block right behind it; '' without one. */
  readonly output: string;
}

/** The fenced blocks of a page, in order; a `text` block behind code is its output. */
export function codeBlocksOf(file: string): CodeBlock[] {
  const text = readDocument(file);
  const blocks = text.matchAll(
    /(?:<!-- program: ([^\n]*?) -->\n)?^```(\w+)\n([\s\S]*?)^```$(?:\n\n```text\n([\s\S]*?)^```$)?/gm,
  );
  return [...blocks].map((match) => {
    const [whole, mark = '', language = '', code = '', output = ''] = match;
    const before = text.slice(0, match.index + whole.indexOf('```'));
    return { file, line: before.split('\n').length + 1, language, text: code, mark, output };
  });
}
