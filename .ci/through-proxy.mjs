// npm run test:proxy: the HTTP suite, its clients led through a proxy to its servers. All specs hold but those of the table in
// spec/http/support/through-proxy-limits.ts; those of the table do not: one that does, and an entry that no spec has, are failures.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LIMITS, limitOf } from '../build/spec/http/support/through-proxy-limits.js';

const MOCHA = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'));
/** What the proxy speaks behind itself, and the specs that tell the difference. */
const WAYS = [
  ['spdy', 'build/spec/http'],
  ['http/1.1', 'build/spec/http/server'],
];
const reporting = process.argv.slice(2);
const faults = [];
const found = new Set();

for (const [way, folder] of WAYS) {
  console.log(`The HTTP suite through a proxy that speaks ${way} behind itself:`);
  const all = await list(folder);
  for (const { file, fullTitle } of all) {
    const limit = limitOf(file, fullTitle, way);
    if (limit !== null) found.add(limit);
  }
  const env = { SPDYLAY_THROUGH_PROXY: way, SPDYLAY_PROXY_PART: 'held' };
  const held = ['--parallel', '--jobs', '2', '--timeout', '20000', folder];
  if ((await mocha([...held, ...reporting], env)).code !== 0) faults.push(`${way}: specs fail`);
  for (const title of await passing(folder, way)) {
    faults.push(`${way}: holds through a proxy, take it off the table: ${title}`);
  }
}
for (const limit of LIMITS) {
  if (!found.has(limit)) faults.push(`of no spec: ${limit.file} ${limit.title}`);
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;

/** All specs of a folder. */
async function list(folder) {
  const { out } = await mocha(['--dry-run', '--reporter', 'json', folder], {}, true);
  return JSON.parse(out).tests;
}

/** The specs of the table that hold all the same. */
async function passing(folder, way) {
  const env = { SPDYLAY_THROUGH_PROXY: way, SPDYLAY_PROXY_PART: 'limited' };
  const limited = [
    '--parallel',
    '--jobs',
    '2',
    '--timeout',
    '1000',
    '--exit',
    '--reporter',
    'json',
  ];
  const { out } = await mocha([...limited, folder], env, true);
  const { tests, passes, failures } = JSON.parse(out);
  console.log(`  ${tests.length} specs of the table were tried\n`);
  const failed = new Set(failures.map(({ fullTitle }) => fullTitle));
  return passes.map(({ fullTitle }) => fullTitle).filter((title) => !failed.has(title));
}

/** Runs mocha. `quiet`: yields what it says. */
function mocha(options, env, quiet = false) {
  const args = [
    MOCHA,
    '--require',
    fileURLToPath(new URL('through-proxy-part.mjs', import.meta.url)),
  ];
  const filtered = env.SPDYLAY_PROXY_PART === undefined ? [MOCHA] : args;
  const child = spawn(process.execPath, [...filtered, ...options], {
    env: { ...process.env, ...env },
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'ignore' : 'inherit'],
  });
  let out = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out }));
  });
}
