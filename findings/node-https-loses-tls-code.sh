#!/usr/bin/env bash
# A TLS failure loses its code and its reason when the client had something to write: https.request() has EPROTO, fetch() and tls.connect() do not.
#
# Software:       node:https, node:tls, node:http2 and fetch() of Node 20.20.2 and 26.10.0 (22 and 24 do the same)
# Behaviour:      a server that answers a TLS hello with plain HTTP: ERR_SSL_WRONG_VERSION_NUMBER, with `library` and `reason`, for a
#                 socket that waits. With a write pending (https.request() always has one) the same failure is that of the write: code EPROTO,
#                 errno, syscall 'write', no `library`, no `reason`; what it was stands in the text of the message only.
# One would guess: one failure of the handshake, one code, whatever was queued behind it. Who tells kinds of failures by code needs both forms.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund node20@npm:node@20.20.2 node26@npm:node@26.10.0

cat > try.js <<'END'
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';

const server = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address();
const options = { host: '127.0.0.1', port };
const url = `https://127.0.0.1:${port}`;

const errorOf = (emitter) => new Promise((done) => emitter.on('error', done));
const ways = {
  'tls.connect()': () => errorOf(tls.connect(options)),
  'http2.connect()': () => errorOf(http2.connect(url)),
  'fetch()': () => fetch(url).catch((error) => error.cause),
  'tls.connect().write()': () => {
    const socket = tls.connect(options);
    socket.write('x');
    return errorOf(socket);
  },
  'https.get()': () => errorOf(https.get(url)),
};
for (const [name, way] of Object.entries(ways)) {
  const { code, library, reason, syscall, message } = await way();
  const told = /wrong version number/.test(message);
  console.log(`${name}: ${code}, library ${library}, reason ${reason}, syscall ${syscall}, in the message ${told}`);
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
tls.connect(): ERR_SSL_WRONG_VERSION_NUMBER, library SSL routines, reason wrong version number, syscall undefined, in the message true
http2.connect(): ERR_SSL_WRONG_VERSION_NUMBER, library SSL routines, reason wrong version number, syscall undefined, in the message true
fetch(): ERR_SSL_WRONG_VERSION_NUMBER, library SSL routines, reason wrong version number, syscall undefined, in the message true
tls.connect().write(): EPROTO, library undefined, reason undefined, syscall write, in the message true
https.get(): EPROTO, library undefined, reason undefined, syscall write, in the message true
END
done | diff - seen
