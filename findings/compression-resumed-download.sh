#!/usr/bin/env bash
# A download that is resumed behind the compression middleware is another file, by an answer that is right in every field.
#
# Software:       compression 1.8.2 in front of serve-static 2.2.1, Node 20 or newer
# Behaviour:      the first answer is the gzip of the file. A client that lost it half-way asks for the rest by Range and If-Range (Last-Modified): it gets
#                 206 with a content-range of the file as it is on the disk, and a gzip of that part. content-encoding and last-modified stay the same.
# One would guess: a whole answer (200), or no content-encoding: ranges are of the representation, which is the gzip (RFC 9110 14.1.2, 8.8.3).
#                 The two parts together do not even decompress.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund compression@1.8.2 serve-static@2.2.1

cat > try.js <<'END'
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { gunzipSync } from 'node:zlib';
import compression from 'compression';
import serveStatic from 'serve-static';

mkdirSync('files');
writeFileSync('files/a.txt', Array.from({ length: 2000 }, (_, number) => `line ${number}\n`).join(''));
const compress = compression();
const files = serveStatic('files');
const server = http.createServer((request, response) => compress(request, response, () => files(request, response, () => response.end())));
await once(server.listen(0, '127.0.0.1'), 'listening');

async function get(headers) {
  const fields = { 'accept-encoding': 'gzip', ...headers };
  const [response] = await once(http.get({ host: '127.0.0.1', port: server.address().port, path: '/a.txt', headers: fields }), 'response');
  const body = Buffer.concat(await response.toArray());
  const { 'content-encoding': encoding, 'content-range': range = 'none' } = response.headers;
  console.log(`${response.statusCode}, content-encoding ${encoding}, content-range ${range}`);
  return [body, response.headers];
}
const [whole, { 'last-modified': modified }] = await get({});
const half = whole.subarray(0, 1000);
const [more, { 'last-modified': same }] = await get({ range: `bytes=${half.length}-`, 'if-range': modified });
console.log(`last-modified is the same: ${same === modified}; the second part begins as a gzip: ${more.readUInt16BE(0) === 0x1f8b}`);
try {
  console.log(`${gunzipSync(Buffer.concat([half, more])).length} bytes together`);
} catch ({ code }) {
  console.log(`together: ${code}`);
}
process.exit();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
200, content-encoding gzip, content-range none
206, content-encoding gzip, content-range bytes 1000-18889/18890
last-modified is the same: true; the second part begins as a gzip: true
together: Z_DATA_ERROR
END
