#!/usr/bin/env bash
# The output of a command in a container never ends behind demuxStream() of dockerode, and the last piece may be missing without a word.
#
# Software:       dockerode 5.0.1 (docker-modem 5.0.7), Node 20 or newer as the server
# Behaviour:      demuxStream(stream, stdout, stderr) hands on what comes for the two, but neither their end nor an error: when the connection has ended, both
#                 stay open. When it ends within a piece (its head and some bytes of it came), what came of the piece is dropped, and nothing tells so.
# One would guess: as with pipe(): that both end with the stream, and as with pipeline(): that an end within a piece is an error. For `for await` over
#                 stdout the command goes on for ever; `finished(stream)` tells that all is well.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund dockerode@5.0.1 docker-modem@5.0.7

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import Docker from 'dockerode';

function piece(number, text) {
  const head = Buffer.alloc(8);
  head[0] = number;
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, Buffer.from(text)]);
}
const outputs = {
  whole: [piece(1, 'first, '), piece(2, 'a warning'), piece(1, 'last')],
  cut: [piece(1, 'first, '), piece(2, 'a warning'), piece(1, 'last').subarray(0, -1)],
};
let output;
const server = http.createServer((request, response) => {
  if (request.url.endsWith('/start')) {
    response.writeHead(200, { 'content-type': 'application/vnd.docker.multiplexed-stream' });
    response.end(Buffer.concat(output));
  } else response.writeHead(201, { 'content-type': 'application/json' }).end('{"Id":"1"}');
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const docker = new Docker({ protocol: 'http', host: '127.0.0.1', port: server.address().port });

for (const [title, pieces] of Object.entries(outputs)) {
  output = pieces;
  const exec = await docker.getContainer('c').exec({ Cmd: ['make'], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const results = [new PassThrough(), new PassThrough()].map((sink) => {
    const result = { text: '', ended: false };
    sink.on('data', (chunk) => (result.text += chunk)).on('end', () => (result.ended = true));
    return { sink, result };
  });
  docker.modem.demuxStream(stream, ...results.map(({ sink }) => sink));
  const outcome = await finished(stream, { writable: false }).then(() => 'success', ({ code }) => code);
  for (let turns = 0; turns < 20; turns++) await setImmediate();
  const words = results.map(({ result: { text, ended } }) => `'${text}' (ended: ${ended})`);
  console.log(`${title}: stdout ${words[0]}, stderr ${words[1]}, the stream: ${outcome}`);
}
process.exit();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
whole: stdout 'first, last' (ended: false), stderr 'a warning' (ended: false), the stream: success
cut: stdout 'first, ' (ended: false), stderr 'a warning' (ended: false), the stream: success
END
