#!/usr/bin/env bash
# A server behind nginx sends 103 Early Hints before its answer: over HTTP/2 no client gets the answer.
#
# Software:       Debian's nginx 1.22.1-9+deb12u11 (Debian 12, x86-64) with `proxy_pass`, Node 20 or newer as server (`response.writeEarlyHints()`) and client
# Behaviour:      nginx takes the 103 for the final answer, and all that follows for its body. To a client of HTTP/1.1 that body is, byte for byte, the 200
#                 of the server, so that it looks well; but the connection is closed behind each. To a client of HTTP/2 it is a stream that ends without
#                 a final status: RST_STREAM (PROTOCOL_ERROR) at the client's side.
# One would guess: the hint is passed on, or dropped, and the 200 comes (RFC 9110 15.2). What works by curl's HTTP/1.1 fails in every browser.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
options=(--recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances)
needed=$(apt-cache depends "${options[@]}" nginx | grep '^lib' | grep -vxE 'libc6|libcrypt1|libgcc-s1' | grep -v : | sort -u)
# shellcheck disable=SC2086
apt-get -q -o APT::Sandbox::User=root download nginx=1.22.1-9+deb12u11 $needed > /dev/null 2>&1
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
const behind = await listen(
  http.createServer(async (request, response) => {
    if (request.url === '/hint') response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    await setTimeout(50);
    response.end('the answer');
  }),
);
const [h1, h2] = await Promise.all([0, 0].map(async () => {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((closed) => server.close(closed));
  return port;
}));
writeFileSync('nginx.conf', `
daemon off;
pid nginx.pid;
error_log errors;
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${h1};
    listen 127.0.0.1:${h2} http2;
    location / {
      proxy_pass http://127.0.0.1:${behind};
      proxy_http_version 1.1;
    }
  }
}
`);
const env = { LD_LIBRARY_PATH: ['usr/lib', 'lib'].map((folder) => `${process.cwd()}/${folder}/x86_64-linux-gnu`).join(':') };
const nginx = spawn('usr/sbin/nginx', ['-e', 'errors', '-p', process.cwd(), '-c', 'nginx.conf'], { env, stdio: 'ignore' });
for (let tries = 0; tries < 50; tries++) {
  const socket = net.connect(h1, '127.0.0.1');
  const there = await new Promise((done) => socket.on('connect', () => done(true)).on('error', () => done(false)));
  socket.destroy();
  if (there) break;
  await setTimeout(100);
}

for (const path of ['/', '/hint']) {
  const agent = new http.Agent({ keepAlive: true });
  const requests = [];
  for (let number = 0; number < 2; number++) {
    const request = http.get({ host: '127.0.0.1', port: h1, path, agent });
    requests.push(request);
    const [response] = await once(request, 'response');
    console.log(`HTTP/1.1, ${path}: ${response.statusCode} ${Buffer.concat(await response.toArray())}`);
    await setTimeout(50);
  }
  console.log(`HTTP/1.1, ${path}: second request on the same connection: ${requests[1].reusedSocket}`);

  const session = http2.connect(`http://127.0.0.1:${h2}`);
  const stream = session.request({ ':path': path });
  const seen = [];
  stream.on('headers', (headers) => seen.push(headers[':status']));
  stream.on('response', (headers) => seen.push(headers[':status']));
  stream.on('data', (chunk) => seen.push(String(chunk)));
  stream.on('error', ({ message }) => seen.push(message));
  await new Promise((closed) => stream.on('close', closed));
  session.close();
  console.log(`HTTP/2, ${path}: ${seen.join(', ')}`);
}
nginx.kill();
process.exit();
END

timeout 60 node try.mjs | tee seen
diff - seen <<'END'
HTTP/1.1, /: 200 the answer
HTTP/1.1, /: 200 the answer
HTTP/1.1, /: second request on the same connection: true
HTTP/2, /: 200, the answer
HTTP/1.1, /hint: 200 the answer
HTTP/1.1, /hint: 200 the answer
HTTP/1.1, /hint: second request on the same connection: false
HTTP/2, /hint: 103, Stream closed with error code NGHTTP2_PROTOCOL_ERROR
END
