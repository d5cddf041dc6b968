#!/usr/bin/env bash
# An exception in the callback of a watch of the JavaScript client of Kubernetes is gone, as is a line that is no JSON.
#
# Software:       @kubernetes/client-node 1.4.0 and 2.0.1 (on Node 24.21.0)
# Behaviour:      Watch.watch() calls back within the `try` around JSON.parse() and drops what it catches: neither the process nor `done` hears it, and the
#                 watch goes on. The same exception in a handler of makeInformer() is an unhandled rejection, which ends the process.
# One would guess: an uncaught exception, or its way to `done`. A TypeError in a controller is a controller that does nothing, without a word.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund old@npm:@kubernetes/client-node@1.4.0 new@npm:@kubernetes/client-node@2.0.1 node24@npm:node@24.21.0

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';

const line = (name) => `${JSON.stringify({ type: 'ADDED', object: { metadata: { name, resourceVersion: '6' } } })}\n`;
const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  if (request.url.includes('watch')) return void response.end(`${line('one')}this is no JSON\n${line('two')}`);
  response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '5' }, items: [] }));
});
await once(server.listen(0, '127.0.0.1'), 'listening');

for (const name of ['old', 'new']) {
  const { CoreV1Api, KubeConfig, makeInformer, Watch } = await import(name);
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: `http://127.0.0.1:${server.address().port}`, skipTLSVerify: true }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const path = '/api/v1/namespaces/default/pods';

  const heard = [];
  const note = (error) => heard.push(error.message);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  await new Promise((done) => {
    new Watch(config).watch(path, {}, (type, { metadata }) => {
      console.log(`${name}: called back with ${type} ${metadata.name}`);
      throw new Error(`thrown for ${metadata.name}`);
    }, (error) => {
      console.log(`${name}: done, ${error ?? 'without an error'}; the process heard of ${heard.length} exceptions`);
      done();
    });
  });

  const api = config.makeApiClient(CoreV1Api);
  const informer = makeInformer(config, path, () => api.listNamespacedPod({ namespace: 'default' }));
  informer.on('add', ({ metadata }) => {
    throw new Error(`thrown for ${metadata.name}`);
  });
  const rejected = once(process, 'unhandledRejection');
  await informer.start();
  await rejected;
  await informer.stop();
  console.log(`${name}: with an informer, the process heard '${heard[0]}'`);
  process.off('uncaughtException', note).off('unhandledRejection', note);
  process.on('unhandledRejection', () => {});
}
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
old: called back with ADDED one
old: called back with ADDED two
old: done, without an error; the process heard of 0 exceptions
old: with an informer, the process heard 'thrown for one'
new: called back with ADDED one
new: called back with ADDED two
new: done, without an error; the process heard of 0 exceptions
new: with an informer, the process heard 'thrown for one'
END
