import type { ConformanceLevel } from './case.ts';

/** What became of a test. */
export interface ConformanceResult {
  /** Names the test: `ping/2`. */
  readonly id: string;
  /** Where the text says so: `SPDY/3 2.6.5`. */
  readonly section: string;
  /** What the peer has to do. */
  readonly title: string;
  /** How much it has to. */
  readonly level: ConformanceLevel;
  /** `spdy/3.1`... */
  readonly version: string;
  /** `skipped`: it could not be told with this peer. */
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What was expected, or why it was skipped; empty when passed. */
  readonly expected: string;
  /** What came instead; empty unless failed. */
  readonly received: string;
  /** What was sent, write by write, in hexadecimal. */
  readonly sent: readonly string[];
  /** Milliseconds that it took. */
  readonly durationMs: number;
}

/** What is told of a version that was not agreed on (ALPN). */
export const NOT_CHOSEN = {
  id: 'connection',
  section: 'ALPN',
  title: 'The version is chosen',
  level: 'should',
  outcome: 'skipped',
  received: '',
  sent: [],
  durationMs: 0,
} as const;
