import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { LEGEND } from './kinds.mjs';
import { markdownTable } from './table.mjs';
import { WINDOW } from './work.mjs';

/** What a run stood on: the versions of a binary of Node, and the machine. */
export function describeMachine(node) {
  const versions = JSON.parse(
    execFileSync(node, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' }),
  );
  return {
    node: `v${versions.node}`,
    nghttp2: versions.nghttp2,
    openssl: versions.openssl,
    cpu: os.cpus()[0]?.model.trim(),
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** The table of what was to be reached. */
export function targetTable(targets, { node }, size) {
  return {
    title: `Targets, Node ${node}${size === 'quick' ? ' (quick: too short to say more than that it works)' : ''}`,
    columns: ['work', 'target', 'measured', ''],
    rows: targets.map(({ work, wanted, value, met }) => [
      work,
      wanted,
      value,
      met ? 'met' : 'MISSED',
    ]),
  };
}

/** The page with everything that was measured. */
export function results(runs, { rounds, seconds, size }) {
  const [{ machine, parts }] = runs;
  const versions = `spdylay ${version('../../package.json')}, spdy-transport ${version('../node_modules/spdy-transport/package.json')}`;
  return `${[
    '# Results of the benchmarks',
    `Written by \`npm run bench\` on ${machine.date}: ${rounds} rounds at most, ${seconds} s${size === 'full' ? '' : `, size ${size}`}.`,
    [
      `- ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}`,
      ...runs.map(
        ({ machine: { node, nghttp2, openssl } }) =>
          `- Node ${node} (nghttp2 ${nghttp2}, OpenSSL ${openssl})`,
      ),
      `- ${versions}`,
    ].join('\n'),
    METHOD,
    Object.entries(LEGEND)
      .map(([kind, meaning]) => `- **${kind}**: ${meaning}`)
      .join('\n'),
    '## Targets',
    ...runs.map(({ targets, machine, size }) => markdownTable(targetTable(targets, machine, size))),
    `## All tables, Node ${machine.node}`,
    ...Object.values(parts).flatMap(({ tables }) => tables.map(markdownTable)),
  ].join('\n\n')}\n`;
}

const METHOD = `Server and client are separate processes of their own for every kind, over loopback with TCP_NODELAY. The cases of a part run in
turn, round by round, after a warm-up; what stands here is the median of the rounds, and "spread" is (highest - lowest) / median.
CPU time is that of the client's and of the server's process. In those of the bodies glibc gives no memory back
(\`MALLOC_TRIM_THRESHOLD_\`, \`MALLOC_TOP_PAD_\`), whatever the kind. Headers change from request to request in the same way for all.
The receive windows of streams and sessions are ${WINDOW >> 20} MiB everywhere (what spdy-transport has), unless a row says "default windows": 64 KiB. Servers
take any number of streams at once, and http2 has \`maxSessionMemory: 1000\`. All other options are the defaults. The kinds:`;

function version(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version;
}
