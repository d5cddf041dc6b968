#!/usr/bin/env bash
# A slow reader of a command's output does not slow down the command with the JavaScript client of Kubernetes: all of it goes to memory.
#
# Software:       @kubernetes/client-node 2.0.1 (on Node 24.21.0; 1.4.0 on Node 20 does the same), ws 8.23.0 as the server
# Behaviour:      Exec.exec() calls write() of the given stdout for each message, whatever it returns, and reads on: a stdout with a highWaterMark of 16 KiB
#                 that takes one chunk holds 32 MiB of output in its buffer. No option bounds it.
# One would guess: that a Writable is filled as pipe() fills it, so that TCP holds back the server (as with kubectl exec ... | less).
#                 A database dump that is piped to a slow place takes the memory of its whole size.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund ws@8.23.0 @kubernetes/client-node@2.0.1 node24@npm:node@24.21.0

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import { Writable } from 'node:stream';
import { Exec, KubeConfig } from '@kubernetes/client-node';
import { WebSocketServer } from 'ws';

const MESSAGES = 512;
const message = Buffer.concat([Buffer.of(1), Buffer.alloc(65_536)]);
const server = http.createServer();
const sockets = new WebSocketServer({ noServer: true, handleProtocols: ([first]) => first });
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, async (client) => {
    for (let number = 0; number < MESSAGES; number++) await new Promise((written) => client.send(message, written));
    client.send(Buffer.from('\x03{"status":"Success"}'));
  });
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const config = new KubeConfig();
config.loadFromString(JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'x',
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${server.address().port}`, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'u', user: {} }],
}));
let taken = 0;
const stdout = new Writable({
  highWaterMark: 16_384,
  write(chunk) {
    taken += chunk.length; // and never asks for more
  },
});
const status = await new Promise((called, failed) => {
  new Exec(config).exec('default', 'p', 'c', ['cat', 'big'], stdout, null, null, false, called).catch(failed);
});
const kib = (bytes) => `${bytes / 1024} KiB`;
console.log(`stdout took ${kib(taken)} and holds ${kib(stdout.writableLength)}; status ${status.status}`);
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
stdout took 64 KiB and holds 32768 KiB; status Success
END
