#!/usr/bin/env bash
# http-proxy does not tell the server behind it that the client has left.
#
# Software:       http-proxy 1.18.1, Node 24.21.0 (20.20.2 does the same)
# Behaviour:      a client that leaves while its GET is answered: the request behind the proxy goes on to its end. The proxy listens to 'aborted' of the request,
#                 which Node (from 16 on) no longer emits once the request has been read.
# One would guess: that the request behind is given up, as without a proxy: there the handler's response has its 'close' at once. Long polls, event
#                 streams and slow queries of clients that are gone pile up behind the proxy.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund http-proxy@1.18.1 node24@npm:node@24.21.0

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout } from 'node:timers/promises';
import httpProxy from 'http-proxy';

const listen = async (server) => (await once(server.listen(0, '127.0.0.1'), 'listening'), server.address().port);
let closed;
const port = await listen(
  http.createServer((_request, response) => {
    response.on('close', () => (closed = true));
    response.write('first of many');
  }),
);
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${port}` });
const front = await listen(http.createServer((request, response) => proxy.web(request, response)));

for (const [name, to] of [['directly', port], ['through http-proxy', front]]) {
  closed = false;
  const request = http.get({ host: '127.0.0.1', port: to, agent: false });
  request.on('error', () => {});
  const [response] = await once(request, 'response');
  response.on('error', () => {});
  await once(response, 'data');
  request.destroy();
  await setTimeout(1000);
  console.log(`${name}: the server ${closed ? 'knows' : 'does not know'} after a second that the client has left`);
}
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js 2> /dev/null | tee seen
diff - seen <<'END'
directly: the server knows after a second that the client has left
through http-proxy: the server does not know after a second that the client has left
END
