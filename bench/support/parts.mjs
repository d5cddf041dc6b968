import { fork } from 'node:child_process';

/** Names of the parts, in the order in which they run. */
export const PARTS = [
  'parsing',
  'compression',
  'headers',
  'engine',
  'scale',
  'memory',
  'bodies',
  'requests',
];

/** Of those, the ones with targets. */
const WITH_TARGETS = ['parsing', 'compression', 'engine', 'scale', 'memory', 'bodies', 'requests'];

/**
 * Runs parts one after the other and hands the result of each to `report`.
 *
 * @param {string[]} names
 * @param {{ node: string, size: 'quick' | 'targets' | 'full', rounds: number }} context
 * @param {(name: string, result: object) => void} report
 */
export async function runParts(names, context, report) {
  const results = {};
  for (const name of names) {
    if (context.size === 'targets' && !WITH_TARGETS.includes(name)) continue;
    const started = performance.now();
    results[name] = await runPart(name, context);
    results[name].seconds = Math.round((performance.now() - started) / 1000);
    report(name, results[name]);
  }
  return results;
}

/** A fresh process: what one part makes the JIT and the heap do must not touch the next one. */
function runPart(name, { node, ...context }) {
  return new Promise((resolve, reject) => {
    const child = fork(
      new URL('./part.mjs', import.meta.url),
      [name, JSON.stringify({ ...context, quick: context.size === 'quick' })],
      { execPath: node, execArgv: ['--expose-gc', '--no-warnings'] },
    );
    let result;
    child.on('message', (message) => {
      result = message;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0 && result) resolve(result);
      else reject(new Error(`part ${name} ended with ${code}`));
    });
  });
}
