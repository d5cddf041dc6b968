import { fork } from 'node:child_process';
import { Turns } from './turns.mjs';

/** Names of the parts, in the order in which they run. */
export const PARTS = [
  'start',
  'parsing',
  'compression',
  'headers',
  'engine',
  'scale',
  'memory',
  'bodies',
  'requests',
  'tls-small',
  'agent',
  'load',
  'files',
  'proxy',
  'kubernetes',
];

/** Of those, the ones with targets. */
const WITH_TARGETS = PARTS.filter((name) => name !== 'headers');

/**
 * Runs parts one after the other and hands the result of each to `report`. With a baseline, the folder of another build, each part
 * runs on both in turns; the results of the other one are `baseline`, null where that build cannot do the work.
 *
 * @param {string[]} names
 * @param {{ node: string, size: 'quick' | 'targets' | 'full', rounds: number, baseline: string | null }} context
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

async function runPart(name, { baseline, ...context }) {
  if (baseline === null) return runProcess(name, context, {});
  const turns = new Turns();
  const other = { SPDYLAY_BENCH_ROOT: baseline };
  const [result, before] = await Promise.all([
    runProcess(name, context, {}, turns),
    runProcess(name, context, other, turns).catch((error) => {
      console.error(`baseline: ${error.message}`);
      return null;
    }),
  ]);
  return { ...result, baseline: before?.results ?? null };
}

/** A fresh process: what one part makes the JIT and the heap do must not touch the next one. */
async function runProcess(name, { node, ...context }, env, turns = null) {
  let over = (await turns?.take()) ?? null;
  return new Promise((resolve, reject) => {
    const child = fork(
      new URL('./part.mjs', import.meta.url),
      [name, JSON.stringify({ ...context, quick: context.size === 'quick' })],
      {
        execPath: node,
        execArgv: ['--expose-gc', '--no-warnings'],
        env: { ...process.env, ...env, ...(turns === null ? {} : { SPDYLAY_BENCH_TURNS: '1' }) },
      },
    );
    let result;
    child.on('message', async (message) => {
      if (message.turn === undefined) {
        result = message;
        return;
      }
      over();
      over = await turns.take();
      child.send('go');
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      over?.();
      if (code === 0 && result) resolve(result);
      else reject(new Error(`part ${name} ended with ${code}`));
    });
  });
}
