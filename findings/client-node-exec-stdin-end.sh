#!/usr/bin/env bash
# The end of stdin ends the whole command for the JavaScript client of Kubernetes, unless the server has the newest sub-protocol.
#
# Software:       @kubernetes/client-node 2.0.1 (on Node 24.21.0; 1.4.0 on Node 20 does the same), ws 8.23.0 as the server
# Behaviour:      Exec.exec() with a stdin that ends tells so in a message by v5.channel.k8s.io; by v4.channel.k8s.io, which cannot say it, it
#                 closes the connection at once: what the command writes behind the end of its input, and its status, never come, and no error does.
# One would guess: that the client waits for the outcome (stdin of the command stays open then, which kubectl does), or says that it cannot. `sort`, `wc`,
#                 `tar x` work in the cluster with v5 (from Kubernetes 1.30 on) and are silent in the one before.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund @kubernetes/client-node@2.0.1 ws@8.23.0 node24@npm:node@24.21.0

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { Exec, KubeConfig } from '@kubernetes/client-node';
import { WebSocketServer } from 'ws';

const [STDOUT, STATUS, CLOSE] = [1, 3, 255]; // the first byte of a message: its channel
const channel = (number, text) => Buffer.concat([Buffer.of(number), Buffer.from(text)]);

// A pod that runs `wc -c`.
async function countIn(protocol) {
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => protocol });
  await once(sockets, 'listening');
  let bytes = 0;
  sockets.on('connection', (socket) =>
    socket.on('message', (message) => {
      if (message[0] !== CLOSE) return void (bytes += message.length - 1);
      socket.send(channel(STDOUT, String(bytes)));
      socket.send(channel(STATUS, '{"status":"Success"}'));
    }),
  );

  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: `http://127.0.0.1:${sockets.address().port}`, skipTLSVerify: true }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const stdout = new PassThrough();
  let status = 'none';
  const stdin = Readable.from([Buffer.from('hello')]);
  const socket = await new Exec(config).exec('default', 'p', 'c', ['wc', '-c'], stdout, null, stdin, false, (outcome) => {
    status = outcome.status;
    socket.close();
  });
  await once(socket, 'close');
  console.log(`${protocol}: stdin of ${bytes} bytes came, stdout '${stdout.read() ?? ''}', status ${status}`);
}
await countIn('v4.channel.k8s.io');
await countIn('v5.channel.k8s.io');
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
v4.channel.k8s.io: stdin of 5 bytes came, stdout '', status none
v5.channel.k8s.io: stdin of 5 bytes came, stdout '5', status Success
END
