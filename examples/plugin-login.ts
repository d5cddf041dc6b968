/**
 * Logging in by a credential plugin, as kubeconfigs of EKS, GKE, AKS and Teleport have it: a program that prints a token. Here this program is its own
 * plugin (`--login`). The first token that it prints is one that the cluster does not take any more. `node build/examples/plugin-login.js`.
 */
import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFakeApiServer, loadKubeConfig, run } from '../lib/kubernetes/index.ts';

const API_VERSION = 'client.authentication.k8s.io/v1';

if (process.argv[2] === '--login') await login();
else await main();

/** What a plugin does: it is told of the cluster by a variable, and prints a credential. */
async function login(): Promise<void> {
  const { KUBERNETES_EXEC_INFO = '', LOGINS = '' } = process.env;
  const { spec } = JSON.parse(KUBERNETES_EXEC_INFO) as { spec: { cluster: { server: string } } };
  await appendFile(LOGINS, `${spec.cluster.server}\n`);
  const isFirst = (await readFile(LOGINS, 'utf8')).split('\n').length === 2;
  const status = {
    token: isFirst ? 'revoked' : 'good',
    expirationTimestamp: new Date(Date.now() + 3_600_000).toISOString(),
  };
  console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion: API_VERSION, status }));
}

async function main(): Promise<void> {
  const home = await mkdtemp(path.join(tmpdir(), 'plugin-login-'));
  const fake = createFakeApiServer({ pods: ['shell'], tls: true, token: 'good' });
  await fake.listen();

  const logins = path.join(home, 'logins');
  const kubeconfig = path.join(home, 'kubeconfig');
  const exec = {
    apiVersion: API_VERSION,
    command: process.execPath,
    args: [fileURLToPath(import.meta.url), '--login'],
    env: [{ name: 'LOGINS', value: logins }],
    interactiveMode: 'Never',
    provideClusterInfo: true,
  };
  const ca = Buffer.from(String(fake.cluster.ca)).toString('base64');
  const place = { server: fake.url, 'certificate-authority-data': ca };
  // JSON is YAML.
  await writeFile(
    kubeconfig,
    JSON.stringify({
      'current-context': 'it',
      contexts: [{ name: 'it', context: { cluster: 'fake', user: 'me' } }],
      clusters: [{ name: 'fake', cluster: place }],
      users: [{ name: 'me', user: { exec } }],
    }),
  );

  const { cluster, userName } = await loadKubeConfig(kubeconfig);
  console.log(`user ${userName}: ${await count(logins)} login`);
  for (let i = 0; i < 2; i++) {
    // The server refuses the first token (401): the plugin is run again, and the request made again.
    const { stdout } = await run({ cluster, pod: 'shell', command: ['echo', 'inside'] });
    console.log(`run: ${stdout.toString().trim()}, ${await count(logins)} logins`);
  }

  const status = await kubectl(kubeconfig, 'exec', 'shell', '--', 'sh', '-c', 'exit 7');
  console.log(`kubectl: ${status === null ? 'not installed' : `exit code ${status}`}`);
  await fake.close();
  await rm(home, { recursive: true });
}

async function count(logins: string): Promise<number> {
  return (await readFile(logins, 'utf8')).split('\n').length - 1;
}

/** Resolves with its exit code; null when there is no kubectl. */
async function kubectl(kubeconfig: string, ...args: string[]): Promise<number | null> {
  const env = { ...process.env, HOME: path.dirname(kubeconfig), KUBECONFIG: kubeconfig };
  const child = spawn('kubectl', args, { env, stdio: 'ignore' });
  return new Promise((done) => {
    child.once('error', () => done(null));
    child.once('close', (code) => done(code));
  });
}
