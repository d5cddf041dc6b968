#!/usr/bin/env bash
# 103 Early Hints before each answer: what five load generators count.
#
# Software:       ab 2.3 (apache2-utils 2.4.71-1~deb12u1), siege 4.0.7, wrk 4.1.0, h2load 1.52.0 (all of Debian 12, x86-64), autocannon 8.0.0 (npm),
#                 Node 20 or newer as the server (`response.writeEarlyHints()`)
# Behaviour:      a hint and a 200 for each request. wrk counts two requests for each that the server saw: twice the speed. autocannon counts a hint as an
#                 answer: of 10 requests 5 are of 1xx and 5 of 2xx, and it ends before the other answers. ab: 10 complete, all of them "Non-2xx".
#                 siege and h2load: 10 of 10.
# One would guess: 10 of 2xx everywhere: a 1xx answer is followed by the final one (RFC 9110 15.2). A server that gains hints gets twice as fast by wrk.
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
import http from 'node:http';

let requests = 0;
const server = http.createServer((request, response) => {
  if (request.url === '/count') return response.end(String(requests));
  requests += 1;
  response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
  response.end('ok');
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
END
mkfifo port
node server.mjs > port &
read -r port < port
url=http://127.0.0.1:$port/

{
  ab -n 10 -c 1 "$url" 2>&1 | grep -E '^(Complete requests|Failed requests|Non-2xx)' | tr -s ' ' | sed 's/^/ab: /'
  siege -r 10 -c 1 --no-parser "$url" 2>&1 | grep -E 'successful_|failed_' | tr -d '\t ",' | sed 's/^/siege: /'
  timeout 60 npx autocannon -c 1 -a 10 --json "$url" 2> /dev/null > counts
  node -p 'const c = JSON.parse(fs.readFileSync("counts")); `autocannon: sent ${c.requests.sent}, 1xx ${c["1xx"]}, 2xx ${c["2xx"]}`'
  h2load --h1 -n 10 -c 1 "$url" | grep '^requests' | sed 's/^/h2load: /'
  before=$(curl -s "${url}count")
  told=$(wrk -t 1 -c 1 -d 1s "$url" | grep -oE '[0-9]+ requests in' | cut -d ' ' -f 1)
  seen=$(($(curl -s "${url}count") - before))
  node -p "'wrk: told / seen: ' + ($told / $seen).toFixed(2)"
} > seen
cat seen
diff - seen <<'END'
ab: Complete requests: 10
ab: Failed requests: 0
ab: Non-2xx responses: 10
siege: successful_transactions:10
siege: failed_transactions:0
autocannon: sent 10, 1xx 5, 2xx 5
h2load: requests: 10 total, 10 started, 10 done, 10 succeeded, 0 failed, 0 errored, 0 timeout
wrk: told / seen: 2.00
END
