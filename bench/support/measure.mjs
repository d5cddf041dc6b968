import { yieldTurn } from './turns.mjs';

/** The middle value. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** How far the rounds lie apart: (highest - lowest) / median, in percent. */
export function spread(values) {
  return (100 * (Math.max(...values) - Math.min(...values))) / median(values);
}

/**
 * Runs every case once per round, the cases in turn, after warm-up rounds that do not count; returns the results of each
 * case by name. In turn, so that a disturbance of the machine hits them all.
 *
 * @param {Record<string, () => unknown>} cases
 * @param {number} rounds at most so many; after `seconds` no other one is begun, unless there are fewer than three
 * @param {{ warmUp?: number, seconds?: number }} [options]
 */
export async function interleave(cases, rounds, { warmUp = 1, seconds = 240 } = {}) {
  const results = {};
  for (const name of Object.keys(cases)) results[name] = [];
  const until = performance.now() + 1000 * seconds;
  for (let round = -warmUp; round < rounds; round++) {
    await yieldTurn();
    if (round >= 3 && performance.now() > until) break;
    for (const [name, body] of Object.entries(cases)) {
      const value = await body();
      if (round >= 0) results[name].push(value);
    }
  }
  return results;
}

/** The values of one field of a case's results, for `median` and `spread`. */
export const field = (results, name, key) => results[name].map((result) => result[key]);

/** Median of a field of one case relative to that of another; NaN if there is no such case. */
export function ratio(results, name, base, key) {
  if (results[base] === undefined) return Number.NaN;
  return median(field(results, name, key)) / median(field(results, base, key));
}

/** Microseconds per call of a synchronous body that makes `count` calls. */
export function microseconds(count, body) {
  const started = performance.now();
  body();
  return (1000 * (performance.now() - started)) / count;
}

/** As `microseconds()`, but CPU time of the process: what else runs on the machine counts less. */
export function cpuMicroseconds(count, body) {
  const before = process.cpuUsage();
  body();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

/**
 * A line of the table of targets.
 *
 * @param {string} work what was done
 * @param {number} value what came out
 * @param {'>=' | '<='} relation
 * @param {number} limit
 * @param {string} unit of both, such as `x http2`
 */
export function target(work, value, relation, limit, unit) {
  const met = relation === '>=' ? value >= limit : value <= limit;
  return { work, wanted: `${relation} ${limit} ${unit}`, value, met };
}
