#!/usr/bin/env bash
# spdy-transport does not see an end that comes with trailers.
#
# Software:       spdy-transport 3.0.0
# Behaviour:      HEADERS with FLAG_FIN reach the application as an event 'headers', but the stream does not end; an empty DATA frame with the same flag
#                 ends it. With SPDY/2 and SPDY/3.1.
# One would guess: 'end', as FLAG_FIN ends the half of its sender on HEADERS, too (SPDY/3 2.6.7). Netty ends a message with trailers by such a frame: a server
#                 on spdy-transport waits for the rest of its body for ever.
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

const [HEADERS, FLAG_FIN] = [8, 1];
const later = (ms) => new Promise((done) => setTimeout(done, ms));

/** A client of spdy-transport itself, in whose HEADERS frames the flag is set on their way: nothing else of the connection is touched. */
async function watch(version, endWithHeaders) {
  const events = [];
  const server = net.createServer((socket) => {
    const connection = transport.connection.create(socket, { protocol: 'spdy', isServer: true });
    connection.on('error', () => {});
    connection.start(version);
    connection.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.on('data', (chunk) => events.push(`data ${chunk}`));
      stream.on('headers', (headers) => events.push(`headers ${JSON.stringify(headers)}`));
      stream.on('end', () => events.push('end'));
      stream.respond(200, {});
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const way = net.createServer((client) => {
    const onward = net.connect(server.address().port, '127.0.0.1');
    client.on('data', (bytes) => {
      for (let at = 0; at + 8 <= bytes.length; at += 8 + bytes.readUIntBE(at + 5, 3)) {
        if (bytes[at] >= 0x80 && bytes.readUInt16BE(at + 2) === HEADERS && endWithHeaders) bytes[at + 4] = FLAG_FIN;
      }
      onward.write(bytes);
    });
    onward.on('data', (bytes) => client.write(bytes));
  });
  await once(way.listen(0, '127.0.0.1'), 'listening');
  const client = transport.connection.create(net.connect(way.address().port, '127.0.0.1'), { protocol: 'spdy', isServer: false });
  client.on('error', () => {});
  client.start(version);
  client.request({ method: 'POST', path: '/', host: 'localhost', headers: {} }, async (error, stream) => {
    stream.on('error', () => {}).resume();
    stream.write('body');
    await later(300);
    stream.sendHeaders({ 'x-sum': '4' });
    await later(300);
    if (!endWithHeaders) stream.end();
  });
  await later(1500);
  console.log(`SPDY/${version}, end by ${endWithHeaders ? 'HEADERS' : 'DATA'}: ${events.join(', ')}`);
}

async function main() {
  for (const version of [2, 3.1]) {
    await watch(version, false);
    await watch(version, true);
  }
  process.exit();
}
main();
END

timeout 60 node --no-deprecation try.js | tee seen
diff - seen <<'END'
SPDY/2, end by DATA: data body, headers {"x-sum":"4"}, end
SPDY/2, end by HEADERS: data body, headers {"x-sum":"4"}
SPDY/3.1, end by DATA: data body, headers {"x-sum":"4"}, end
SPDY/3.1, end by HEADERS: data body, headers {"x-sum":"4"}
END
