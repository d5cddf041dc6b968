#!/usr/bin/env bash
# An informer of the JavaScript client of Kubernetes that is stopped while it lists, or with an error handler that starts again, watches on.
#
# Software:       @kubernetes/client-node 1.4.0 and 2.0.1 (on Node 24.21.0)
# Behaviour:      stop() ends a watch that is there, and nothing else: called while the first list is under way, a watch begins behind it.
#                 Where a watch was there, stop() is an AbortError at 'error', and there the client's own example starts the informer again.
# One would guess: that no request and no event come once stop() was called. A program that ends with the last connection does not end.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund old@npm:@kubernetes/client-node@1.4.0 new@npm:@kubernetes/client-node@2.0.1 node24@npm:node@24.21.0

cat > try.js <<'END'
import { EventEmitter, once } from 'node:events';
import http from 'node:http';

const POD = { metadata: { name: 'p', namespace: 'default', resourceVersion: '6' } };
const asked = new EventEmitter();
const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  const watch = new URL(request.url, 'http://h').searchParams.has('watch');
  if (watch) response.write(`${JSON.stringify({ type: 'ADDED', object: POD })}\n`);
  asked.emit(watch ? 'watch' : 'list', response);
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const listed = JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '5' }, items: [] });

for (const name of ['old', 'new']) {
  const { CoreV1Api, KubeConfig, makeInformer } = await import(name);
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: `http://127.0.0.1:${server.address().port}`, skipTLSVerify: true }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const api = config.makeApiClient(CoreV1Api);
  const path = '/api/v1/namespaces/default/pods';
  const make = () => makeInformer(config, path, () => api.listNamespacedPod({ namespace: 'default' }));

  // Stopped while it watches.
  let seen = 'no event';
  let informer = make();
  informer.on('error', (error) => (seen = `'error' with ${error.name}`));
  const added = new Promise((done) => informer.on('add', done));
  asked.once('list', (response) => response.end(listed));
  const watch = once(asked, 'watch');
  await informer.start();
  const [answer] = await watch;
  await added;
  const gone = once(answer, 'close');
  await informer.stop();
  await gone;
  await new Promise((done) => setTimeout(done, 300)); // nothing tells that no event comes
  console.log(`${name}, stopped while it watches: ${seen}`);

  // Stopped while it lists.
  informer = make();
  const list = once(asked, 'list');
  const started = informer.start();
  const [response] = await list;
  await informer.stop();
  const late = once(asked, 'watch');
  response.end(listed);
  const timer = new Promise((done) => setTimeout(done, 5000));
  const outcome = await Promise.race([late, timer]);
  await started;
  console.log(`${name}, stopped while it lists: ${outcome ? 'a watch begins' : 'no watch'}`);
  await informer.stop();
}
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
old, stopped while it watches: 'error' with AbortError
old, stopped while it lists: a watch begins
new, stopped while it watches: 'error' with AbortError
new, stopped while it lists: a watch begins
END
