#!/usr/bin/env bash
# What spdy-transport pushes is no push by the letter of SPDY: the frame lacks its flag and comes behind the reply.
#
# Software:       spdy-transport 3.0.0
# Behaviour:      pushPromise() sends a SYN_STREAM with an associated stream but flags 0, and behind the SYN_REPLY of its page although it was called
#                 before respond().
# One would guess: FLAG_UNIDIRECTIONAL (0x02), which SPDY/3 3.3.1 demands of a push, and the order of the calls, since a client that reads
#                 the page first asks for what was going to be pushed.
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

const NAMES = { 1: 'SYN_STREAM', 2: 'SYN_REPLY' };

function headerFrames(bytes) {
  const found = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8 + bytes.readUIntBE(at + 5, 3)) {
    const name = bytes[at] >= 0x80 ? NAMES[bytes.readUInt16BE(at + 2)] : undefined;
    if (name !== undefined) found.push(`${name} of stream ${bytes.readUInt32BE(at + 8)}, flags ${bytes[at + 4]}`);
  }
  return found;
}

async function main() {
  const server = net.createServer((socket) => {
    const connection = transport.connection.create(socket, { protocol: 'spdy', isServer: true });
    connection.on('error', () => {});
    connection.start(3.1);
    connection.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.pushPromise({ path: '/style.css', host: 'localhost', method: 'GET', status: 200, headers: {}, response: {} }, (error, push) => {
        push?.on('error', () => {});
        push?.end('h1 {}');
      });
      stream.respond(200, {});
      stream.end('page');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = net.connect(server.address().port, '127.0.0.1');
  const client = transport.connection.create(socket, { protocol: 'spdy', isServer: false });
  client.on('error', () => {});
  client.start(3.1);
  let bytes = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (headerFrames(bytes).length < 2) return;
    console.log(headerFrames(bytes).join('\n'));
    process.exit();
  });
  client.request({ method: 'GET', path: '/', host: 'localhost', headers: {} }, (error, stream) => {
    stream?.on('error', () => {});
    stream?.on('pushPromise', (push) => push.on('error', () => {}));
  });
}
main();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
SYN_REPLY of stream 1, flags 0
SYN_STREAM of stream 2, flags 0
END
