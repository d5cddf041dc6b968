#!/usr/bin/env bash
# A connection that is lost in the middle of a command ends nothing for a caller of the JavaScript client of Kubernetes.
#
# Software:       @kubernetes/client-node 1.4.0 and 2.0.1 (on Node 24.21.0), ws 8.23.0 as the server
# Behaviour:      Exec.exec() ends stdout and calls back with a status when the status comes, and else never: behind a lost connection stdout has neither an
#                 end nor an error, and nothing is called. Only the WebSocket that exec() returned tells, by 'close' with 1006.
# One would guess: an error of stdout, or a status Failure. `for await (const chunk of stdout)` waits for ever.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund old@npm:@kubernetes/client-node@1.4.0 new@npm:@kubernetes/client-node@2.0.1 ws@8.23.0 node24@npm:node@24.21.0

cat > try.js <<'END'
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { WebSocketServer } from 'ws';

const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'v5.channel.k8s.io' });
await once(sockets, 'listening');
sockets.on('connection', (socket) => socket.send(Buffer.from('\x01half'), () => socket.terminate()));

for (const name of ['old', 'new']) {
  const { Exec, KubeConfig } = await import(name);
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: `http://127.0.0.1:${sockets.address().port}`, skipTLSVerify: true }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const seen = [];
  const stdout = new PassThrough();
  stdout.on('data', (chunk) => seen.push(`'${chunk}'`));
  for (const event of ['end', 'close', 'error']) stdout.on(event, () => seen.push(`${event} of stdout`));
  const socket = await new Exec(config).exec('default', 'p', 'c', ['ls'], stdout, null, null, false, () => seen.push('a status'));
  socket.on('close', (code) => seen.push(`close of the socket (${code})`));
  await new Promise((done) => setTimeout(done, 2000)); // nothing tells that no event comes
  console.log(`${name}: ${seen.join(', ')}`);
}
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
old: 'half', close of the socket (1006)
new: 'half', close of the socket (1006)
END
