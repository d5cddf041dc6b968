#!/usr/bin/env bash
# The sub-protocol with which kubectl forwards ports cannot be asked for, nor accepted, by the usual WebSocket libraries.
#
# Software:       ws 8.23.0, and the WebSocket that Node 26.10.0 brings along
# Behaviour:      kubectl from 1.31 on asks for the sub-protocol `SPDY/3.1+portforward.k8s.io`. A slash is no character of an HTTP token, so
#                 ws refuses to ask for it and its server answers 400 before the application is asked; Node's WebSocket refuses it, too.
# One would guess: that a name which every Kubernetes cluster serves passes as an opaque string, or that an option allows it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund ws@8.23.0 node26@npm:node@26.10.0

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import { WebSocket as WsWebSocket, WebSocketServer } from 'ws';

const protocol = 'SPDY/3.1+portforward.k8s.io';
for (const [name, Class] of [['ws', WsWebSocket], ['Node', WebSocket]]) {
  try {
    new Class('ws://127.0.0.1:9', [protocol]).onerror = () => {};
    console.log(`${name} asks for it`);
  } catch (error) {
    console.log(`${name}: ${error.name}`);
  }
}

let asked = false;
const server = http.createServer();
const sockets = new WebSocketServer({
  server,
  handleProtocols: ([first]) => {
    asked = true;
    return first;
  },
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const request = http.get({
  host: '127.0.0.1',
  port: server.address().port,
  headers: {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16, 'k').toString('base64'),
    'sec-websocket-protocol': protocol,
  },
});
request.on('upgrade', (response, socket) => {
  console.log(`server of ws: ${response.statusCode}`);
  socket.destroy();
});
request.on('response', (response) => {
  response.resume();
  console.log(`server of ws: ${response.statusCode}, handleProtocols was ${asked ? '' : 'not '}called`);
});
await once(request, 'close');
sockets.close();
server.close();
END

timeout 60 node_modules/node26/bin/node try.js | tee seen
diff - seen <<'END'
ws: SyntaxError
Node: SyntaxError
server of ws: 400, handleProtocols was not called
END
