#!/usr/bin/env bash
# A tunnel (101 Switching Protocols) whose client has said all that it wants: the answer is lost behind nginx and nghttpx, and comes behind haproxy.
#
# Software:       Debian's nginx 1.22.1-9+deb12u11, nghttpx 1.52.0-1+deb12u3, haproxy 2.6.12-1+deb12u4 (Debian 12, x86-64), Node 20 or newer as server
#                 and client
# Behaviour:      the client half-closes its connection behind its last byte, then the server answers. nginx and nghttpx close both connections as soon as they
#                 see the end of the client; haproxy passes it on and waits for the answer. The other way round, words of the client behind the server's end,
#                 none of the three delivers, and the client hears of no error.
# One would guess: that behind 101 bytes and ends are passed on as by TCP. A protocol that ends its input so works directly, and
#                 is cut behind the proxy.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
options=(--recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances)
needed=$(apt-cache depends "${options[@]}" nghttp2-proxy nginx haproxy | grep '^lib' | grep -vxE 'libc6|libcrypt1|libgcc-s1' | grep -v : | sort -u)
# shellcheck disable=SC2086
apt-get -q -o APT::Sandbox::User=root download nghttp2-proxy=1.52.0-1+deb12u3 nginx=1.22.1-9+deb12u11 haproxy=2.6.12-1+deb12u4 $needed > /dev/null 2>&1
for package in *.deb; do dpkg -x "$package" .; done

cat > try.mjs <<'END'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';

const listen = async (server) => (await once(server.listen(0, '127.0.0.1'), 'listening'), server.address().port);
const free = async () => {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((closed) => server.close(closed));
  return port;
};
/** Reads a socket from its beginning: `head` comes with the empty line, `rest` (what follows it) with the end. */
function reader(socket) {
  let text = '';
  const [head, setHead] = promise();
  const [rest, setRest] = promise();
  socket.on('data', (chunk) => {
    text += chunk;
    if (text.includes('\r\n\r\n')) setHead(text);
  });
  const finish = (ending) => setRest(text.split('\r\n\r\n')[1] + ending);
  socket.on('end', () => finish('')).on('error', ({ code }) => finish(` (${code})`));
  return { head, rest };
}
function promise() {
  let settle;
  return [new Promise((resolve) => (settle = resolve)), settle];
}

let heard; // what the server heard of the client behind the head, all of it
const behind = net.createServer({ allowHalfOpen: true }, async (socket) => {
  const { head, rest } = reader(socket);
  heard = rest;
  const serverFirst = (await head).startsWith('GET /server-ends');
  socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n');
  if (serverFirst) socket.end('all of mine');
  else socket.end(`answer to '${await rest}'`);
});
const port = await listen(behind);
const ports = { directly: port, nginx: await free(), haproxy: await free(), nghttpx: await free() };
writeFileSync('nginx.conf', `daemon off; master_process off; pid nginx.pid; error_log /dev/null;
events {}
http {
  access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server {
    listen 127.0.0.1:${ports.nginx};
    location / {
      proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection Upgrade;
    }
  }
}`);
writeFileSync('haproxy.cfg', `defaults
  mode http
  timeout connect 10s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:${ports.haproxy}
  default_backend back
backend back
  server s 127.0.0.1:${port}
`);
const here = process.cwd();
const env = { LD_LIBRARY_PATH: ['usr/lib', 'lib'].map((folder) => `${here}/${folder}/x86_64-linux-gnu`).join(':') };
const programs = [
  ['nginx', '-p', here, '-c', `${here}/nginx.conf`, '-e', '/dev/null'],
  ['haproxy', '-db', '-f', 'haproxy.cfg'],
  ['nghttpx', '--conf=/dev/null', '--workers=1', '--no-ocsp', `-f127.0.0.1,${ports.nghttpx};no-tls`, `-b127.0.0.1,${port}`],
].map(([name, ...args]) => spawn(`usr/sbin/${name}`, args, { env, stdio: 'ignore' }));

async function connect(to) {
  for (let tries = 0; ; tries++) {
    const socket = net.connect({ host: '127.0.0.1', port: to, allowHalfOpen: true });
    const there = await once(socket, 'connect').then(() => true, () => false);
    if (there) return socket;
    if (tries === 100) throw new Error('a proxy does not start');
    await setTimeout(100);
  }
}
async function open(to, path) {
  const socket = await connect(to);
  const { head, rest } = reader(socket);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: a.example\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n`);
  await head;
  return [socket, rest];
}
for (const [name, to] of Object.entries(ports)) {
  const [client, answer] = await open(to, '/client-ends');
  client.end('my question');
  console.log(`${name}, the client ends first: it receives "${await answer}"`);
  const [socket, words] = await open(to, '/server-ends');
  const received = await words;
  socket.end('words behind it');
  console.log(`${name}, the server ends first: the client receives "${received}", the server "${await heard}"`);
}
for (const program of programs) program.kill();
process.exit();
END

timeout 90 node try.mjs | tee seen
diff - seen <<'END'
directly, the client ends first: it receives "answer to 'my question'"
directly, the server ends first: the client receives "all of mine", the server "words behind it"
nginx, the client ends first: it receives ""
nginx, the server ends first: the client receives "all of mine", the server ""
haproxy, the client ends first: it receives "answer to 'my question'"
haproxy, the server ends first: the client receives "all of mine", the server ""
nghttpx, the client ends first: it receives ""
nghttpx, the server ends first: the client receives "all of mine", the server ""
END
