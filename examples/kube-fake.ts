/**
 * A Kubernetes API server that is none, and what is done with it: exec and port-forward, first by this package, then by kubectl itself
 * if it is installed. `node build/examples/kube-fake.js`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFakeApiServer, exec, portForward, run } from '../lib/kubernetes/index.ts';

const web = http.createServer((request, response) => response.end(`page ${request.url}\n`));
await once(web.listen(0, '127.0.0.1'), 'listening');
const { port: webPort } = web.address() as AddressInfo;

// With TLS and a token, as a cluster has it; the certificate is made just now.
const fake = createFakeApiServer({
  pods: ['shell', { name: 'web', ports: { 80: webPort } }],
  tls: true,
  token: 'secret',
});
await fake.listen();
const { cluster } = fake;
console.log(`a fake API server with the pods shell and web`);

const counted = await run({ cluster, pod: 'shell', command: ['wc', '-c'], input: 'twelve bytes' });
console.log(`run: exit code ${counted.exitCode}, output ${counted.stdout.toString().trim()}`);

const failing = await exec({
  cluster,
  pod: 'shell',
  command: ['sh', '-c', 'echo oops >&2; exit 3'],
});
failing.stdout?.resume();
failing.stderr?.on('data', (chunk: Buffer) =>
  console.log(`exec: stderr ${chunk.toString().trim()}`),
);
console.log(`exec: exit code ${(await failing.exited).exitCode}`);

const forward = await portForward({ cluster, pod: 'web' });
const { port } = await forward.listen(80);
const pages = await Promise.all(
  Array.from({ length: 20 }, async (_, i) => (await fetch(`http://127.0.0.1:${port}/${i}`)).text()),
);
console.log(`port-forward: ${pages.length} pages at once, the last one: ${pages.at(-1)?.trim()}`);
await forward.close();

const home = await mkdtemp(path.join(tmpdir(), 'kube-fake-'));
await fake.writeKubeConfig(path.join(home, 'kubeconfig'));
const status = await kubectl('exec', '-i', 'shell', '--', 'sh', '-c', 'exit 7');
console.log(`kubectl: ${status === null ? 'not installed' : `exit code ${status}`}`);

await fake.close();
web.close();
web.closeAllConnections();
await rm(home, { recursive: true });

/** Resolves with its exit code; null when there is no kubectl. */
async function kubectl(...args: string[]): Promise<number | null> {
  const env = { ...process.env, HOME: home, KUBECONFIG: path.join(home, 'kubeconfig') };
  const child = spawn('kubectl', args, { env, stdio: 'ignore' });
  return new Promise((done) => {
    child.once('error', () => done(null));
    child.once('close', (code) => done(code));
  });
}
