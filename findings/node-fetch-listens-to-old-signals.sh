#!/usr/bin/env bash
# A fetch() that is over still listens to its signal: one signal for many requests gathers thousands of listeners.
#
# Software:       fetch() of Node 22.23.3 (Node 20.20.2 and 24.21.0 do the same; 26.10.0 does not); http.get() beside it
# Behaviour:      each request adds a listener for 'abort' to its signal, and takes it away only when the garbage collector has found its Request:
#                 after 100 requests, one at a time and all read to their ends, there are about 100. Beyond 1500, Node 20 and 22 write a
#                 MaxListenersExceededWarning for every further request, of a leak that is none of the program's; Node 24 keeps them without a word.
# One would guess: no listener is left when a response has been read, as with http.get() and its signal, so that a server can have one signal for
#                 its end and hand it to every request that it makes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund node22@npm:node@22.23.3 node26@npm:node@26.10.0

cat > try.js <<'END_OF_TRY'
import { getEventListeners, once } from 'node:events';
import http from 'node:http';

const server = http.createServer((_request, response) => response.end('hello'));
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${server.address().port}`;
const agent = new http.Agent({ keepAlive: true });
let warnings = 0;
process.removeAllListeners('warning');
process.on('warning', ({ name }) => {
  if (name === 'MaxListenersExceededWarning') warnings++;
});

const ways = {
  'http.get()': async (signal) => {
    const request = http.get(url, { agent, signal });
    const closed = once(request, 'close');
    const [response] = await once(request, 'response');
    await response.toArray();
    await closed;
  },
  'fetch()': async (signal) => (await fetch(url, { signal })).text(),
};
for (const [name, way] of Object.entries(ways)) {
  const { signal } = new AbortController();
  const left = () => getEventListeners(signal, 'abort').length;
  for (let i = 0; i < 100; i++) await way(signal);
  const after = left();
  warnings = 0;
  for (let i = 0; i < 3000; i++) await way(signal);
  await new Promise((done) => setTimeout(done, 50));
  const kept = after <= 1 ? 'at most one listener' : after > 50 ? 'more than 50 listeners' : `${after} listeners`;
  console.log(`Node ${process.versions.node.split('.')[0]}, ${name}: ${kept} after 100 requests, warned: ${warnings > 0}`);
}
process.exit();
END_OF_TRY

# Rare collections, so that what is seen does not depend on their time.
for version in 22 26; do
  timeout 60 "node_modules/node$version/bin/node" --max-semi-space-size=256 --min-semi-space-size=256 try.js
done | tee seen
diff - seen <<'END_OF_SEEN'
Node 22, http.get(): at most one listener after 100 requests, warned: false
Node 22, fetch(): more than 50 listeners after 100 requests, warned: true
Node 26, http.get(): at most one listener after 100 requests, warned: false
Node 26, fetch(): at most one listener after 100 requests, warned: false
END_OF_SEEN
