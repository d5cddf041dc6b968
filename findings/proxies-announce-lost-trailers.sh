#!/usr/bin/env bash
# Trailers through two proxies: the field that announces them arrives, they do not.
#
# Software:       Debian's nginx 1.22.1-9+deb12u11 (Debian 12, x86-64) with `proxy_pass` and `proxy_http_version 1.1`, http-proxy 1.18.1 (npm), Node 20 or
#                 newer as server and client
# Behaviour:      `trailer: x-sum` is passed on as a field like any other; the trailers are dropped, to clients of HTTP/1.1 and of HTTP/2 alike, also for
#                 those that say `te: trailers` (nginx takes that field out as well; http-proxy passes it on). The body arrives whole, without an error.
# One would guess: both, or neither (RFC 9110 6.5.1 lets a proxy drop trailers). A client that checks a sum which was announced cannot tell a proxy from a
#                 server that failed before the sum.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund http-proxy@1.18.1
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
import proxies from 'http-proxy';

const listen = async (server) => (await once(server.listen(0, '127.0.0.1'), 'listening'), server.address().port);
const behind = await listen(
  http.createServer((request, response) => {
    response.writeHead(200, { trailer: 'x-sum' });
    response.write('the body');
    response.addTrailers({ 'x-sum': request.headers.te ?? 'no te' });
    response.end();
  }),
);
const proxy = proxies.createProxyServer({ target: `http://127.0.0.1:${behind}` });
const npm = await listen(http.createServer((request, response) => proxy.web(request, response)));
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

for (const [name, port] of Object.entries({ 'no proxy': behind, nginx: h1, 'http-proxy': npm })) {
  const [response] = await once(http.get({ host: '127.0.0.1', port, headers: { te: 'trailers' }, agent: false }), 'response');
  const body = Buffer.concat(await response.toArray());
  console.log(`${name}: ${body}, announced ${response.headers.trailer}, come ${JSON.stringify(response.trailers)}`);
}
const session = http2.connect(`http://127.0.0.1:${h2}`);
const stream = session.request({ ':path': '/', te: 'trailers' });
let [announced, come] = ['', 'none'];
stream.on('response', (headers) => (announced = headers.trailer));
stream.on('trailers', (headers) => (come = headers['x-sum']));
const body = Buffer.concat(await stream.toArray());
session.close();
console.log(`nginx, HTTP/2: ${body}, announced ${announced}, come ${come}`);
nginx.kill();
process.exit();
END

timeout 60 node try.mjs | tee seen
diff - seen <<'END'
no proxy: the body, announced x-sum, come {"x-sum":"trailers"}
nginx: the body, announced x-sum, come {}
http-proxy: the body, announced x-sum, come {}
nginx, HTTP/2: the body, announced x-sum, come none
END
