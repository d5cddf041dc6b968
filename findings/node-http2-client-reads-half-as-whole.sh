#!/usr/bin/env bash
# A node:http2 client reads half a body, and a clean end, when the stream is cancelled or the connection goes away.
#
# Software:       node:http2 of Node 20.20.2 and 26.10.0 (22 and 24 do the same), against a server written by hand
# Behaviour:      DATA without END_STREAM, then RST_STREAM with NO_ERROR or CANCEL, or the FIN of the connection without GOAWAY: the stream emits
#                 'end' and no 'error', `aborted` is false, and neither a content-length of 20 for 10 bytes nor the session's 'error' tells.
#                 Only rstCode is 8 for two of the three; for NO_ERROR it is 0, as for a whole body. Other codes are errors.
# One would guess: an error wherever END_STREAM did not come, as node:http has it (ECONNRESET), or at least for a body shorter than announced.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund node20@npm:node@20.20.2 node26@npm:node@26.10.0

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';

const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const half = Buffer.from('half of it');

function frameOf(type, flags, streamId, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** Whether the preface (24 bytes) and the frames behind it have come to the request. */
function hasRequest(bytes) {
  for (let at = 24; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === HEADERS) return at + 9 + bytes.readUIntBE(at, 3) <= bytes.length;
  }
  return false;
}

async function serverOf(onRequest) {
  const server = net.createServer((socket) => {
    let bytes = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', function onData(chunk) {
      bytes = Buffer.concat([bytes, chunk]);
      if (!hasRequest(bytes) && !bytes.toString('latin1').startsWith('GET')) return;
      socket.off('data', onData).resume();
      onRequest(socket);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

async function read(stream) {
  let body = '';
  try {
    for await (const chunk of stream) {
      body += chunk;
      onHalf?.();
    }
    return `'${body}', a clean end`;
  } catch (error) {
    return `'${body}', ${error.code}`;
  }
}

let onHalf;
const lengthOf20 = Buffer.from('\x0f\x0d\x0220', 'latin1'); // HPACK, a literal: content-length 20
for (const [name, code, announced] of [
  ['NO_ERROR', 0, false],
  ['NO_ERROR, length announced', 0, true],
  ['CANCEL', 8, false],
  ['CANCEL, length announced', 8, true],
  ['INTERNAL_ERROR', 2, false],
  ['FIN', null, false],
  ['FIN, length announced', null, true],
]) {
  const { server, url } = await serverOf((socket) => {
    const fields = Buffer.concat([Buffer.from([0x88]), announced ? lengthOf20 : Buffer.alloc(0)]); // :status 200
    const frames = [frameOf(SETTINGS, 0, 0), frameOf(SETTINGS, 1, 0), frameOf(HEADERS, 4, 1, fields), frameOf(0, 0, 1, half)];
    socket.write(Buffer.concat(frames));
    onHalf = () => (code === null ? socket.end() : socket.write(frameOf(RST_STREAM, 0, 1, Buffer.from([0, 0, 0, code]))));
  });
  let sessionError = 'no';
  const session = http2.connect(url).on('error', (error) => {
    sessionError = error.code;
  });
  const stream = session.request();
  console.log(`${name}: ${await read(stream)}, aborted ${stream.aborted}, rstCode ${stream.rstCode}, session error: ${sessionError}`);
  session.destroy();
  server.close();
}

const { server, url } = await serverOf((socket) => {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n${half}`);
  onHalf = () => socket.end();
});
const [response] = await once(http.get(url, { agent: false }), 'response');
console.log(`node:http, FIN, length announced: ${await read(response)}`);
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
NO_ERROR: 'half of it', a clean end, aborted false, rstCode 0, session error: no
NO_ERROR, length announced: 'half of it', a clean end, aborted false, rstCode 0, session error: no
CANCEL: 'half of it', a clean end, aborted false, rstCode 8, session error: no
CANCEL, length announced: 'half of it', a clean end, aborted false, rstCode 8, session error: no
INTERNAL_ERROR: 'half of it', ERR_HTTP2_STREAM_ERROR, aborted false, rstCode 2, session error: no
FIN: 'half of it', a clean end, aborted false, rstCode 8, session error: no
FIN, length announced: 'half of it', a clean end, aborted false, rstCode 8, session error: no
node:http, FIN, length announced: 'half of it', ECONNRESET
END
done | diff - seen
