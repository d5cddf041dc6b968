// npm run bench -- [--quick] [--only PART]... [--rounds N] [--node PATH]... [--baseline DIR] [--json FILE] [--results FILE]
// Runs each part in a process of its own and prints its tables, then the targets. The full run (no --quick, no --only) also writes
// bench/RESULTS.md and draws bench/results.svg; each --node is another binary on which the work of the targets is measured too, for the
// same file. --baseline is a folder with another build of the package (its package.json, build/ and dist/): each part then runs on both,
// round by round in turn.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chart } from './support/chart.mjs';
import { compareTable } from './support/compare.mjs';
import { requireKubernetesPeers } from './support/kube-clients.mjs';
import { PARTS, runParts } from './support/parts.mjs';
import { requireProxyPeers } from './support/proxies.mjs';
import { describeMachine, results as resultsPage, targetTable } from './support/results.mjs';
import { formatTable } from './support/table.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    node: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
    results: { type: 'string' },
    baseline: { type: 'string' },
  },
});
const only = options.only ?? PARTS;
const baseline = options.baseline === undefined ? null : path.resolve(options.baseline);
const unknown = only.filter((name) => !PARTS.includes(name));
const rounds = Number(options.rounds ?? (options.quick ? 3 : 7));
if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
  console.error(`parts: ${PARTS.join(', ')}; rounds: from 1 on`);
  process.exit(2);
}
try {
  if (only.includes('kubernetes')) requireKubernetesPeers();
  if (only.includes('proxy')) requireProxyPeers();
} catch (error) {
  console.error(error.message);
  process.exit(2);
}

// What the caller has set for his own programs takes time in those that are measured: to read a file of authorities 40 ms of each start.
for (const name of ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NODE_COMPILE_CACHE'])
  delete process.env[name];

const started = performance.now();
const size = options.quick ? 'quick' : 'full';
const runs = [await measure(process.execPath, size)];
for (const node of options.node)
  runs.push(await measure(node, options.quick ? 'quick' : 'targets'));
const seconds = Math.round((performance.now() - started) / 1000);
console.log(`${seconds} s in all`);

const whole = !options.quick && options.only === undefined && baseline === null;
const file = options.results ?? (whole ? new URL('RESULTS.md', import.meta.url) : null);
if (file !== null) writeFileSync(file, resultsPage(runs, { rounds, seconds, size }));
if (whole) writeFileSync(new URL('results.svg', import.meta.url), chart(runs[0]));
if (options.json)
  writeFileSync(options.json, `${JSON.stringify({ size, rounds, seconds, runs }, null, 2)}\n`);

/** Runs the parts on one binary of Node and prints them as they come. */
async function measure(node, size) {
  const machine = describeMachine(node);
  console.log(`Node ${machine.node}, ${machine.cpu}, ${machine.cores} cores\n`);
  const parts = await runParts(only, { node, size, rounds, baseline }, (name, result) => {
    if (result.baseline) result.tables.push(compareTable(name, result.results, result.baseline));
    for (const table of result.tables) console.log(`${formatTable(table)}\n`);
    console.log(`${name}: ${result.seconds} s\n`);
  });
  const targets = Object.values(parts).flatMap((part) => part.targets ?? []);
  if (targets.length > 0) console.log(`${formatTable(targetTable(targets, machine, size))}\n`);
  return { machine, size, parts, targets };
}
