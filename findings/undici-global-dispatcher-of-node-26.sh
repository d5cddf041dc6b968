#!/usr/bin/env bash
# setGlobalDispatcher() of undici 5 and 6 leads Node's own fetch() up to Node 24, and silently no longer on Node 26.
#
# Software:       undici 6.29.1 (5.29.0 does the same) and 7.30.2, on Node 24.21.0 and 26.10.0
# Behaviour:      on Node 24 the built-in fetch() uses the dispatcher that an installed undici 5, 6 or 7 has set. On Node 26 that of 5 and 6 is
#                 overlooked without an error: requests go past the proxy, mock or pool that was set up. undici 7 still works.
# One would guess: that a function called setGlobalDispatcher() works, throws, or warns. A test that relied on a MockAgent of undici 6 now
#                 talks to the network.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund undici6@npm:undici@6.29.1 undici7@npm:undici@7.30.2 \
  node24@npm:node@24.21.0 node26@npm:node@26.10.0

cat > try.js <<'END'
const http = require('node:http');
const { Agent, setGlobalDispatcher } = require(process.argv[2]);

class Counting extends Agent {
  count = 0;
  dispatch(options, handler) {
    this.count += 1;
    return super.dispatch(options, handler);
  }
}
const server = http.createServer((_request, response) => response.end('ok'));
server.listen(0, '127.0.0.1', async () => {
  const dispatcher = new Counting();
  setGlobalDispatcher(dispatcher);
  await (await fetch(`http://127.0.0.1:${server.address().port}/`)).text();
  console.log(`Node ${process.versions.node.split('.')[0]}, ${process.argv[2]}: ${dispatcher.count} of 1 requests`);
  await dispatcher.close();
  server.close();
  server.closeAllConnections();
});
END

for node in node24 node26; do
  for undici in undici6 undici7; do
    timeout 60 "node_modules/$node/bin/node" try.js "$undici"
  done
done | tee seen
diff - seen <<'END'
Node 24, undici6: 1 of 1 requests
Node 24, undici7: 1 of 1 requests
Node 26, undici6: 0 of 1 requests
Node 26, undici7: 1 of 1 requests
END
