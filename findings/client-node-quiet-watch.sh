#!/usr/bin/env bash
# A watch on which nothing happens ends after 30 seconds with the JavaScript client of Kubernetes from version 2 on, whatever it asked the server for.
#
# Software:       @kubernetes/client-node 1.4.0 and 2.0.1 (on Node 24.21.0)
# Behaviour:      with 2.0.1, `done` of Watch.watch() gets a TimeoutError when no byte came for 30 s, though `timeoutSeconds` allows minutes; the time
#                 is a private member. With 1.4.0 the watch stays. An informer of 2.0.1 watches again by itself.
# One would guess: as with 1.4.0 and as kubectl: a quiet watch is a good watch, and a server's bookmarks come a minute apart. A program that takes
#                 an error of `done` for a failure fails twice a minute.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund old@npm:@kubernetes/client-node@1.4.0 new@npm:@kubernetes/client-node@2.0.1 node24@npm:node@24.21.0

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';

const server = http.createServer((_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.flushHeaders();
  setTimeout(() => response.end(), 40_000); // long before what the client allows
});
await once(server.listen(0, '127.0.0.1'), 'listening');

async function watchWith(name) {
  const { KubeConfig, Watch } = await import(name);
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: `http://127.0.0.1:${server.address().port}`, skipTLSVerify: true }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const error = await new Promise((done) => {
    new Watch(config).watch('/api/v1/namespaces/default/pods', { timeoutSeconds: 300 }, () => {}, done);
  });
  return `${name}: ${error ? error.name : 'ends when the server ends it'}`;
}
console.log((await Promise.all(['old', 'new'].map(watchWith))).join('\n'));
process.exit();
END

timeout 90 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
old: ends when the server ends it
new: TimeoutError
END
