import { performance } from 'node:perf_hooks';

/** Milliseconds since the process began, with fractions; not those of a global `performance` that a test has replaced. */
export function now(): number {
  return performance.now();
}
