#!/usr/bin/env bash
# fetch() and undici open two connections for requests that never are two at a time.
#
# Software:       undici 8.13.1 and the fetch() of Node 24.21.0 (undici 7.30.2 and Node 22.23.3 and 26.10.0 do the same)
# Behaviour:      a request that is made as soon as the body of the last one has been read finds its connection still busy and opens
#                 another one: two connections for one request at a time, about twenty for ten. Only the option `connections` of Agent stops it
#                 (its default is no limit).
# One would guess: as many connections as requests under way, as with http.Agent and keepAlive. With TLS each of them costs a handshake, and a server
#                 that allows so many connections to one address meets its limit at half of the load.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund undici@8.13.1 node24@npm:node@24.21.0

cat > try.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';

let connections;
let underWay;
let most;
const server = http.createServer(async (_request, response) => {
  underWay++;
  most = Math.max(most, underWay);
  await setTimeout(5);
  underWay--;
  response.end('hello');
});
server.on('connection', () => connections++);
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${server.address().port}`;

async function read(dispatcher) {
  const { body } = await request(url, { dispatcher });
  await body.text();
}

const keepAlive = new http.Agent({ keepAlive: true });
const agent = new Agent();
const limited = new Agent({ connections: 10 });
const ways = {
  'http.Agent, keepAlive': async () => {
    const [response] = await once(http.get(url, { agent: keepAlive }), 'response');
    await response.toArray();
  },
  'fetch()': async () => (await fetch(url)).text(),
  'undici Agent': () => read(agent),
  'undici Agent, connections: 10': () => read(limited),
};
for (const [name, way] of Object.entries(ways)) {
  for (const atATime of [1, 10]) {
    server.closeAllConnections();
    await setTimeout(100);
    connections = underWay = most = 0;
    const loop = async () => {
      for (let i = 0; i < 50; i++) await way();
    };
    await Promise.all(Array.from({ length: atATime }, loop));
    const bound = connections <= most ? 'no more than that' : connections >= 1.5 * most ? 'at least half as many again' : 'some more';
    console.log(`${name}: ${most} under way, connections: ${bound}`);
  }
}
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
http.Agent, keepAlive: 1 under way, connections: no more than that
http.Agent, keepAlive: 10 under way, connections: no more than that
fetch(): 1 under way, connections: at least half as many again
fetch(): 10 under way, connections: at least half as many again
undici Agent: 1 under way, connections: at least half as many again
undici Agent: 10 under way, connections: at least half as many again
undici Agent, connections: 10: 1 under way, connections: at least half as many again
undici Agent, connections: 10: 10 under way, connections: no more than that
END
