#!/usr/bin/env bash
# A server that breaks off an http2 response with close(code) tells the client that it is complete.
#
# Software:       node:http2 of Node 22.23.3 and 26.10.0 (20.20.2 and 24.21.0 do the same)
# Behaviour:      ServerHttp2Stream.close(code) on a response that was not ended ends it first. The client reads half a body, then a clean
#                 end: no error, `aborted` false, rstCode 0. destroy() without an error does the same. Only destroy(error) reaches the client.
# One would guess: that close(NGHTTP2_INTERNAL_ERROR) sends RST_STREAM with this code in place of the end, so that a body that was
#                 broken off cannot pass for a whole one.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund node22@npm:node@22.23.3 node26@npm:node@26.10.0

cat > try.js <<'END'
import { once } from 'node:events';
import http2 from 'node:http2';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR } = http2.constants;
const ways = {
  'close(CANCEL)': (stream) => stream.close(NGHTTP2_CANCEL),
  'close(INTERNAL_ERROR)': (stream) => stream.close(NGHTTP2_INTERNAL_ERROR),
  'destroy()': (stream) => stream.destroy(),
  'destroy(error)': (stream) => stream.destroy(new Error('broken off')),
};
for (const [name, breakOff] of Object.entries(ways)) {
  const server = http2.createServer().on('stream', (stream) => {
    stream.on('error', () => {});
    stream.respond({ ':status': 200 });
    stream.write('half of it', () => breakOff(stream));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const session = http2.connect(`http://127.0.0.1:${server.address().port}`);
  const stream = session.request();
  let body = '';
  let end = 'a clean end';
  try {
    for await (const chunk of stream) body += chunk;
  } catch (error) {
    end = error.code;
  }
  console.log(`${name}: '${body}', ${end}, aborted ${stream.aborted}, rstCode ${stream.rstCode}`);
  session.destroy();
  server.close();
}
END

for name in node22 node26; do
  echo "$name"
  timeout 60 "node_modules/$name/bin/node" try.js
done > seen
cat seen
for name in node22 node26; do
  cat <<END
$name
close(CANCEL): 'half of it', a clean end, aborted false, rstCode 0
close(INTERNAL_ERROR): 'half of it', a clean end, aborted false, rstCode 0
destroy(): 'half of it', a clean end, aborted false, rstCode 0
destroy(error): 'half of it', ERR_HTTP2_STREAM_ERROR, aborted false, rstCode 2
END
done | diff - seen
