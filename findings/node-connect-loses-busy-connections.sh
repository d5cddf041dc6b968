#!/usr/bin/env bash
# A process that is busy for a moment while it connects gets ETIMEDOUT for a connection that was there at once.
#
# Software:       node:net of Node 20.20.2 (250 ms) and 26.10.0 (500 ms); 22 and 24 as 20
# Behaviour:      for a name with several addresses net.connect(), and http, tls and fetch() above it, give each address but the last 250 or 500 ms (option
#                 autoSelectFamilyAttemptTimeout, on by default). The timer is looked at before the socket: when the own process was busy, or stopped,
#                 for longer than that, the first address counts as dead although its handshake is long done, and the next one is tried. With
#                 a server that listens on 127.0.0.1 only, and a name that has ::1, too (localhost), the call fails.
# One would guess: that a limit in time is about the network, and that what the kernel has connected is looked at first. A single address has no such
#                 limit, so that '127.0.0.1' works where 'localhost' does not.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund node20@npm:node@20.20.2 node26@npm:node@26.10.0

cat > try.js <<'END'
import { once } from 'node:events';
import net from 'node:net';

const server = net.createServer((socket) => socket.on('error', () => {}).resume());
await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address();
const addresses = [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }];

for (const busy of [0, 700]) {
  for (const count of [1, 2]) {
    const lookup = (_name, _options, found) => process.nextTick(found, null, addresses.slice(0, count));
    const socket = net.connect({ host: 'example.test', port, lookup });
    socket.once('connectionAttempt', () =>
      setImmediate(() => {
        const end = Date.now() + busy;
        while (Date.now() < end);
      }),
    );
    const outcome = await new Promise((done) => {
      socket.once('connect', () => done('connected'));
      socket.once('error', (error) => done(error.code));
    });
    console.log(`${count} address${count > 1 ? 'es' : ''}, busy for ${busy} ms: ${outcome}`);
    socket.destroy();
  }
}
server.close();
END

for name in node20 node26; do
  echo "$name"
  timeout 60 "node_modules/$name/bin/node" try.js
done > seen
cat seen
for name in node20 node26; do
  cat <<END
$name
1 address, busy for 0 ms: connected
2 addresses, busy for 0 ms: connected
1 address, busy for 700 ms: connected
2 addresses, busy for 700 ms: ETIMEDOUT
END
done | diff - seen
