#!/usr/bin/env bash
# Readable.toWeb() of a Duplex hands on all bytes and then does not close, as long as the other direction is open.
#
# Software:       node:stream of Node 20.20.2, 22.23.3, 24.21.0 and 26.10.0
# Behaviour:      the Duplex emits 'end' when its peer has ended; the web stream of Readable.toWeb() stays open in Node 20 and 22 until the writable side has
#                 finished as well, and so does text() of a Response made of it. `for await` over the Duplex itself ends in all four.
# One would guess: that only the readable side counts, as the name says. A proxy that answers with a tunnel's bytes waits where the client of the tunnel
#                 waits for the answer.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund node20@npm:node@20.20.2 node22@npm:node@22.23.3 node24@npm:node@24.21.0 node26@npm:node@26.10.0

cat > try.js <<'END'
import { once } from 'node:events';
import net from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

const server = net.createServer((socket) => socket.end('all of it'));
await once(server.listen(0, '127.0.0.1'), 'listening');
const open = () => net.connect({ host: '127.0.0.1', port: server.address().port, allowHalfOpen: true });

const direct = open();
console.log(`Node ${process.versions.node.split('.')[0]}, for await: ends behind '${(await direct.toArray()).join('')}'`);
direct.end();
const socket = open();
const ended = once(socket, 'end');
let text;
const response = new Response(Readable.toWeb(socket)).text().then((value) => (text = value));
await ended;
for (let turns = 0; turns < 100; turns++) await setImmediate();
const before = text === undefined ? 'still open' : 'closed';
socket.end();
console.log(`  toWeb: ${before} behind 'end' of the socket, '${await response}' when the other side has ended, too`);
process.exit();
END

for version in 20 22 24 26; do
  timeout 60 "node_modules/node$version/bin/node" try.js
done | tee seen
diff - seen <<'END'
Node 20, for await: ends behind 'all of it'
  toWeb: still open behind 'end' of the socket, 'all of it' when the other side has ended, too
Node 22, for await: ends behind 'all of it'
  toWeb: still open behind 'end' of the socket, 'all of it' when the other side has ended, too
Node 24, for await: ends behind 'all of it'
  toWeb: closed behind 'end' of the socket, 'all of it' when the other side has ended, too
Node 26, for await: ends behind 'all of it'
  toWeb: closed behind 'end' of the socket, 'all of it' when the other side has ended, too
END
