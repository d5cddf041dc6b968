#!/usr/bin/env bash
# http-proxy throws for every request that its own http2 server hands to it.
#
# Software:       http-proxy 1.18.1, node:http2 of Node 20 or newer
# Behaviour:      web() copies all fields of the request, also those of HTTP/2 (:method, :path, ...), which http.request() refuses: ERR_INVALID_HTTP_TOKEN is
#                 thrown at the caller, past the callback and 'error'. Without these fields it works.
# One would guess: from its handling of `httpVersion` 2.0 in the answer that the compatibility API of http2 is supported, or that errors come to the callback.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund http-proxy@1.18.1

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { text } from 'node:stream/consumers';
import proxies from 'http-proxy';

const behind = http.createServer((_request, response) => response.end('from behind'));
await once(behind.listen(0, '127.0.0.1'), 'listening');
const proxy = proxies.createProxyServer({ target: `http://127.0.0.1:${behind.address().port}` });
const called = [];
proxy.on('error', () => called.push('error'));
const server = http2.createServer((request, response) => {
  if (request.url === '/bare') {
    const fields = Object.entries(request.headers).filter(([name]) => !name.startsWith(':'));
    Object.defineProperty(request, 'headers', { value: Object.fromEntries(fields) });
  }
  try {
    proxy.web(request, response, {}, () => called.push('callback'));
  } catch ({ code, message }) {
    response.end(`${code}, ${message.replace(/\[.*/, '[...]')}`);
  }
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const session = http2.connect(`http://127.0.0.1:${server.address().port}`);
for (const path of ['/as-it-is', '/bare']) console.log(`${path}: ${await text(session.request({ ':path': path }))}; called: ${called.join() || 'nothing'}`);
process.exit();
END

timeout 60 node try.js 2> /dev/null | tee seen
diff - seen <<'END'
/as-it-is: ERR_INVALID_HTTP_TOKEN, Header name must be a valid HTTP token [...]; called: nothing
/bare: from behind; called: nothing
END
