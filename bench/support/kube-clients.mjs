// Clients of Kubernetes, each run of them a process of its own, and the programs of .ci/peers that they are measured with.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { json, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { entry } from './product.mjs';

const peers = fileURLToPath(new URL('../../.peers/', import.meta.url));
const KUBESTREAM = path.join(peers, 'kubestream');
const KUBECTL = path.join(peers, 'kubectl-36/kubectl');
const [CLIENT, BARE, SPAWN] = ['client', 'bare', 'spawn'].map((name) =>
  fileURLToPath(new URL(`./kube-${name}.mjs`, import.meta.url)),
);

/** @throws when the programs are not there, or are older ones */
export function requireKubernetesPeers() {
  const advice = 'run .ci/peers, or name other parts with --only';
  for (const file of [KUBESTREAM, KUBECTL])
    if (!existsSync(file)) throw new Error(`kubernetes: there is no ${file}: ${advice}`);
  try {
    execFileSync(KUBESTREAM, ['measure', 'true'], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  } catch {
    throw new Error(`kubernetes: ${KUBESTREAM} is out of date: ${advice}`);
  }
}

/** The version of kubectl. */
export function kubectlVersion() {
  const told = execFileSync(KUBECTL, ['version', '--client', '--output=json']);
  return JSON.parse(told).clientVersion.gitVersion;
}

/** Starts the server, or the source of bytes behind a forwarded port; it says where it listens. */
export async function startKubestream(what) {
  const child = spawn(KUBESTREAM, [what], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const port = Number(await printed(child, /plain=(\d+)/));
  return { port, stop: () => child.kill('SIGKILL') };
}

/** The clients, by name: the command line of each work on a server that they can do. `home` is kubectl's. */
export function kubernetesClients(port, home) {
  const server = `http://127.0.0.1:${port}`;
  const config = path.join(home, 'config');
  writeFileSync(config, kubeConfig(server));
  const kubectl = (...args) => [KUBECTL, '--kubeconfig', config, ...args];
  /** A program on Node that has each work by its name. */
  const programs = (program, works) =>
    Object.fromEntries(
      works.map((work) => [
        work,
        (...args) => [process.execPath, ...program, work, server, ...args],
      ]),
    );
  const single = ['exec', 'execWithInput', 'forward'];
  return {
    spdylay: programs(
      [CLIENT, entry('./kubernetes/client', './kubernetes')],
      [...single, 'runs', 'copyToPod', 'copyFromPod'],
    ),
    'bare Node': programs([BARE], single),
    kubectl: {
      runs: (count, atOnce, ...command) => [
        process.execPath,
        SPAWN,
        count,
        atOnce,
        ...kubectl('exec', 'p1', '--', ...command),
      ],
      exec: (...command) => kubectl('exec', 'p1', '--', ...command),
      execWithInput: (...command) => kubectl('exec', '-i', 'p1', '--', ...command),
      forward: (to) => kubectl('port-forward', 'pod/p1', `:${to}`),
      copyToPod: (from, to) => kubectl('cp', from, `p1:${to}`),
      copyFromPod: (from, to) => kubectl('cp', `p1:${from}`, to),
    },
  };
}

/** A client that runs: `stdio` is that of its input and its output. */
export class MeasuredClient {
  #child;
  #report;
  #errors;

  constructor(command, home, [stdin, stdout]) {
    this.#child = spawn(KUBESTREAM, ['measure', ...command], {
      stdio: [stdin, stdout, 'pipe', 'pipe'],
      env: {
        ...process.env,
        HOME: home,
        // The server speaks nothing else: no time is lost by asking.
        KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false',
        KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false',
      },
    });
    this.#report = json(this.#child.stdio[3]);
    this.#errors = text(this.#child.stderr);
  }

  /** What it prints. */
  get stdout() {
    return this.#child.stdout;
  }

  /** Resolves with the group of the pattern that it prints. */
  printed(pattern) {
    return printed(this.#child, pattern);
  }

  /** SIGTERM. */
  stop() {
    this.#child.kill('SIGTERM');
  }

  /** What it took, in seconds and MiB, when it has ended. Rejects when it failed. */
  async ended(mayFail = false) {
    const { seconds, cpu, kib, code } = await this.#report;
    if (code !== 0 && !mayFail) throw new Error(`exit code ${code}: ${await this.#errors}`);
    return { seconds, cpu, mib: kib / 1024 };
  }
}

/** Asks for bytes through a forwarded port over several connections at once; resolves with the seconds that took. */
export async function drain(port, connections, bytes) {
  const args = ['drain', `127.0.0.1:${port}`, String(connections), String(bytes)];
  const child = spawn(KUBESTREAM, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const { whole, wrong, seconds } = await json(child.stdout);
  if (whole !== connections) throw new Error(`${wrong} of ${connections} connections went wrong`);
  return seconds;
}

async function printed(child, pattern) {
  let all = '';
  for (;;) {
    const [chunk] = await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`it ended with ${code}: ${all}`);
      }),
    ]);
    all += chunk;
    const found = pattern.exec(all);
    if (found !== null) return found[1];
  }
}

function kubeConfig(server) {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: {} }],
  });
}
