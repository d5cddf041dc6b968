#!/usr/bin/env bash
# A path with two slashes, an escaped letter or an empty query, through two proxies: the server sees another one.
#
# Software:       Debian's nghttpx 1.52.0-1+deb12u3 (Debian 12, x86-64), http-proxy 1.18.1 (npm), Node 20 or newer as server and client
# Behaviour:      http-proxy makes one slash of two in a path, not in a query. nghttpx does as well, and takes `.` out, unescapes `%7E`, writes `%2f` with a
#                 capital, and drops a `?` that nothing follows. (nginx 1.22 with a bare `proxy_pass`, and haproxy 2.6, pass all of these as they are.)
# One would guess: a path is passed on as it came. Keys of object stores may have `//` in them, and a URL that was signed over its text no longer fits
#                 behind such a proxy: its answer is 403 or 404, for some keys only.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund http-proxy@1.18.1
options=(--recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances)
needed=$(apt-cache depends "${options[@]}" nghttp2-proxy | grep '^lib' | grep -vxE 'libc6|libcrypt1|libgcc-s1' | grep -v : | sort -u)
# shellcheck disable=SC2086
apt-get -q -o APT::Sandbox::User=root download nghttp2-proxy=1.52.0-1+deb12u3 $needed > /dev/null 2>&1
for package in *.deb; do dpkg -x "$package" .; done

cat > try.mjs <<'END'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import proxies from 'http-proxy';

const PATHS = ['/bucket//key', '/q?next=a//b', '/a%2fb/%7Ec', '/./x', '/list?'];
const listen = async (server) => (await once(server.listen(0, '127.0.0.1'), 'listening'), server.address().port);
const get = async (port, path) => {
  const [response] = await once(http.get({ host: '127.0.0.1', port, path, agent: false }), 'response');
  return text(response);
};

const behind = await listen(http.createServer((request, response) => response.end(request.url)));
const proxy = proxies.createProxyServer({ target: `http://127.0.0.1:${behind}` });
const npm = await listen(http.createServer((request, response) => proxy.web(request, response)));
const free = net.createServer();
const port = await listen(free);
await new Promise((closed) => free.close(closed));
const env = { LD_LIBRARY_PATH: ['usr/lib', 'lib'].map((folder) => `${process.cwd()}/${folder}/x86_64-linux-gnu`).join(':') };
const args = ['--conf=/dev/null', '--workers=1', '--no-ocsp', `-f127.0.0.1,${port};no-tls`, `-b127.0.0.1,${behind}`];
const nghttpx = spawn('usr/sbin/nghttpx', args, { env, stdio: 'ignore' });
for (let tries = 0; tries < 50; tries++) {
  const there = await get(port, '/').then(() => true, () => false);
  if (there) break;
  await setTimeout(100);
}

for (const path of PATHS) {
  console.log(`${path}  http-proxy: ${await get(npm, path)}  nghttpx: ${await get(port, path)}`);
}
nghttpx.kill();
process.exit();
END

timeout 60 node try.mjs | tee seen
diff - seen <<'END'
/bucket//key  http-proxy: /bucket/key  nghttpx: /bucket/key
/q?next=a//b  http-proxy: /q?next=a//b  nghttpx: /q?next=a//b
/a%2fb/%7Ec  http-proxy: /a%2fb/%7Ec  nghttpx: /a%2Fb/~c
/./x  http-proxy: /./x  nghttpx: /x
/list?  http-proxy: /list?  nghttpx: /list
END
