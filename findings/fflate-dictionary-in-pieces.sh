#!/usr/bin/env bash
# Zlib data with a preset dictionary, given to fflate in small pieces, is inflated into other bytes of the right length, without an error.
#
# Software:       fflate 0.8.3, against node:zlib of Node 20 or newer
# Behaviour:      when the first piece has less than 4 bytes (the header of zlib data with a dictionary has 6), a streaming Unzlib loses the dictionary: what
#                 refers to it becomes NUL bytes. With longer pieces all is well, as it is with Inflate (raw data).
# One would guess: that how data is cut up makes no difference to a streaming decoder, or an error, for zlib data carries a sum over the result.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund fflate@0.8.3

cat > try.js <<'END'
import zlib from 'node:zlib';
import { Inflate, Unzlib } from 'fflate';

const dictionary = Buffer.from('accept-encoding content-type text/html');
const text = 'content-type: text/html, accept-encoding: none';
function inflate(stream, data, size) {
  const chunks = [];
  stream.ondata = (chunk) => chunks.push(chunk);
  for (let at = 0; at < data.length; at += size) stream.push(data.subarray(at, at + size), at + size >= data.length);
  return JSON.stringify(Buffer.concat(chunks).toString('latin1').replace(/\0+/g, (nuls) => `<${nuls.length} NUL>`));
}
const zlibData = zlib.deflateSync(text, { dictionary });
const rawData = zlib.deflateRawSync(text, { dictionary });
console.log(`node:zlib: ${JSON.stringify(zlib.inflateSync(zlibData, { dictionary }).toString())}`);
for (const size of [1, 2, 3, 4, 5, 1000]) {
  console.log(`by ${size}: zlib ${inflate(new Unzlib({ dictionary }), zlibData, size)}`);
  console.log(`by ${size}: raw  ${inflate(new Inflate({ dictionary }), rawData, size)}`);
}
END

node try.js | tee seen
diff - seen <<'END'
node:zlib: "content-type: text/html, accept-encoding: none"
by 1: zlib "<12 NUL>:<10 NUL>, a<14 NUL>: none"
by 1: raw  "content-type: text/html, accept-encoding: none"
by 2: zlib "<12 NUL>:<10 NUL>, a<14 NUL>: none"
by 2: raw  "content-type: text/html, accept-encoding: none"
by 3: zlib "<12 NUL>:<10 NUL>, a<14 NUL>: none"
by 3: raw  "content-type: text/html, accept-encoding: none"
by 4: zlib "content-type: text/html, accept-encoding: none"
by 4: raw  "content-type: text/html, accept-encoding: none"
by 5: zlib "content-type: text/html, accept-encoding: none"
by 5: raw  "content-type: text/html, accept-encoding: none"
by 1000: zlib "content-type: text/html, accept-encoding: none"
by 1000: raw  "content-type: text/html, accept-encoding: none"
END
