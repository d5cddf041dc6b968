// A test of somebody's own tool with @kubernetes/client-node, as its documentation shows it: node client-node.mjs PACKAGE KUBECONFIG.
// Prints what it has seen as one object of JSON.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const [, , entry, kubeConfig] = process.argv;
const k8s = await import(pathToFileURL(entry).href);
const config = new k8s.KubeConfig();
config.loadFromFile(kubeConfig);
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const namespace = 'default';
const seen = {};

const names = ({ items }) => items.map(({ metadata }) => metadata.name);
seen.list = names(await core.listNamespacedPod({ namespace, labelSelector: 'app=web' }));
seen.deployments = names(await apps.listNamespacedDeployment({ namespace }));
seen.refused = await core
  .listNamespacedPod({ namespace, fieldSelector: 'spec.color=red' })
  .catch((error) => error.code);

// An informer hears of everything, and goes on behind 410.
const events = [];
const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, () =>
  core.listNamespacedPod({ namespace }),
);
const heard = async (what) => {
  while (!events.includes(what)) await new Promise((next) => setTimeout(next, 10));
};
for (const event of ['add', 'update', 'delete'])
  informer.on(event, ({ metadata }) => events.push(`${event} ${metadata.name}`));
informer.on('error', (error) => {
  events.push(`error ${error.statusCode ?? error.code ?? error.message}`);
  setTimeout(() => informer.start(), 10);
});
await informer.start();
await heard('add web-1');

const body = {
  metadata: { name: 'made', labels: { app: 'made' } },
  spec: {
    containers: [
      { name: 'c', image: 'busybox', command: ['sh', '-c', 'echo hello; exec sleep 300'] },
    ],
  },
};
seen.created = (await core.createNamespacedPod({ namespace, body })).status.phase;
await heard('update made');
// As after a long time: the informer has to list anew.
const control = `${config.getCurrentCluster().server}/_fake`;
await fetch(`${control}/expire-watches`, { method: 'POST' });
const late = JSON.stringify({ name: 'late' });
await fetch(`${control}/pods`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: late,
});
await heard('add late');
seen.twice = await core.createNamespacedPod({ namespace, body }).catch((error) => error.code);
seen.read = (await core.readNamespacedPod({ name: 'made', namespace })).status.phase;
const patch = [{ op: 'add', path: '/metadata/labels/x', value: 'y' }];
seen.patched = (
  await core.patchNamespacedPod({ name: 'made', namespace, body: patch })
).metadata.labels;
while (!(await core.readNamespacedPodLog({ name: 'made', namespace })).includes('hello'))
  await new Promise((next) => setTimeout(next, 10));
const followed = new PassThrough();
await new k8s.Log(config).log(namespace, 'made', 'c', followed, { follow: true });

const run = (command, input) =>
  new Promise((resolve, reject) => {
    const stdout = new PassThrough();
    const output = text(stdout);
    const done = async (status) => {
      stdout.end();
      const code = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
      resolve([await output, Number(code ?? 0)]);
    };
    new k8s.Exec(config)
      .exec(namespace, 'made', 'c', command, stdout, null, input, false, done)
      .catch(reject);
  });
seen.exec = await run(['sh', '-c', 'echo out; exit 3'], null);

// It makes no folder, and does not tell when it is done.
const local = await mkdtemp(path.join(tmpdir(), 'client-node-'));
await writeFile(path.join(local, 'file'), 'content');
await run(['mkdir', 'copy'], null);
await new k8s.Cp(config).cpToPod(namespace, 'made', 'c', local, 'copy');
do seen.copied = await run(['cat', 'copy/file'], null);
while (seen.copied[0] !== 'content');
await rm(local, { recursive: true });

const applied = {
  ...body,
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'made', labels: { app: 'mine' } },
};
const apply = (fieldManager, force) =>
  core.patchNamespacedPod(
    { name: 'made', namespace, body: applied, fieldManager, force },
    k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.ServerSideApply),
  );
seen.conflict = await apply('me').catch((error) => error.code);
seen.applied = (await apply('me', true)).metadata.labels;

const forward = new k8s.PortForward(config);
const server = net.createServer((socket) => {
  forward.portForward(namespace, 'web-1', [80], socket, null, socket);
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const socket = net.connect(server.address().port, '127.0.0.1');
socket.write('hello');
const [answer] = await once(socket, 'data');
seen.forwarded = answer.toString();
socket.destroy();
server.close();

await core.deleteNamespacedPod({ name: 'made', namespace });
await heard('delete made');
seen.log = await text(followed);
await informer.stop();
seen.events = events;
console.log(JSON.stringify(seen));
process.exit(0);
