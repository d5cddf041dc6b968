/**
 * A gateway: clients speak WebSocket to it, the cluster behind speaks SPDY, as in front of kubelets; who may go where is decided by the token that the
 * client shows. `node build/examples/gateway.js`. The cluster is a fake one; kubectl is led through as well if it is installed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeCertificate } from '../lib/http/server/connection/certificate.ts';
import {
  createFakeApiServer,
  createStreamTranslator,
  portForward,
  run,
  UpgradeRefusedError,
} from '../lib/kubernetes/index.ts';

const web = http.createServer((request, response) => response.end(`page ${request.url}\n`));
await once(web.listen(0, '127.0.0.1'), 'listening');
const { port: webPort } = web.address() as AddressInfo;

// The cluster has a token of its own, which no client knows.
const cluster = createFakeApiServer({
  pods: ['shell', { name: 'web', ports: { 80: webPort } }],
  tls: true,
  token: 'of the cluster',
});
await cluster.listen();

const translator = createStreamTranslator(
  (asked, request) => {
    if (request.headers.authorization !== 'Bearer Ann')
      throw new UpgradeRefusedError('who are you?', 401, null);
    if (asked.kind === 'exec' && asked.command[0] === 'rm')
      throw new UpgradeRefusedError('rm is not for you', 403, null);
    console.log(`gateway: ${asked.kind} in ${asked.namespace}/${asked.pod}`);
    return { cluster: cluster.cluster, transport: 'spdy' };
  },
  { maxSessions: 100, dialTimeoutMs: 5000 },
);
translator.on('targetError', (error) => console.log('gateway:', (error as Error).message));

const certificate = makeCertificate();
const front = https.createServer(certificate);
translator.attach(front);
// Everything else that a client asks, such as what kubectl wants to know of a pod, goes there as it is.
front.on('request', (request, response) => {
  const { server, ca } = cluster.cluster;
  const headers = { authorization: 'Bearer of the cluster' };
  https
    .get(server + request.url, { headers, ca, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' });
      answer.pipe(response);
    })
    .on('error', () => response.destroy());
});
await once(front.listen(0, '127.0.0.1'), 'listening');
const { port } = front.address() as AddressInfo;

const ann = {
  cluster: { server: `https://127.0.0.1:${port}`, ca: certificate.cert, token: 'Ann' },
  transport: 'websocket',
} as const;
const counted = await run({ ...ann, pod: 'shell', command: ['wc', '-c'], input: 'twelve bytes' });
console.log(`run: exit code ${counted.exitCode}, output ${counted.stdout.toString().trim()}`);

await run({ ...ann, pod: 'shell', command: ['rm', '-rf', '/'] }).catch((error) =>
  console.log(`run: ${error.statusCode}: ${error.status?.message ?? error.message}`),
);

const forward = await portForward({ ...ann, pod: 'web' });
const { port: local } = await forward.listen(80);
console.log(await (await fetch(`http://127.0.0.1:${local}/hello`)).text());
await forward.close();

const home = await mkdtemp(path.join(tmpdir(), 'gateway-'));
const status = await kubectl('exec', '-i', 'shell', '--', 'sh', '-c', 'exit 7');
console.log(`kubectl: ${status === null ? 'not installed' : `exit code ${status}`}`);
await rm(home, { recursive: true });

// Those who are there may come to their end, for ten seconds.
await translator.close({ deadlineMs: 10_000 });
front.close();
front.closeAllConnections();
await cluster.close();
web.close();
web.closeAllConnections();

/** Resolves with its exit code; null when there is no kubectl. */
async function kubectl(...args: string[]): Promise<number | null> {
  const login = ['--server', ann.cluster.server, '--token', 'Ann', '--insecure-skip-tls-verify'];
  const env = { ...process.env, HOME: home, KUBECONFIG: path.join(home, 'none') };
  const child = spawn('kubectl', [...login, ...args], { env, stdio: 'ignore' });
  return new Promise((done) => {
    child.once('error', () => done(null));
    child.once('close', (code) => done(code));
  });
}
