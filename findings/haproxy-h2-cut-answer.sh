#!/usr/bin/env bash
# An answer in chunks whose server goes away in the middle: haproxy hands it to a client of HTTP/2 as whole, to one of HTTP/1.1 as cut.
#
# Software:       Debian's haproxy 2.6.12-1+deb12u4 (Debian 12, x86-64), Node 20 or newer as client and server
# Behaviour:      the connection behind ends without the last chunk; the HTTP/2 stream ends with END_STREAM and no error. With content-length the same cut is
#                 RST_STREAM (PROTOCOL_ERROR) as it should be, and to a client of HTTP/1.1 the connection is closed without the last chunk.
# One would guess: RST_STREAM both times (RFC 9113 8.1.1, RFC 9112 8). A client of HTTP/2 behind haproxy cannot tell half of a streamed file from the file.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
options=(--recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances)
needed=$(apt-cache depends "${options[@]}" haproxy | grep '^lib' | grep -vxE 'libc6|libcrypt1|libgcc-s1' | grep -v : | sort -u)
# shellcheck disable=SC2086
apt-get -q -o APT::Sandbox::User=root download haproxy=2.6.12-1+deb12u4 $needed > /dev/null
for package in *.deb; do dpkg -x "$package" .; done

cat > try.mjs <<'END'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';

const listen = async (server) => (await once(server.listen(0, '127.0.0.1'), 'listening'), server.address().port);
const HALVES = {
  '/chunked': 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
  '/length': 'content-length: 10\r\n\r\nhello',
};
const behind = await listen(
  net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', async (head) => {
      socket.write(`HTTP/1.1 200 OK\r\n${HALVES[String(head).split(' ')[1]]}`);
      await setTimeout(100);
      socket.end();
    });
  }),
);
const [h2, h1] = await Promise.all([0, 0].map(async () => {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((closed) => server.close(closed));
  return port;
}));
writeFileSync('haproxy.cfg', `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend both
  bind 127.0.0.1:${h2} proto h2
  bind 127.0.0.1:${h1}
  default_backend node
backend node
  server node 127.0.0.1:${behind}
`);
const libraries = ['usr/lib', 'lib'].map((folder) => `${process.cwd()}/${folder}/x86_64-linux-gnu`).join(':');
const haproxy = spawn('usr/sbin/haproxy', ['-f', 'haproxy.cfg'], { env: { LD_LIBRARY_PATH: libraries }, stdio: ['ignore', 'ignore', 'ignore'] });
for (let tries = 0; tries < 50; tries++) {
  const socket = net.connect(h1, '127.0.0.1');
  const there = await new Promise((done) => socket.on('connect', () => done(true)).on('error', () => done(false)));
  socket.destroy();
  if (there) break;
  await setTimeout(100);
}

for (const path of Object.keys(HALVES)) {
  const session = http2.connect(`http://127.0.0.1:${h2}`);
  const stream = session.request({ ':path': path });
  let [error, ended] = ['no error', false];
  stream.on('error', ({ message }) => (error = message)).on('end', () => (ended = true)).resume();
  await new Promise((closed) => stream.on('close', closed));
  session.close();
  console.log(`${path}, HTTP/2: ${ended ? 'ended' : 'not ended'}, ${error}`);

  const request = http.get({ host: '127.0.0.1', port: h1, path, agent: false });
  const [response] = await once(request, 'response');
  const outcome = await response.toArray().then(() => 'ended, no error', ({ code }) => `not ended, ${code}`);
  console.log(`${path}, HTTP/1.1: ${outcome}`);
}
haproxy.kill();
process.exit();
END

timeout 60 node try.mjs | tee seen
diff - seen <<'END'
/chunked, HTTP/2: ended, no error
/chunked, HTTP/1.1: not ended, ECONNRESET
/length, HTTP/2: not ended, Stream closed with error code NGHTTP2_PROTOCOL_ERROR
/length, HTTP/1.1: not ended, ECONNRESET
END
