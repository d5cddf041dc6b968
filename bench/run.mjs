// npm run bench -- [--quick] [--json FILE] [PART...]
// Runs each part in a process of its own and prints its tables; --quick: fewer and smaller rounds, under a minute in all.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { formatTable } from './support/table.mjs';

const PARTS = ['parsing', 'headers', 'engine', 'scale', 'memory', 'bytes', 'requests'];

const { values: options, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are ${PARTS.join(', ')}`);
  process.exit(2);
}

const started = performance.now();
console.log(
  `Node ${process.version}, ${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores\n`,
);
const results = {};
const misses = [];
for (const name of positionals.length > 0 ? positionals : PARTS) {
  const result = await runPart(name);
  results[name] = result;
  for (const table of result.tables) console.log(`${formatTable(table)}\n`);
  for (const check of result.checks ?? []) {
    console.log(`${check.ok ? 'holds' : 'MISSED'}: ${check.text}\n`);
    if (!check.ok) misses.push(check.text);
  }
}
if (options.json) {
  const machine = {
    node: process.version,
    cpu: os.cpus()[0]?.model.trim(),
    cores: os.availableParallelism(),
  };
  writeFileSync(
    options.json,
    `${JSON.stringify({ machine, quick: options.quick, results }, null, 2)}\n`,
  );
}
console.log(`${((performance.now() - started) / 1000).toFixed(0)} s in all`);
if (misses.length > 0) process.exitCode = 1;

/** A fresh process: what one part makes the JIT and the heap do must not touch the next one. */
function runPart(name) {
  return new Promise((resolve, reject) => {
    const child = fork(
      new URL('./support/worker.mjs', import.meta.url),
      [name, options.quick ? 'quick' : 'full'],
      {
        execArgv: ['--expose-gc'],
      },
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
