#!/usr/bin/env bash
# NO_PROXY has four meanings for four readers: a test with one of them says nothing about the others.
#
# Software:       proxy-from-env 2.1.0, EnvHttpProxyAgent of undici 7.30.2, the option proxyEnv of http.Agent in Node 24.21.0 (26.10.0 does the same),
#                 net/http of Go 1.19 (the command `go` must be there: Debian's golang-go)
# Behaviour:      networks (10.0.0.0/8) and loopback go to the proxy with all three of JavaScript, and past it with Go.
#                 "example.test" holds for a.example.test with undici and Go; ".example.test" holds for example.test with undici and Node.
#                 ALL_PROXY is read by proxy-from-env only.
# One would guess: that the same environment leads the same requests through the proxy. A host that is exempt by its network for a program in Go
#                 is not exempt for one in JavaScript, which asks the proxy for it without a word.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund proxy-from-env@2.1.0 undici@7.30.2 node24@npm:node@24.21.0

cat > main.go <<'END'
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	request, _ := http.NewRequest("GET", os.Args[1], nil)
	proxy, err := http.ProxyFromEnvironment(request)
	if err != nil {
		panic(err)
	}
	if proxy == nil {
		fmt.Print("direct")
	} else {
		fmt.Print("proxy")
	}
}
END
GOCACHE=$dir/cache GO111MODULE=off go build -o by-go main.go

cat > try.js <<'END'
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { getProxyForUrl } from 'proxy-from-env';
import { EnvHttpProxyAgent, request } from 'undici';

// The target and the proxy at once: a proxy is asked with a whole URL, or by CONNECT.
const server = http.createServer((incoming, response) => response.end(incoming.url.startsWith('/') ? 'direct' : 'proxy'));
server.on('connect', (_request, socket) => {
  socket.on('error', () => {}).write('HTTP/1.1 200 OK\r\n\r\n');
  socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nproxy'));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address();
const local = { address: '127.0.0.1', family: 4 };
const lookup = (_name, { all }, found) => (all ? found(null, [local]) : found(null, local.address, local.family));

async function byUndici(url) {
  const { body } = await request(url, { dispatcher: new EnvHttpProxyAgent({ connect: { lookup } }) });
  return body.text();
}

async function byNode(url) {
  const [response] = await once(http.get(url, { lookup, agent: new http.Agent({ proxyEnv: process.env }) }), 'response');
  return (await response.toArray()).join('');
}

const byGo = (url) => execFileSync('./by-go', [url], { encoding: 'utf8' });

const proxy = `http://127.0.0.1:${port}`;
for (const [name, env, host, hostForGo = host] of [
  ['no exception, a name', { HTTP_PROXY: proxy }, 'example.test'],
  ['no exception, 127.0.0.1', { HTTP_PROXY: proxy }, '127.0.0.1'],
  ['a network', { HTTP_PROXY: proxy, NO_PROXY: '127.0.0.0/8,10.0.0.0/8' }, '127.0.0.1', '10.1.2.3'],
  ['example.test, a name below', { HTTP_PROXY: proxy, NO_PROXY: 'example.test' }, 'a.example.test'],
  ['.example.test, the name itself', { HTTP_PROXY: proxy, NO_PROXY: '.example.test' }, 'example.test'],
  ['ALL_PROXY', { ALL_PROXY: proxy }, 'example.test'],
]) {
  for (const variable of Object.keys(process.env)) {
    if (/_proxy$|^request_method$/i.test(variable)) delete process.env[variable];
  }
  Object.assign(process.env, env);
  const url = `http://${host}:${port}/`;
  const fromEnv = getProxyForUrl(url) ? 'proxy' : 'direct';
  const go = byGo(`http://${hostForGo}:${port}/`);
  console.log(`${name}: proxy-from-env ${fromEnv}, undici ${await byUndici(url)}, Node ${await byNode(url)}, Go ${go}`);
}
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
no exception, a name: proxy-from-env proxy, undici proxy, Node proxy, Go proxy
no exception, 127.0.0.1: proxy-from-env proxy, undici proxy, Node proxy, Go direct
a network: proxy-from-env proxy, undici proxy, Node proxy, Go direct
example.test, a name below: proxy-from-env proxy, undici direct, Node proxy, Go direct
.example.test, the name itself: proxy-from-env proxy, undici direct, Node direct, Go proxy
ALL_PROXY: proxy-from-env proxy, undici direct, Node direct, Go direct
END
