#!/usr/bin/env bash
# An answer that stops behind 4 of its 100 bytes: what five load generators count.
#
# Software:       ab 2.3 (apache2-utils 2.4.71-1~deb12u1), siege 4.0.7, wrk 4.1.0, h2load 1.52.0 (all of Debian 12, x86-64), autocannon 8.0.0 (npm),
#                 Node 20 or newer as the server
# Behaviour:      10 requests, each answered with `content-length: 100`, 4 bytes and the end of the connection. ab: 10 complete, 0 failed. siege: 10
#                 successful. autocannon: fewer than 10 answers, and no error, no timeout either: the others are in no count. wrk: no request, only
#                 "read" errors. h2load: one is started, and all 10 count as failed.
# One would guess: 10 failed requests (RFC 9112 8: such a message is incomplete). Of these h2load alone says so; with ab and siege a server that
#                 breaks under load looks like a fast one.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
export HOME=$dir
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund autocannon@8.0.0
options=(--recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances)
tools=(apache2-utils siege wrk nghttp2-client)
needed=$(apt-cache depends "${options[@]}" "${tools[@]}" | grep '^lib' | grep -vxE 'libc6|libcrypt1|libgcc-s1' | grep -v : | sort -u)
# shellcheck disable=SC2086
apt-get -q -o APT::Sandbox::User=root download apache2-utils=2.4.71-1~deb12u1 siege=4.0.7-1+b1 wrk=4.1.0-3+b2 nghttp2-client=1.52.0-1+deb12u3 \
  $needed > /dev/null 2>&1
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH=$dir/usr/lib/x86_64-linux-gnu PATH=$dir/usr/bin:$PATH

cat > server.mjs <<'END'
import net from 'node:net';

const server = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
END
mkfifo port
node server.mjs > port &
read -r port < port
url=http://127.0.0.1:$port/

{
  ab -n 10 -c 1 "$url" 2>&1 | grep -E '^(Complete|Failed) requests' | tr -s ' ' | sed 's/^/ab: /'
  siege -r 10 -c 1 --no-parser "$url" 2>&1 | grep -E 'successful_|failed_' | tr -d '\t ",' | sed 's/^/siege: /'
  timeout 60 npx autocannon -c 1 -a 10 --json "$url" 2> /dev/null > counts
  node -p 'const c = JSON.parse(fs.readFileSync("counts")); `autocannon: sent ${c.requests.sent}, errors ${c.errors}, timeouts ${c.timeouts}, others ${c.non2xx}, fewer than 10 of 2xx ${c["2xx"] < 10}`'
  wrk -t 1 -c 1 -d 1s "$url" 2>&1 | grep -oE '^ *[0-9]+ requests|Socket errors: connect [0-9]+|write [0-9]+, timeout [0-9]+' | sed 's/^ */wrk: /'
  h2load --h1 -n 10 -c 1 "$url" | grep '^requests' | sed 's/^/h2load: /'
} > seen
cat seen
diff - seen <<'END'
ab: Complete requests: 10
ab: Failed requests: 0
siege: successful_transactions:10
siege: failed_transactions:0
autocannon: sent 10, errors 0, timeouts 0, others 0, fewer than 10 of 2xx true
wrk: 0 requests
wrk: Socket errors: connect 0
wrk: write 0, timeout 0
h2load: requests: 10 total, 1 started, 0 done, 0 succeeded, 10 failed, 10 errored, 0 timeout
END
