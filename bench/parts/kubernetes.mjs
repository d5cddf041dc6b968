// Our client of Kubernetes beside kubectl, on the same server on spdystream (Go): exec, port-forward and cp. Each run is a process of its
// own, whose start counts, but with port-forward; the pods have the files of this machine.
import {
  closeSync,
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
    for (const [work, { run }] of Object.entries(works))
      for (const kind of [OURS, THEIRS])
        cases[`${work}|${kind}`] = () =>
          run(clients[kind]).catch((error) => {
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

const FULL = { bulk: 100, large: 300, files: 5000, connections: 200 };
const SMALL = { targets: FULL, quick: { bulk: 4, large: 4, files: 200, connections: 20 } };

/** What is done, and what our client may take of kubectl's time; null where nothing is to be reached. */
function worksOf(home, source, { bulk, large, files, connections }) {
  const input = path.join(home, 'input');
  const one = path.join(home, 'one');
  const many = path.join(home, 'many');
  writeFileSync(input, Buffer.alloc(bulk * MIB, 'input\n'));
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
  const copy = (action, from, isThere) => async (client) => {
    const to = path.join(home, `copy-${copies++}`);
    const taken = await run(client[action](from, to), ['ignore', 'ignore']).ended();
    if (!(await isThere(to))) throw new Error('the copy is not whole');
    return taken;
  };
  const forward = (count, bytes) => async (client) => {
    const measured = run(client.forward(source), ['ignore', 'pipe']);
    const port = await measured.printed(/127\.0\.0\.1:(\d+) ->/);
    try {
      const seconds = await drain(port, count, bytes);
      measured.stop();
      return { ...(await measured.ended(true)), seconds };
    } finally {
      measured.stop();
    }
  };

  return {
    // What all the others have in them, the start of the process above all.
    'exec, no output': {
      limit: null,
      run: (client) => run(client.exec('true'), ['ignore', 'ignore']).ended(),
    },
    [`exec, stdout of ${bulk} MiB`]: {
      limit: 0.9,
      run: (client) =>
        run(client.exec('head', '-c', String(bulk * MIB), '/dev/zero'), [
          'ignore',
          'ignore',
        ]).ended(),
    },
    [`exec, stdin of ${bulk} MiB`]: {
      limit: 0.7,
      run: async (client) => {
        const file = openSync(input);
        const measured = run(client.execWithInput('wc', '-c'), [file, 'pipe']);
        closeSync(file);
        const counted = Number(await text(measured.stdout));
        if (counted !== bulk * MIB) throw new Error(`the command has read ${counted} bytes`);
        return measured.ended();
      },
    },
    [`port-forward, ${bulk} MiB down`]: { limit: 0.9, run: forward(1, bulk * MIB) },
    [`port-forward, ${connections} connections at once, 256 KiB down each`]: {
      limit: 0.9,
      run: forward(connections, MIB / 4),
    },
    [`cp of ${large} MiB to a pod`]: { limit: 0.8, run: copy('copyToPod', one, isLarge) },
    [`cp of ${large} MiB from a pod`]: { limit: 0.8, run: copy('copyFromPod', one, isLarge) },
    [`cp of ${files} files to a pod`]: { limit: 1, run: copy('copyToPod', many, areMany) },
    [`cp of ${files} files from a pod`]: { limit: 1, run: copy('copyFromPod', many, areMany) },
  };
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
    [OURS, THEIRS].map((kind) => {
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
