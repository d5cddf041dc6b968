import type { ConformanceResult } from './result.ts';

/** What results come to. */
export interface ConformanceCounts {
  /** Tests that were made. */
  readonly total: number;
  /** What the peer does as it should. */
  readonly passed: number;
  /** What it does otherwise, of any level. */
  readonly failed: number;
  /** What it must do and does not. */
  readonly failedMust: number;
  /** What could not be told. */
  readonly skipped: number;
}

/** Counts results. */
export function countResults(results: readonly ConformanceResult[]): ConformanceCounts {
  const of = (outcome: ConformanceResult['outcome']): ConformanceResult[] =>
    results.filter((result) => result.outcome === outcome);
  return {
    total: results.length,
    passed: of('passed').length,
    failed: of('failed').length,
    failedMust: of('failed').filter(({ level }) => level === 'must').length,
    skipped: of('skipped').length,
  };
}

/** Results as JUnit's XML: a suite for each version. */
export function junitXml(results: readonly ConformanceResult[]): string {
  const suites = new Map<string, ConformanceResult[]>();
  for (const result of results) {
    const suite = suites.get(result.version);
    if (suite === undefined) suites.set(result.version, [result]);
    else suite.push(result);
  }
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>'];
  for (const [version, all] of suites) {
    const { total, failed, skipped } = countResults(all);
    const counts = `tests="${total}" failures="${failed}" skipped="${skipped}"`;
    lines.push(
      `<testsuite name="${quoted(version)}" ${counts}>`,
      ...all.map(caseXml),
      '</testsuite>',
    );
  }
  lines.push('</testsuites>', '');
  return lines.join('\n');
}

function caseXml({
  id,
  title,
  section,
  outcome,
  expected,
  received,
  durationMs,
}: ConformanceResult): string {
  const head = `<testcase classname="${quoted(id)}" name="${quoted(`${title} (${section})`)}" time="${durationMs / 1000}"`;
  if (outcome === 'passed') return `${head}/>`;
  if (outcome === 'skipped') return `${head}><skipped message="${quoted(expected)}"/></testcase>`;
  const message = `expected ${expected}, got ${received}`;
  return `${head}><failure message="${quoted(message)}"/></testcase>`;
}

function quoted(text: string): string {
  return text
    .replace(/[^\t\n -\uFFFD]/g, '?')
    .replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
