#!/usr/bin/env bash
# cpToPod() of the JavaScript client of Kubernetes is done before it has begun, and a tar that failed is a success.
#
# Software:       @kubernetes/client-node 2.0.1 (on Node 24.21.0; 1.4.0 on Node 20 does the same), ws 8.23.0 as the server
# Behaviour:      the promise of Cp.cpToPod() resolves before the connection is there; nothing else tells the end. The status of tar in the pod is not looked at:
#                 only text on its stderr counts as a failure, and that rejects a promise which nobody has.
# One would guess: that `await cpToPod(...)` waits for the copy and throws when it failed. A program that starts what it has just copied starts it too early.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund @kubernetes/client-node@2.0.1 ws@8.23.0 node24@npm:node@24.21.0
mkdir from && echo hello > from/a

cat > try.js <<'END'
import { once } from 'node:events';
import { Cp, KubeConfig } from '@kubernetes/client-node';
import { WebSocketServer } from 'ws';

// A pod whose tar takes the archive and fails without a word.
const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'v5.channel.k8s.io' });
await once(sockets, 'listening');
sockets.on('connection', (socket) => {
  console.log('pod: the connection is there');
  let bytes = 0;
  socket.on('message', (message) => {
    if (message[0] !== 255) return void (bytes += message.length - 1);
    console.log(`pod: an archive of ${bytes} bytes has come`);
    socket.send(Buffer.from('\x03{"status":"Failure","message":"exit code 2"}'), () => sockets.emit('over'));
  });
});

const config = new KubeConfig();
config.loadFromOptions({
  clusters: [{ name: 'c', server: `http://127.0.0.1:${sockets.address().port}`, skipTLSVerify: true }],
  users: [{ name: 'u' }],
  contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
  currentContext: 'x',
});
const over = once(sockets, 'over');
process.on('unhandledRejection', (error) => console.log('rejected somewhere:', error.message));
await new Cp(config).cpToPod('default', 'p', 'c', 'from', '/tmp');
console.log('client: cpToPod() resolved');
await over;
setTimeout(() => process.exit(), 300).ref();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
client: cpToPod() resolved
pod: the connection is there
pod: an archive of 2560 bytes has come
END
