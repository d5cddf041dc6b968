#!/usr/bin/env bash
# spdy-transport ends a connection of SPDY/2 by a GOAWAY in the form of SPDY/3.
#
# Software:       spdy-transport 3.0.0
# Behaviour:      with SPDY/2 as with SPDY/3 the frame has 8 bytes: the last stream and a status.
# One would guess: 4 bytes for SPDY/2, whose GOAWAY has the last stream only (SPDY/2, "GOAWAY": length 4; the status came with SPDY/3 2.6.6). A peer that
#                 checks the length takes the orderly end for a broken frame.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund spdy-transport@3.0.0

cat > try.js <<'END'
const { once } = require('node:events');
const net = require('node:net');
const transport = require('spdy-transport');

const GOAWAY = 7;

async function goaway(version) {
  const server = net.createServer((socket) => {
    const connection = transport.connection.create(socket, { protocol: 'spdy', isServer: true });
    connection.on('error', () => {});
    connection.start(version);
    connection.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = net.connect(server.address().port, '127.0.0.1');
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk]);
    for (let at = 0; at + 8 <= bytes.length; at += 8 + bytes.readUIntBE(at + 5, 3)) {
      if (bytes[at] < 0x80 || bytes.readUInt16BE(at + 2) !== GOAWAY) continue;
      return console.log(`SPDY/${version}: GOAWAY of version ${bytes.readUInt16BE(at) & 0x7fff}, length ${bytes.readUIntBE(at + 5, 3)}`);
    }
  }
}

async function main() {
  for (const version of [2, 3]) await goaway(version);
  process.exit();
}
main();
END

timeout 60 node --no-deprecation try.js | tee seen
diff - seen <<'END'
SPDY/2: GOAWAY of version 2, length 8
SPDY/3: GOAWAY of version 3, length 8
END
