#!/usr/bin/env bash
# Trailers of spdy-transport leave before the body that they follow.
#
# Software:       spdy-transport 3.0.0
# Behaviour:      write(), write(), sendHeaders(), end(): the HEADERS frame comes first on the wire, then both pieces of the body. It is so with SPDY/2,
#                 SPDY/3 and SPDY/3.1, and with one small write alike.
# One would guess: the order of the calls, as frames of a stream are in order: a sum over the body reaches the other side before its first byte, where it
#                 looks like a second part of the reply's headers.
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

const NAMES = { 2: 'SYN_REPLY', 8: 'HEADERS' };

function framesOfStreams(bytes) {
  const found = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8 + bytes.readUIntBE(at + 5, 3)) {
    const name = bytes[at] < 0x80 ? 'DATA' : NAMES[bytes.readUInt16BE(at + 2)];
    if (name === 'DATA') found.push(`DATA of ${bytes.readUIntBE(at + 5, 3)}`);
    else if (name !== undefined) found.push(name);
  }
  return found;
}

async function order(version) {
  const server = net.createServer((socket) => {
    const connection = transport.connection.create(socket, { protocol: 'spdy', isServer: true });
    connection.on('error', () => {});
    connection.start(version);
    connection.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond(200, {});
      stream.write('one');
      stream.write('three');
      stream.sendHeaders({ 'x-sum': '8' });
      stream.end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = net.connect(server.address().port, '127.0.0.1');
  const client = transport.connection.create(socket, { protocol: 'spdy', isServer: false });
  client.on('error', () => {});
  client.start(version);
  let bytes = Buffer.alloc(0);
  socket.on('data', (chunk) => (bytes = Buffer.concat([bytes, chunk])));
  client.request({ method: 'GET', path: '/', host: 'localhost', headers: {} }, (error, stream) => stream.on('error', () => {}).resume());
  while (framesOfStreams(bytes).length < 5) await new Promise((later) => setTimeout(later, 20));
  console.log(`SPDY/${version}: ${framesOfStreams(bytes).join(', ')}`);
}

async function main() {
  for (const version of [2, 3, 3.1]) await order(version);
  process.exit();
}
main();
END

timeout 60 node --no-deprecation try.js | tee seen
diff - seen <<'END'
SPDY/2: SYN_REPLY, HEADERS, DATA of 3, DATA of 5, DATA of 0
SPDY/3: SYN_REPLY, HEADERS, DATA of 3, DATA of 5, DATA of 0
SPDY/3.1: SYN_REPLY, HEADERS, DATA of 3, DATA of 5, DATA of 0
END
