// Files over loopback, one connection: a small one, one of 1 MiB, and many different ones. Judged by CPU time of the server.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileServers } from '../support/file-servers.mjs';
import { field, interleave, median, ratio, spread, target } from '../support/measure.mjs';
import { closePairs, startPair, startPairs } from '../support/pairs.mjs';

const MIB = 1 << 20;
const SMALL = 'hello world';
const EACH = 100;
const FOLDER_SIZE = 1000;
const OURS = ['spdyd', 'files from memory', 'http2, send'];

export async function run({ size, rounds }) {
  const quick = size === 'quick';
  const root = mkdtempSync(path.join(os.tmpdir(), 'bench-files-'));
  try {
    const many = quick ? 2000 : 100_000;
    writeFiles(root, many);
    const programs = size === 'targets' ? [] : fileServers().filter((kind) => kind !== 'spdyd');
    const kinds = [...OURS, ...programs];
    const pairs = await startPairs(kinds, { root });
    const ms = quick ? 100 : 500;
    const small = { path: '/small.txt', expect: SMALL.length, ms };
    const large = { path: '/large.txt', expect: MIB, ms, atOnce: 10 };
    const cases = {};
    for (const kind of kinds) {
      const pair = pairs[kind];
      cases[`small, 100 at once|${kind}`] = () => measure(pair, { ...small, atOnce: 100 });
      cases[`small, 1 at once|${kind}`] = () => measure(pair, { ...small, atOnce: 1 });
      cases[`1 MiB, 10 at once|${kind}`] = () => measure(pair, large);
    }
    const results = await interleave(cases, rounds, { warmUp: 2 });
    closePairs(pairs);
    const memory = {};
    for (const kind of ['spdyd', 'http2, send']) memory[kind] = await grow(kind, root, many);
    return { tables: tablesOf(results, kinds, memory, many), results, targets: targetsOf(results) };
  } finally {
    rmSync(root, { recursive: true });
  }
}

function writeFiles(root, many) {
  writeFileSync(path.join(root, 'small.txt'), SMALL);
  writeFileSync(path.join(root, 'large.txt'), Buffer.alloc(MIB, 'l'));
  for (let at = 0; at < many; at++) {
    const folder = path.join(root, String(Math.floor(at / FOLDER_SIZE)));
    if (at % FOLDER_SIZE === 0) mkdirSync(folder);
    writeFileSync(path.join(folder, `${at % FOLDER_SIZE}.txt`), 'x'.repeat(EACH));
  }
}

async function measure(pair, work) {
  const { count, seconds, clientCpu, serverCpu } = await pair.work('requests', work);
  return { rate: count / seconds, client: clientCpu / count, server: serverCpu / count };
}

/** What a server has taken after each of many files was asked for once: MiB, resident. */
async function grow(kind, root, many) {
  const pair = await startPair(kind, { root });
  await pair.work('requests', { path: '/small.txt', expect: SMALL.length, atOnce: 100, ms: 300 });
  const before = (await pair.memory()).server.rss;
  await pair.client.call('each', { count: many, perFolder: FOLDER_SIZE, expect: EACH });
  const after = (await pair.memory()).server.rss;
  pair.close();
  return { before: before / MIB, after: after / MIB };
}

function tablesOf(results, kinds, memory, many) {
  const works = [...new Set(Object.keys(results).map((key) => key.split('|')[0]))];
  const tables = works.map((work) => ({
    title: `File, ${work}`,
    columns: ['through', 'requests/s', 'client us', 'server us', 'server of memory', 'spread %'],
    rows: kinds.map((kind) => {
      const key = `${work}|${kind}`;
      return [
        kind,
        ...['rate', 'client', 'server'].map((name) => median(field(results, key, name))),
        ratio(results, key, `${work}|files from memory`, 'server'),
        spread(field(results, key, 'server')),
      ];
    }),
  }));
  const rows = Object.entries(memory).map(([kind, { before, after }]) => [
    kind,
    before,
    after,
    after - before,
  ]);
  const title = `Server after ${many} different files, MiB resident`;
  return [...tables, { title, columns: ['through', 'before', 'after', 'more'], rows }];
}

function targetsOf(results) {
  const server = (work, base) => ratio(results, `${work}|spdyd`, `${work}|${base}`, 'server');
  const rate = ratio(results, 'small, 100 at once|spdyd', 'small, 100 at once|http2, send', 'rate');
  return [
    target(
      'small file, server CPU',
      server('small, 100 at once', 'files from memory'),
      '<=',
      1.6,
      'x from memory',
    ),
    target('small file, requests/s', rate, '>=', 2, 'x http2 + send'),
    target(
      'file of 1 MiB, server CPU',
      server('1 MiB, 10 at once', 'files from memory'),
      '<=',
      1.6,
      'x from memory',
    ),
  ];
}
