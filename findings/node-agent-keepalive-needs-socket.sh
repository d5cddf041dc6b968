#!/usr/bin/env bash
# A keep-alive http.Agent throws, behind a request that went well, when its connection is a Duplex and no net.Socket.
#
# Software:       node:http of Node 20.20.2, 22.23.3, 24.21.0 and 26.10.0
# Behaviour:      `createConnection` may give any Duplex, as the docs of http.Agent say. With `keepAlive: true` the answer arrives whole; then the
#                 agent calls `setKeepAlive()` on the connection without asking whether it has that, in a tick of its own: an uncaught TypeError.
#                 Without `keepAlive` nothing happens. (Tunnels through SOCKS, SSH or `kubectl port-forward` are such a Duplex.)
# One would guess: that the agent asks first, as it does for `setTimeout()` and `ref()`, or that it does not keep such a connection.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund \
  node20@npm:node@20.20.2 node22@npm:node@22.23.3 node24@npm:node@24.21.0 node26@npm:node@26.10.0

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { Duplex } from 'node:stream';

const seen = [];
process.on('uncaughtException', ({ name, message }) => seen.push(`uncaught ${name}: ${message}`));
const server = http.createServer((_request, response) => response.end('whole'));
await once(server.listen(0, '127.0.0.1'), 'listening');
for (const keepAlive of [false, true]) {
  const agent = new http.Agent({ keepAlive });
  agent.createConnection = () => {
    const socket = net.connect(server.address().port, '127.0.0.1');
    return Duplex.from({ readable: socket, writable: socket });
  };
  const request = http.get({ host: '127.0.0.1', agent });
  const [response] = await once(request, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  await new Promise((done) => setTimeout(done, 100));
  console.log(`keepAlive ${keepAlive}: '${body}'${seen.splice(0).map((text) => `, ${text}`).join('')}`);
}
process.exit();
END

for name in node20 node22 node24 node26; do
  echo "$name"
  timeout 60 "node_modules/$name/bin/node" try.js
done > seen
cat seen
for name in node20 node22 node24 node26; do
  cat <<END
$name
keepAlive false: 'whole'
keepAlive true: 'whole', uncaught TypeError: socket.setKeepAlive is not a function
END
done | diff - seen
