#!/usr/bin/env bash
# A client that offers no protocol which the server knows (ALPN): six servers, three outcomes.
#
# Software:       node:https, node:http2 and node:tls of Node 20 or newer; Debian's nginx 1.22.1-9+deb12u11, haproxy 2.6.12-1+deb12u4 and nghttpx
#                 1.52.0-1+deb12u3 (Debian 12, x86-64), all with h2 and http/1.1
# Behaviour:      for an offer of spdy/3.1 alone, Node and nginx refuse the handshake by the alert of RFC 7301 3.2 (120); haproxy and nghttpx agree on no
#                 protocol and speak HTTP/1.1. So does a node:tls server without ALPNProtocols, but not node:https. nginx takes an offer of http/1.0.
# One would guess: the alert from all, which the RFC demands, or from none. A client that offers one protocol too few (spdy/3.1 without http/1.1) is
#                 served in the test behind haproxy, and refused behind nginx.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund selfsigned@5.5.0
options=(--recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances)
needed=$(apt-cache depends "${options[@]}" nghttp2-proxy nginx haproxy | grep '^lib' | grep -vxE 'libc6|libcrypt1|libgcc-s1' | grep -v : | sort -u)
# shellcheck disable=SC2086
apt-get -q -o APT::Sandbox::User=root download nghttp2-proxy=1.52.0-1+deb12u3 nginx=1.22.1-9+deb12u11 haproxy=2.6.12-1+deb12u4 $needed > /dev/null 2>&1
for package in *.deb; do dpkg -x "$package" .; done

cat > try.js <<'END'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import tls from 'node:tls';
import { generate } from 'selfsigned';

const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
writeFileSync('key.pem', key);
writeFileSync('cert.pem', cert);
writeFileSync('both.pem', key + cert);
const listen = async (server) => (await once(server.listen(0, '127.0.0.1'), 'listening'), server.address().port);
const free = async () => {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((closed) => server.close(closed));
  return port;
};
const behind = await listen(http.createServer((_request, response) => response.end()));
const quiet = (server) => server.on('tlsClientError', () => {});
const ports = {
  'node:https': await listen(quiet(https.createServer({ key, cert }))),
  'node:http2 with allowHTTP1': await listen(quiet(http2.createSecureServer({ key, cert, allowHTTP1: true }))),
  'node:tls': await listen(quiet(tls.createServer({ key, cert }, (socket) => socket.on('error', () => {})))),
  nginx: await free(),
  haproxy: await free(),
  nghttpx: await free(),
};
writeFileSync('nginx.conf', `daemon off; master_process off; pid nginx.pid; error_log /dev/null;
events {}
http {
  access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server { listen 127.0.0.1:${ports.nginx} ssl http2; ssl_certificate cert.pem; ssl_certificate_key key.pem; }
}`);
writeFileSync('haproxy.cfg', `defaults
  mode http
  timeout connect 10s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:${ports.haproxy} ssl crt both.pem alpn h2,http/1.1
  default_backend back
backend back
  server s 127.0.0.1:${behind}
`);
const here = process.cwd();
const env = { LD_LIBRARY_PATH: ['usr/lib', 'lib'].map((folder) => `${here}/${folder}/x86_64-linux-gnu`).join(':') };
const programs = [
  ['nginx', '-p', here, '-c', `${here}/nginx.conf`, '-e', '/dev/null'],
  ['haproxy', '-db', '-f', 'haproxy.cfg'],
  ['nghttpx', '--conf=/dev/null', '--workers=1', '--no-ocsp', `-f127.0.0.1,${ports.nghttpx}`, `-b127.0.0.1,${behind}`, 'key.pem', 'cert.pem'],
].map(([name, ...args]) => spawn(`usr/sbin/${name}`, args, { env, stdio: 'ignore' }));

async function agree(port, ALPNProtocols) {
  for (let tries = 0; ; tries++) {
    const socket = tls.connect({ host: '127.0.0.1', port, ALPNProtocols, ca: cert, checkServerIdentity: () => undefined });
    const code = await once(socket, 'secureConnect').then(() => undefined, ({ code }) => code);
    const outcome = code ?? (socket.alpnProtocol || 'connected without a protocol');
    socket.on('error', () => {}).destroy();
    if (code !== 'ECONNREFUSED' || tries === 100) return outcome.replace('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'alert');
    await setTimeout(100);
  }
}
for (const [name, port] of Object.entries(ports)) {
  const outcomes = [];
  for (const offer of [['spdy/3.1'], ['http/1.0'], ['spdy/3.1', 'http/1.1']]) outcomes.push(`${offer.join()}: ${await agree(port, offer)}`);
  console.log(`${name}  ${outcomes.join('; ')}`);
}
for (const program of programs) program.kill();
process.exit();
END

timeout 90 node try.js | tee seen
diff - seen <<'END'
node:https  spdy/3.1: alert; http/1.0: alert; spdy/3.1,http/1.1: http/1.1
node:http2 with allowHTTP1  spdy/3.1: alert; http/1.0: alert; spdy/3.1,http/1.1: http/1.1
node:tls  spdy/3.1: connected without a protocol; http/1.0: connected without a protocol; spdy/3.1,http/1.1: connected without a protocol
nginx  spdy/3.1: alert; http/1.0: http/1.0; spdy/3.1,http/1.1: http/1.1
haproxy  spdy/3.1: connected without a protocol; http/1.0: connected without a protocol; spdy/3.1,http/1.1: http/1.1
nghttpx  spdy/3.1: connected without a protocol; http/1.0: connected without a protocol; spdy/3.1,http/1.1: http/1.1
END
