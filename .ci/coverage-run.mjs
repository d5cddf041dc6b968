// The unit specs for c8, in two processes side by side. (Workers of mocha are killed at their end, and what they have measured is lost.) Those of
// the programs are left out: no threshold is about lib/cli, and each program that they start would be measured too.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';

const LEFT_OUT = ['cli', 'interop', 'support'];
/** Takes about half of the time. */
const FIRST = ['http', 'kubernetes'];

const rest = readdirSync('build/spec', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() || entry.name.endsWith('.spec.js'))
  .map(({ name }) => name)
  .filter((name) => !LEFT_OUT.includes(name) && !FIRST.includes(name));

const statuses = await Promise.all([FIRST, rest].map(run));
process.exitCode = statuses.every((status) => status === 0) ? 0 : 1;

function run(names) {
  const files = names.map((name) => `build/spec/${name}`);
  const mocha = ['node_modules/mocha/bin/mocha.js', '--reporter', 'dot', ...files];
  const child = spawn(process.execPath, mocha, { stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve) => child.once('close', resolve));
}
