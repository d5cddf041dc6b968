#!/usr/bin/env bash
# A response of http2 that its client has cancelled half-way says that it is finished.
#
# Software:       node:http and node:http2 (compatibility API) of Node 20.20.2 and 26.10.0 (22 and 24 do the same)
# Behaviour:      at 'close' of a response that was cut, by RST_STREAM or with the connection, `writableFinished` is true where http has false; `writableEnded`
#                 is false, so that it is finished without having ended. `destroyed` and `closed` are undefined, `destroyed` of the request is false.
# One would guess: what http says, since it is for handlers of both. "closed before it was finished" is how one tells that the client has left: over
#                 HTTP/2 every such access log, metric and clean-up sees a success.
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

let seen;
function handle(request, response) {
  response.write('half of it');
  seen = once(response, 'close').then(() => {
    const { writableFinished, writableEnded, destroyed, closed } = response;
    const words = { writableFinished, writableEnded, destroyed, closed, 'request.destroyed': request.destroyed };
    return Object.entries(words).map(([name, value]) => `${name} ${value}`).join(', ');
  });
}
async function listen(server) {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server.address().port;
}
const one = await listen(http.createServer(handle));
const request = http.get({ host: '127.0.0.1', port: one, agent: false });
const [response] = await once(request, 'response');
response.on('error', () => {});
await once(response, 'data');
request.destroy();
console.log(`HTTP/1.1, connection lost: ${await seen}`);

const two = await listen(http2.createServer(handle));
const ways = {
  'stream cancelled': (stream) => stream.close(http2.constants.NGHTTP2_CANCEL),
  'connection lost': ({ session }) => session.destroy(),
};
for (const [how, leave] of Object.entries(ways)) {
  const session = http2.connect(`http://127.0.0.1:${two}`).on('error', () => {});
  const stream = session.request({ ':path': '/' }).on('error', () => {});
  await once(stream, 'data');
  leave(stream);
  console.log(`HTTP/2, ${how}: ${await seen}`);
}
process.exit();
END

for version in 20 26; do
  echo "Node $version"
  timeout 60 "node_modules/node$version/bin/node" try.js
done | tee seen
diff - seen <<'END'
Node 20
HTTP/1.1, connection lost: writableFinished false, writableEnded false, destroyed true, closed true, request.destroyed true
HTTP/2, stream cancelled: writableFinished true, writableEnded false, destroyed undefined, closed undefined, request.destroyed false
HTTP/2, connection lost: writableFinished true, writableEnded false, destroyed undefined, closed undefined, request.destroyed false
Node 26
HTTP/1.1, connection lost: writableFinished false, writableEnded false, destroyed true, closed true, request.destroyed true
HTTP/2, stream cancelled: writableFinished true, writableEnded false, destroyed undefined, closed undefined, request.destroyed false
HTTP/2, connection lost: writableFinished true, writableEnded false, destroyed undefined, closed undefined, request.destroyed false
END
