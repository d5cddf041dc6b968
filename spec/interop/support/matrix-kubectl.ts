import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { sha256 } from './bytes.ts';
import { digest, Kubectl, SPDY_ONLY, until } from './kubectl.ts';
import {
  exchangeMany,
  longText,
  type MatrixClient,
  type MatrixSession,
  type Seen,
  useTerminal,
  writeConfig,
} from './matrix.ts';
import { type PeerName, peerPath } from './peers.ts';

/** The kubectl of Debian, which knows SPDY alone. */
export const DEBIAN_KUBECTL: MatrixClient = kubectlClient('kubectl 1.20', 'kubectl', {});

/** A newer one: over WebSocket as it is, or over SPDY. */
export function newerKubectl(minor: 31 | 34 | 36, transport: 'spdy' | 'websocket'): MatrixClient {
  const name = `kubectl 1.${minor} over ${transport}`;
  return kubectlClient(name, `kubectl-${minor}`, transport === 'spdy' ? SPDY_ONLY : {});
}

function kubectlClient(
  name: string,
  peer: PeerName,
  env: Readonly<Record<string, string>>,
): MatrixClient {
  const file = peerPath(
    peer === 'kubectl' ? 'kubectl-debian/usr/bin/kubectl' : `${String(peer)}/kubectl`,
  );
  return {
    name,
    peers: [peer],
    cannot: {},
    open: async ({ cluster }) => {
      const variant = { name, file, env, again: false };
      const kubectl = await Kubectl.for(variant, {
        writeKubeConfig: async (config) => writeConfig(config, cluster),
      });
      return session(kubectl);
    },
  };
}

function session(kubectl: Kubectl): MatrixSession {
  async function seen(args: readonly string[], input: Buffer, sleepMs: number): Promise<Seen> {
    const child = kubectl.start(...args);
    child.stdin.end(input);
    const closed = once(child, 'close');
    await delay(sleepMs);
    let head = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (head.length < 200) head = (head + chunk).slice(0, 200);
    });
    const [out, stderr] = await Promise.all([digest(child.stdout), text(child.stderr), closed]);
    return { code: child.exitCode, ...out, head, stderr };
  }
  return {
    exec: (command, sleepMs = 0) => seen(['exec', 'p', '--', ...command], Buffer.alloc(0), sleepMs),
    echo: async (size) => {
      const body = longText(size);
      const result = await seen(['exec', '-i', 'p', '--', 'cat'], body, 0);
      return { ...result, sent: sha256(body) };
    },
    terminal: (script) => {
      const size = { cols: 80, rows: 24 };
      const args = ['exec', '-it', 'p', '--', 'sh', '-c', script];
      return useTerminal(kubectl.startOnTerminal(size, ...args));
    },
    attach: async (pod) => {
      const { stdout } = await kubectl.run(['attach', '-i', pod], 'one\ntwo\n');
      return stdout.toString();
    },
    copyTo: async (local, remote) => copied(await kubectl.run(['cp', local, `p:${remote}`])),
    copyFrom: async (remote, local) => {
      // It takes what has a colon, or a drive, for another machine.
      copied(await kubectl.run(['cp', `p:${remote}`, path.relative(kubectl.home, local)]));
    },
    forward: async (port, count, size) => {
      const { child, ports, log } = await kubectl.forward('web', port);
      const closed = once(child, 'close');
      const faults: string[] = [];
      const forwarded = await exchangeMany(ports[0] as number, count, size, () => faults);
      if (forwarded.ok < count) {
        await until('the reason', () => /error forwarding port/.test(log()));
        faults.push(
          ...log()
            .split('\n')
            .filter((line) => /error forwarding port/.test(line)),
        );
      }
      child.kill('SIGINT');
      await closed;
      return forwarded;
    },
    close: () => kubectl.close(),
  };
}

function copied({ code, stderr }: { readonly code: number | null; readonly stderr: string }): void {
  if (code !== 0) throw new Error(`kubectl cp ended with ${code}: ${stderr}`);
}
