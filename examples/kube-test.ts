/**
 * A script that uses kubectl, and its test without a cluster: what it does when all goes well, when the database is late, when the server is busy, and
 * when it may not. `node build/examples/kube-test.js`; the script is tested only where kubectl is installed.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFakeApiServer, type FakeApiServer } from '../lib/kubernetes/index.ts';

/** The script: waits for the database, and migrates it, up to three times. */
const SCRIPT = `
kubectl wait --for=condition=Ready pod -l app=db --timeout=30s > wait.log 2>&1 || { echo "no database"; exit 1; }
pod=$(kubectl get pod -l app=db -o name)
for attempt in 1 2 3; do
  kubectl exec "$pod" -- sh migrate.sh 2> exec.log && exit 0
  grep -q forbidden exec.log && { echo "not allowed"; exit 2; }
  echo "attempt $attempt has failed"
done
exit 3
`;

const cases: Readonly<Record<string, (fake: FakeApiServer) => void>> = {
  'all goes well': () => {},
  'the database is late': (fake) => {
    fake.setPod('db-0', { ready: false });
    fake.on('request', ({ action }) => {
      if (action === 'watch') fake.setPod('db-0', { ready: true });
    });
  },
  'the server is busy': (fake) => {
    // Newer ones ask twice: for a WebSocket, and then for SPDY.
    fake.addFault({ action: 'exec', times: 2, refuseWith: 503 });
  },
  'nobody may exec': (fake) => {
    fake.setRules([{ verbs: ['get', 'list', 'watch'], resources: ['pods'] }]);
  },
};

const home = await mkdtemp(path.join(tmpdir(), 'kube-test-'));
if ((await shell('command -v kubectl > /dev/null')).code !== 0)
  console.log('kubectl is not installed');
else for (const [name, arrange] of Object.entries(cases)) await test(name, arrange);
await rm(home, { recursive: true });

async function test(name: string, arrange: (fake: FakeApiServer) => void): Promise<void> {
  await using fake = createFakeApiServer({ pods: [{ name: 'db-0', labels: { app: 'db' } }] });
  await fake.listen();
  await fake.writeKubeConfig(path.join(home, 'kubeconfig'));
  writeFileSync(path.join(fake.directoryOf('db-0'), 'migrate.sh'), 'echo migrated');
  arrange(fake);
  const { code, output } = await shell(SCRIPT);
  console.log(`${name}: exit code ${code}, ${output.trim().replaceAll('\n', ', ')}`);
}

/** Runs a script of the shell; resolves with what it has printed. */
async function shell(script: string): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, HOME: home, KUBECONFIG: path.join(home, 'kubeconfig') };
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn('sh', ['-c', script], { cwd: home, env, stdio: [...stdio] });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((done) => child.once('close', (code) => done({ code, output })));
}
