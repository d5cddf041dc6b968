#!/usr/bin/env bash
# What the server says of a refusal is gone in two of the JavaScript client's calls, unless the server failed itself.
#
# Software:       @kubernetes/client-node 1.4.0 and 2.0.1 (on Node 24.21.0)
# Behaviour:      Metrics and Log read the Status of an answer of 500 only. For 403 and 404 the message is "Error occurred in ... request" and the body is
#                 undefined; an answer that is no JSON, as a gateway's 503, is code 500 for Metrics. The generated calls keep code, message and body of all.
# One would guess: an ApiException as the generated calls throw it. That the metrics server is not installed, or which right is missing, is not to be had.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund old@npm:@kubernetes/client-node@1.4.0 new@npm:@kubernetes/client-node@2.0.1 node24@npm:node@24.21.0

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import { PassThrough } from 'node:stream';

let code;
const status = () => JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `why ${code}`, code });
const server = http.createServer((_request, response) => {
  response.writeHead(code, { 'content-type': code === 503 ? 'text/plain' : 'application/json' });
  response.end(code === 503 ? 'why 503' : status());
});
await once(server.listen(0, '127.0.0.1'), 'listening');

for (const name of ['old', 'new']) {
  const { CoreV1Api, KubeConfig, Log, Metrics } = await import(name);
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: `http://127.0.0.1:${server.address().port}`, skipTLSVerify: true }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const calls = {
    'listNamespacedPod()': () => config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: 'default' }),
    'getPodMetrics()': () => new Metrics(config).getPodMetrics(),
    'log()': () => new Log(config).log('default', 'p', 'c', new PassThrough()),
  };
  for (const [call, run] of Object.entries(calls)) {
    for (code of [403, 500, 503]) {
      const error = await run().catch((error) => error);
      const words = /why \d+/.exec(`${error.message} ${JSON.stringify(error.body)}`)?.[0] ?? 'no words of the server';
      console.log(`${name} ${call}: ${code} is code ${error.code}, ${words}`);
    }
  }
}
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
old listNamespacedPod(): 403 is code 403, why 403
old listNamespacedPod(): 500 is code 500, why 500
old listNamespacedPod(): 503 is code 503, why 503
old getPodMetrics(): 403 is code 403, no words of the server
old getPodMetrics(): 500 is code 500, why 500
old getPodMetrics(): 503 is code 500, why 503
old log(): 403 is code 403, no words of the server
old log(): 500 is code 500, why 500
old log(): 503 is code 503, no words of the server
new listNamespacedPod(): 403 is code 403, why 403
new listNamespacedPod(): 500 is code 500, why 500
new listNamespacedPod(): 503 is code 503, why 503
new getPodMetrics(): 403 is code 403, no words of the server
new getPodMetrics(): 500 is code 500, why 500
new getPodMetrics(): 503 is code 500, why 503
new log(): 403 is code 403, no words of the server
new log(): 500 is code 500, why 500
new log(): 503 is code 503, no words of the server
END
