import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { pattern, sha256 } from './bytes.ts';
import { type Forwarded, type MatrixClient, type Seen, writeConfig } from './matrix.ts';
import { peerPath } from './peers.ts';
import { run } from './process.ts';

const SCRIPT = fileURLToPath(
  new URL('../../../../spec/interop/peers/python/kube.py', import.meta.url),
);

async function printed<T>(command: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await run(command, 50_000);
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** The client for Python. */
export const PYTHON_CLIENT: MatrixClient = {
  name: 'python3-kubernetes',
  peers: ['python3-kubernetes'],
  cannot: { 'cp to the pod': 'it has no cp', 'cp from the pod': 'it has no cp' },
  open: async ({ cluster }) => {
    const home = mkdtempSync(path.join(tmpdir(), 'spdylay-python-'));
    const config = path.join(home, 'config');
    writeConfig(config, cluster);
    const ask = <T>(...words: readonly string[]): Promise<T> =>
      printed<T>([peerPath('python3-kubernetes'), SCRIPT, config, ...words]);
    return {
      exec: (command, sleepMs = 0) =>
        ask<Seen>('exec', '--sleep', String(sleepMs / 1000), ...command),
      echo: (size) => ask<Seen & { readonly sent: string }>('echo', String(size)),
      terminal: (script) => ask('terminal', script),
      attach: async (pod) => (await ask<{ readonly stdout: string }>('attach', pod)).stdout,
      copyTo: notThere,
      copyFrom: notThere,
      forward: (port, count, size) =>
        ask<Forwarded>('forward', String(port), String(count), String(size)),
      close: async () => rmSync(home, { recursive: true }),
    };
  },
};

/** What our program on the Go library of Kubernetes prints of a command. */
interface GoCommand {
  readonly stdout: { readonly bytes: number; readonly sha256: string; readonly head: string };
  readonly stderr?: { readonly head: string };
  readonly status: {
    readonly status: string;
    readonly details?: { readonly causes: readonly { readonly message: string }[] };
  };
}

/** Our program on spdystream, the Go library of Kubernetes. */
export const GO_CLIENT: MatrixClient = {
  name: 'our Go program on spdystream',
  peers: ['kubestream'],
  cannot: {
    'a terminal: two sizes, Ctrl-C':
      'the program types nothing; its sizes have a spec of their own',
    'cp to the pod': 'it has no cp',
    'cp from the pod': 'it has no cp',
  },
  open: async ({ plain: { server } }) => {
    const pods = `${server}/api/v1/namespaces/default/pods`;
    const execute = async (query: string, ...options: string[]): Promise<Seen> => {
      const url = `${pods}/${query}&container=main&stdout=true&stderr=true`;
      const command = [peerPath('kubestream'), 'exec', url, ...options];
      const { stdout, stderr, status } = await printed<GoCommand>(command);
      const cause = status.details?.causes[0]?.message;
      const code = status.status === 'Success' ? 0 : cause === undefined ? null : Number(cause);
      return { code, ...stdout, stderr: stderr?.head ?? '' };
    };
    return {
      exec: (command, sleepMs = 0) => {
        const words = command.map((word) => `command=${encodeURIComponent(word)}`).join('&');
        return execute(`p/exec?${words}`, '-sleep', String(sleepMs));
      },
      echo: async (size) => {
        const seen = await execute('p/exec?command=cat&stdin=true', '-i', String(size));
        return { ...seen, sent: sha256(pattern(size)) };
      },
      terminal: notThere,
      attach: async (pod) => {
        const { head } = await execute(`${pod}/attach?stdin=true`, '-i', '100000');
        return head;
      },
      copyTo: notThere,
      copyFrom: notThere,
      forward: (port, count, size) => {
        const words = [String(port), String(count), String(size), 'finish'];
        return printed<Forwarded>([
          peerPath('kubestream'),
          'forward',
          `${pods}/web/portforward`,
          ...words,
        ]);
      },
      close: async () => {},
    };
  },
};

function notThere(): never {
  throw new Error('it cannot do that');
}
