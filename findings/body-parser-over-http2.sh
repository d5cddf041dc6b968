#!/usr/bin/env bash
# A JSON body that a client of HTTP/2 streams is not parsed: req.body is undefined, and no error says so.
#
# Software:       body-parser 2.4.0 (below Express 5) and multer 2.5.0, both on type-is; node:http2 of Node 20 or newer
# Behaviour:      whether a request has a body is decided by transfer-encoding or content-length. HTTP/2 has no transfer-encoding, and a body of
#                 unknown length comes without a content-length: the parser is skipped. With a content-length, and by HTTP/1.1 in chunks, all is well.
# One would guess: that a body is read however it is framed, as the handler's own `for await (const chunk of req)` does.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund body-parser@2.4.0 multer@2.5.0

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { text } from 'node:stream/consumers';
import bodyParser from 'body-parser';
import multer from 'multer';

const parsers = { json: bodyParser.json(), text: bodyParser.text(), form: multer().none() };
const bodies = {
  json: ['application/json', '{"a":1}'],
  text: ['text/plain', 'hello'],
  form: ['multipart/form-data; boundary=b', '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'],
};
const handle = (request, response) =>
  parsers[request.url.slice(1)](request, response, (error) => response.end(error?.message ?? JSON.stringify(request.body) ?? 'undefined'));
const first = http.createServer(handle).listen(0, '127.0.0.1');
const second = http2.createServer(handle).listen(0, '127.0.0.1');
await Promise.all([once(first, 'listening'), once(second, 'listening')]);
const session = http2.connect(`http://127.0.0.1:${second.address().port}`);

for (const [kind, [type, body]] of Object.entries(bodies)) {
  const options = { host: '127.0.0.1', port: first.address().port, path: `/${kind}`, method: 'POST', headers: { 'content-type': type } };
  const request = http.request(options);
  request.write(body); // so that it is sent in chunks
  request.end();
  const [response] = await once(request, 'response');
  console.log(`${kind}, HTTP/1.1 in chunks: ${await text(response)}`);
  for (const length of [{ 'content-length': body.length }, {}]) {
    const stream = session.request({ ':method': 'POST', ':path': `/${kind}`, 'content-type': type, ...length });
    stream.end(body);
    console.log(`${kind}, HTTP/2 ${'content-length' in length ? 'with' : 'without'} content-length: ${await text(stream)}`);
  }
}
process.exit();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
json, HTTP/1.1 in chunks: {"a":1}
json, HTTP/2 with content-length: {"a":1}
json, HTTP/2 without content-length: undefined
text, HTTP/1.1 in chunks: "hello"
text, HTTP/2 with content-length: "hello"
text, HTTP/2 without content-length: undefined
form, HTTP/1.1 in chunks: {"a":"1"}
form, HTTP/2 with content-length: {"a":"1"}
form, HTTP/2 without content-length: undefined
END
