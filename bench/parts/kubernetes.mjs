// Our client of Kubernetes beside kubectl, on the same server on spdystream (Go): exec, port-forward and cp. Each run is a process of its
// own, whose start counts, but with port-forward; the pods have the files of this machine. Where it is cheap, beside the least that a program on
// Node takes for the same.
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import {
  drain,
  kubectlVersion,
  kubernetesClients,
  MeasuredClient,
  requireKubernetesPeers,
  startKubestream,
} from '../support/kube-clients.mjs';
import { field, interleave, median, ratio, spread, target } from '../support/measure.mjs';

const MIB = 1 << 20;
const OURS = 'spdylay';
const THEIRS = 'kubectl';
const KINDS = [OURS, 'bare Node', THEIRS];
const FOLDER_SIZE = 100;
const SMALL_FILE = 1000;

export async function run({ size, rounds }) {
  requireKubernetesPeers();
  const home = mkdtempSync(path.join(os.tmpdir(), 'bench-kubernetes-'));
  const [server, source] = await Promise.all(['server', 'source'].map(startKubestream));
  try {
    const works = worksOf(home, source.port, size === 'full' ? FULL : SMALL[size]);
    const clients = kubernetesClients(server.port, home);
    const cases = {};
    for (const [work, { by, run }] of Object.entries(works))
      for (const kind of KINDS.filter((kind) => clients[kind][by] !== undefined))
        cases[`${work}|${kind}`] = () =>
          run(clients[kind][by]).catch((error) => {
            throw new Error(`${work} by ${kind}: ${error.message}`);
          });
    const results = await interleave(cases, rounds);
    return { tables: tablesOf(results, works), results, targets: targetsOf(results, works) };
  } finally {
    server.stop();
    source.stop();
    rmSync(home, { recursive: true });
  }
}

const FULL = { bulk: 100, long: 1024, large: 300, files: 5000, connections: 200 };
const SMALL = { targets: FULL, quick: { bulk: 4, long: 8, large: 4, files: 200, connections: 20 } };
const RUNS = 20;

/** What is done, by which work of a client, and what ours may take of kubectl's time; null where nothing is to be reached. */
function worksOf(home, source, { bulk, long, large, files, connections }) {
  const one = path.join(home, 'one');
  const many = path.join(home, 'many');
  writeFileSync(one, Buffer.alloc(large * MIB, 'large\n'));
  writeFiles(many, files);
  const isLarge = async (copy) => {
    const { size } = statSync(copy);
    rmSync(copy);
    return size === large * MIB;
  };
  // They stay: ext4 is slow to create files for some seconds after as many were removed.
  const areMany = async (copy) =>
    (await readdir(copy, { recursive: true })).length === files + Math.ceil(files / FOLDER_SIZE);

  const run = (command, stdio) => new MeasuredClient(command, home, stdio);
  let copies = 0;
  const copy = (by, from, isThere, limit) => ({
    limit,
    by,
    run: async (client) => {
      const to = path.join(home, `copy-${copies++}`);
      const taken = await run(client(from, to), ['ignore', 'ignore']).ended();
      if (!(await isThere(to))) throw new Error('the copy is not whole');
      return taken;
    },
  });
  const exec = (limit, ...command) => ({
    limit,
    by: 'exec',
    run: (client) => run(client(...command), ['ignore', 'ignore']).ended(),
  });
  const output = (mib, limit) => exec(limit, 'head', '-c', String(mib * MIB), '/dev/zero');
  const input = (mib, limit) => ({
    limit,
    by: 'execWithInput',
    run: async (client) => {
      const file = openSync(inputFile(home, mib));
      const measured = run(client('wc', '-c'), [file, 'pipe']);
      closeSync(file);
      const counted = Number(await text(measured.stdout));
      if (counted !== mib * MIB) throw new Error(`the command has read ${counted} bytes`);
      return measured.ended();
    },
  });
  const forward = (count, bytes, limit) => ({
    limit,
    by: 'forward',
    run: async (client) => {
      const measured = run(client(source), ['ignore', 'pipe']);
      const port = await measured.printed(/127\.0\.0\.1:(\d+) ->/);
      try {
        const seconds = await drain(port, count, bytes);
        measured.stop();
        return { ...(await measured.ended(true)), seconds };
      } finally {
        measured.stop();
      }
    },
  });
  const runs = (atOnce) => ({
    limit: 0.5,
    by: 'runs',
    run: (client) =>
      run(client(RUNS, atOnce, 'head', '-c', '65536', '/dev/zero'), ['ignore', 'ignore']).ended(),
  });

  return {
    // What all the others have in them, the start of the process above all.
    'exec, no output': exec(null, 'true'),
    [`exec, stdout of ${bulk} MiB`]: output(bulk, 0.9),
    [`exec, stdin of ${bulk} MiB`]: input(bulk, 0.7),
    [`port-forward, ${bulk} MiB down`]: forward(1, bulk * MIB, 0.9),
    [`port-forward, ${connections} connections at once, 256 KiB down each`]: forward(
      connections,
      MIB / 4,
      0.9,
    ),
    [`cp of ${large} MiB to a pod`]: copy('copyToPod', one, isLarge, 0.8),
    [`cp of ${large} MiB from a pod`]: copy('copyFromPod', one, isLarge, 0.8),
    [`cp of ${files} files to a pod`]: copy('copyToPod', many, areMany, 1),
    [`cp of ${files} files from a pod`]: copy('copyFromPod', many, areMany, 1),
    // Beside these the start is nothing.
    [`exec, stdout of ${long} MiB`]: output(long, 0.9),
    [`exec, stdin of ${long} MiB`]: input(long, 0.7),
    [`port-forward, ${long} MiB down`]: forward(1, long * MIB, 0.9),
    // A program on Node, with the package or with kubectl as its child processes.
    [`${RUNS} execs in turn by one program, 64 KiB of stdout each`]: runs(1),
    [`${RUNS} execs at once by one program, 64 KiB of stdout each`]: runs(RUNS),
  };
}

/** A file that is there, in memory as well. */
function inputFile(home, mib) {
  const file = path.join(home, `input-${mib}`);
  if (existsSync(file)) return file;
  const piece = Buffer.alloc(MIB, 'input\n');
  for (let written = 0; written < mib; written++) appendFileSync(file, piece);
  return file;
}

function writeFiles(root, count) {
  for (let at = 0; at < count; at++) {
    const folder = path.join(root, String(Math.floor(at / FOLDER_SIZE)));
    if (at % FOLDER_SIZE === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `${at}.txt`), 'x'.repeat(SMALL_FILE));
  }
}

function tablesOf(results, works) {
  const title = `Client of Kubernetes beside kubectl ${kubectlVersion()}, server on spdystream, SPDY over TCP`;
  const columns = [
    'work',
    'by',
    's',
    'CPU s',
    'MiB at most',
    'of kubectl',
    'CPU',
    'MiB',
    'spread %',
  ];
  const rows = Object.keys(works).flatMap((work) =>
    KINDS.filter((kind) => results[`${work}|${kind}`] !== undefined).map((kind) => {
      const key = `${work}|${kind}`;
      const values = ['seconds', 'cpu', 'mib'].map((name) => median(field(results, key, name)));
      const ratios = ['seconds', 'cpu', 'mib'].map((name) =>
        kind === THEIRS ? null : ratio(results, key, `${work}|${THEIRS}`, name),
      );
      return [work, kind, ...values, ...ratios, spread(field(results, key, 'seconds'))];
    }),
  );
  return [{ title, columns, rows }];
}

function targetsOf(results, works) {
  const beside = (work, name) => ratio(results, `${work}|${OURS}`, `${work}|${THEIRS}`, name);
  return [
    ...Object.entries(works)
      .filter(([, { limit }]) => limit !== null)
      .map(([work, { limit }]) => target(work, beside(work, 'seconds'), '<=', limit, 'x kubectl')),
    target(
      'client of Kubernetes, memory at most, worst of these',
      Math.max(...Object.keys(works).map((work) => beside(work, 'mib'))),
      '<=',
      1,
      'x kubectl',
    ),
  ];
}
