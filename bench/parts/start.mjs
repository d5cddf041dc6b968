// How long a program needs to start: a process that loads the package and ends, and the same for ws. CPU time of the process, all of
// Node's own start in it; wall time is shown beside it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { field, interleave, median, spread, target } from '../support/measure.mjs';
import { entry, HERE, program } from '../support/product.mjs';

const REPORT = fileURLToPath(new URL('../support/report-cpu.cjs', import.meta.url));
const EMPTY = 'an empty program';
const IMPORT_WS = "import 'ws'";
const REQUIRE_WS = "require('ws')";
const CASES = {
  [EMPTY]: imports('node:process'),
  [IMPORT_WS]: imports('ws'),
  "import 'spdylay'": imports(pathToFileURL(entry('.')).href),
  "import 'spdylay/kubernetes'": imports(pathToFileURL(entry('./kubernetes')).href),
  "import 'spdylay/kubernetes/client'": imports(
    pathToFileURL(entry('./kubernetes/client', './kubernetes')).href,
  ),
  "import 'node:http'": imports('node:http'),
  [REQUIRE_WS]: requires('ws'),
  "require('spdylay')": requires(entry('.')),
  'spdycat --version': [program('spdycat'), '--version'],
  'spdyd --version': [program('spdyd'), '--version'],
};

export async function run({ size, rounds }) {
  const cases = {};
  for (const [name, args] of Object.entries(CASES)) cases[name] = () => measure(args);
  const results = await interleave(cases, size === 'quick' ? 3 : 5 * rounds);
  const cpu = (name) => median(field(results, name, 'cpu'));
  const rows = Object.keys(CASES).map((name) => [
    name,
    cpu(name),
    cpu(name) - cpu(EMPTY),
    cpu(name) / cpu(IMPORT_WS),
    spread(field(results, name, 'cpu')),
    median(field(results, name, 'wall')),
  ]);
  return {
    tables: [
      {
        title: 'Start of a process',
        columns: ['program', 'CPU ms', 'above empty', "of import 'ws'", 'spread %', 'wall ms'],
        rows,
      },
    ],
    results,
    targets: [
      target("import 'spdylay'", cpu("import 'spdylay'") / cpu(IMPORT_WS), '<=', 1.3, 'x ws'),
      target("require('spdylay')", cpu("require('spdylay')") / cpu(REQUIRE_WS), '<=', 1.3, 'x ws'),
      target('spdycat --version', cpu('spdycat --version') / cpu(IMPORT_WS), '<=', 1.3, 'x ws'),
    ],
  };
}

function imports(name) {
  return ['--input-type=module', '-e', `import ${JSON.stringify(name)}`];
}

function requires(name) {
  return ['--input-type=commonjs', '-e', `require(${JSON.stringify(name)})`];
}

/** Milliseconds of a process from its start to its end. */
async function measure(args) {
  const started = performance.now();
  const child = spawn(process.execPath, ['--no-warnings', '--require', REPORT, ...args], {
    cwd: HERE,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  let reported = '';
  child.stdio[3].on('data', (chunk) => {
    reported += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`);
  return { cpu: Number(reported) / 1000, wall: performance.now() - started };
}
