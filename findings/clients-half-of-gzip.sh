#!/usr/bin/env bash
# Half of a gzip is a good answer for five of seven HTTP clients, and an empty one for the sixth.
#
# Software:       fetch() of Node 24.21.0 (20, 22 and 26 do the same), needle 3.5.0; of Debian 12 (x86-64) curl 7.88.1-10+deb12u15, wget 1.21.3-1+deb12u1,
#                 python3-requests 2.28.1+dfsg-1, ruby3.1 3.1.7+really3.1.2-0+deb12u1; net/http of Go 1.19 (the command `go` must be there: Debian's golang-go)
# Behaviour:      the answer is complete as HTTP, its content-encoding gzip breaks off in the middle (a server or proxy failed while it compressed). fetch(),
#                 needle, curl --compressed, wget and requests give what could be decompressed, and success; Net::HTTP of Ruby nothing at all, and success.
# One would guess: an error, as from Go, since a gzip has an end, a sum and a length. Half of a list of lines, or of a script, is taken for all of it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund needle@3.5.0 node24@npm:node@24.21.0
options=(--recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances)
needed=$(apt-cache depends "${options[@]}" curl wget | grep '^lib' | grep -vxE 'libc6|libcrypt1|libgcc-s1' | grep -v : | sort -u)
# shellcheck disable=SC2086
apt-get -q -o APT::Sandbox::User=root download curl=7.88.1-10+deb12u15 wget=1.21.3-1+deb12u1 python3-requests=2.28.1+dfsg-1 \
  ruby3.1=3.1.7+really3.1.2-0+deb12u1 libruby3.1 python3-{urllib3,chardet,idna,certifi,six} $needed > /dev/null 2>&1
for package in *.deb; do dpkg -x "$package" root; done
cat > main.go <<'END'
package main

import (
	"io"
	"net/http"
	"os"
)

func main() {
	response, err := http.Get(os.Args[1])
	if err == nil {
		_, err = io.Copy(os.Stdout, response.Body)
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
END
GOCACHE=$dir/cache GO111MODULE=off go build -o by-go main.go

cat > try.js <<'END'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import needle from 'needle';

// Digits without a pattern: half of the gzip holds about half of them.
let state = 1;
const body = Array.from({ length: 1000 }, () => (state = (state * 48_271) % 2_147_483_647)).join('\n');
const whole = gzipSync(body);
const server = http.createServer((_request, response) => {
  response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' });
  response.end(whole.subarray(0, whole.length / 2));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${server.address().port}/`;
const usr = `${process.cwd()}/root/usr`;
const libs = `${usr}/lib/x86_64-linux-gnu`;
const env = {
  LD_LIBRARY_PATH: `${libs}:${process.cwd()}/root/lib/x86_64-linux-gnu`,
  PYTHONPATH: `${usr}/lib/python3/dist-packages`,
  RUBYLIB: [`${usr}/lib/ruby/3.1.0`, `${libs}/ruby/3.1.0`].join(':'),
};
const run = async (...command) => (await promisify(execFile)(command[0], command.slice(1), { env })).stdout;
const clients = {
  'fetch()': async () => (await fetch(url)).text(),
  needle: async () => (await needle('get', url, { compressed: true, parse: false })).body.toString(),
  curl: () => run(`${usr}/bin/curl`, '-s', '--compressed', url),
  wget: () => run(`${usr}/bin/wget`, '-q', '-O-', '--compression=gzip', url),
  requests: () => run('/usr/bin/python3', '-c', `import requests; print(requests.get('${url}').text, end='')`),
  'Net::HTTP': () => run(`${usr}/bin/ruby3.1`, '--disable-gems', '-rnet/http', '-e', `print Net::HTTP.get(URI('${url}'))`),
  Go: () => run('./by-go', url),
};
for (const [name, ask] of Object.entries(clients)) {
  const part = ({ length }) => (length ? `${Math.round((length / body.length) * 10)} tenths` : 'nothing');
  const outcome = await ask().then(
    (text) => `success, ${body.startsWith(text.slice(0, -1)) ? part(text) : 'other text'}`,
    (error) => `error, ${(error.stderr ?? error.message).trim()}`,
  );
  console.log(`${name}: ${outcome}`);
}
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
fetch(): success, 5 tenths
needle: success, 5 tenths
curl: success, 5 tenths
wget: success, 5 tenths
requests: success, 5 tenths
Net::HTTP: success, nothing
Go: error, unexpected EOF
END
