#!/usr/bin/env bash
# A WebSocket that is cut off ends as a clean end of the stream that `ws` makes of it.
#
# Software:       ws 8.23.0
# Behaviour:      createWebSocketStream() gives a Duplex. When the connection is lost without a close frame (code 1006), it emits 'end' and
#                 'close' and no 'error': `for await`, pipeline() and `finished()` take what has come for everything. So does a close with 1011.
# One would guess: an error, as a socket gives for ECONNRESET and http for a body that is cut off.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund ws@8.23.0

cat > try.js <<'END'
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws';

const ends = {
  'terminate()': (socket) => socket.terminate(),
  'close(1011)': (socket) => socket.close(1011, 'the disk is full'),
};
for (const [name, end] of Object.entries(ends)) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (socket) => socket.send('half of it', () => end(socket)));
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
  let code = 0;
  socket.on('close', (value) => {
    code = value;
  });
  const received = new PassThrough();
  const body = received.setEncoding('utf8').toArray();
  const outcome = await pipeline(createWebSocketStream(socket), received).then(() => 'success', (error) => error.message);
  console.log(`${name}: code ${code}, pipeline: ${outcome}, '${(await body).join('')}'`);
  server.close();
}
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
terminate(): code 1006, pipeline: success, 'half of it'
close(1011): code 1011, pipeline: success, 'half of it'
END
