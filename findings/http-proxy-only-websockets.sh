#!/usr/bin/env bash
# http-proxy closes the connection of every client that asks for an upgrade to something else than a WebSocket, without an answer.
#
# Software:       http-proxy 1.18.1, Node 20 or newer as server and client
# Behaviour:      proxy.ws() looks at the method and at `upgrade`: for SPDY/3.1 (kubectl exec, port-forward), tcp (docker attach) or h2c it destroys the socket;
#                 neither the callback nor 'error' of the proxy is called, and the server behind hears nothing.
# One would guess: that an upgrade is passed on as it is, as nginx, haproxy and nghttpx pass it, or 501: the client sees a lost connection.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund http-proxy@1.18.1

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import proxies from 'http-proxy';

let asked = 0;
const behind = http.createServer().on('upgrade', ({ headers }, socket) => {
  asked++;
  socket.end(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${headers.upgrade}\r\n\r\n`);
});
await once(behind.listen(0, '127.0.0.1'), 'listening');
let errors = 0;
const proxy = proxies.createProxyServer({ target: `http://127.0.0.1:${behind.address().port}` }).on('error', () => errors++);
const server = http.createServer().on('upgrade', (request, socket, head) => proxy.ws(request, socket, head, {}, () => errors++));
await once(server.listen(0, '127.0.0.1'), 'listening');

for (const [method, upgrade] of [['GET', 'websocket'], ['GET', 'SPDY/3.1'], ['POST', 'SPDY/3.1'], ['POST', 'tcp']]) {
  for (const [name, { port }] of Object.entries({ directly: behind.address(), 'by http-proxy': server.address() })) {
    asked = 0;
    const request = http.request({ host: '127.0.0.1', port, method, agent: false, headers: { connection: 'Upgrade', upgrade } });
    request.end();
    const outcome = await new Promise((resolve) => {
      request.on('upgrade', ({ statusCode }) => resolve(statusCode)).on('response', ({ statusCode }) => resolve(statusCode));
      request.on('error', ({ code }) => resolve(code));
    });
    console.log(`${method}, ${upgrade}, ${name}: ${outcome}, the server was asked ${asked} times, ${errors} errors of the proxy`);
  }
}
process.exit();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
GET, websocket, directly: 101, the server was asked 1 times, 0 errors of the proxy
GET, websocket, by http-proxy: 101, the server was asked 1 times, 0 errors of the proxy
GET, SPDY/3.1, directly: 101, the server was asked 1 times, 0 errors of the proxy
GET, SPDY/3.1, by http-proxy: ECONNRESET, the server was asked 0 times, 0 errors of the proxy
POST, SPDY/3.1, directly: 101, the server was asked 1 times, 0 errors of the proxy
POST, SPDY/3.1, by http-proxy: ECONNRESET, the server was asked 0 times, 0 errors of the proxy
POST, tcp, directly: 101, the server was asked 1 times, 0 errors of the proxy
POST, tcp, by http-proxy: ECONNRESET, the server was asked 0 times, 0 errors of the proxy
END
