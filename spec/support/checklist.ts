import { readdirSync, readFileSync } from 'node:fs';
import { STATEMENTS } from './checklist-statements.ts';
import { REPOSITORY_ROOT } from './corpus-data.ts';

/** The table that is made of the statements and the titles of the specs. */
export const CHECKLIST_FILE: URL = new URL('docs/checklist.md', REPOSITORY_ROOT);

/** Statements that the HTTP layer has to keep. */
const HTTP_STATEMENTS: ReadonlySet<number> = new Set([
  ...range(241, 245),
  ...range(249, 251),
  256,
  ...range(258, 276),
]);

/** Numbers in a title: `(checklist 12)`, `(checklist 12, 14-16)`. */
const REFERENCE = /\(checklist (\d[\d, -]*)\)/g;

/** Paths of the spec files (below spec/) that test each statement, by number. */
export function findCoverage(): Map<number, string[]> {
  const folder = new URL('spec/', REPOSITORY_ROOT);
  const coverage = new Map<number, string[]>();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.spec.ts'))
    .sort();
  for (const path of files) {
    const numbers = referencesIn(readFileSync(new URL(path, folder), 'utf8'));
    for (const number of numbers) coverage.set(number, [...(coverage.get(number) ?? []), path]);
  }
  return coverage;
}

/** Statement numbers that a text refers to. */
export function referencesIn(text: string): Set<number> {
  const numbers = new Set<number>();
  for (const [, list = ''] of text.matchAll(REFERENCE)) {
    for (const part of list.split(',')) {
      const [first = 0, last = first] = part.split('-').map(Number);
      for (const number of range(first, last)) numbers.add(number);
    }
  }
  return numbers;
}

/** Statements that have no spec, leaving aside those of the HTTP layer. */
export function missingStatements(coverage: ReadonlyMap<number, readonly string[]>): string[] {
  return STATEMENTS.flatMap((statement, index) => {
    const number = index + 1;
    if (coverage.has(number) || HTTP_STATEMENTS.has(number)) return [];
    return [`${number}: ${statement}`];
  });
}

/** The text of docs/checklist.md. */
export function renderChecklist(coverage: ReadonlyMap<number, readonly string[]>): string {
  const rows = STATEMENTS.map((statement, index) => {
    const number = index + 1;
    const files = coverage.get(number)?.map((path) => `\`${path}\``);
    const open = HTTP_STATEMENTS.has(number) ? 'open: HTTP layer' : '**none**';
    return `| ${number} | ${statement} | ${files?.join(', ') ?? open} |`;
  });
  const tested = STATEMENTS.filter((_, index) => coverage.has(index + 1)).length;
  return [
    '# Checklist',
    '',
    '<!-- Made by `node scripts/checklist.mjs` from the titles of the specs. Do not edit. -->',
    '',
    `What SPDY demands, and the specs (below \`spec/\`) that test it: ${tested} of ${STATEMENTS.length} statements have one. A title that`,
    'ends in `(checklist 12)` or `(checklist 12, 14-16)` makes the link.',
    '',
    '| No. | Statement | Specs |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
