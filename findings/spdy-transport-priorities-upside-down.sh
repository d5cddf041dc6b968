#!/usr/bin/env bash
# spdy-transport sends the most important requests with the least urgent priority of SPDY.
#
# Software:       spdy-transport 3.0.0
# Behaviour:      priorities are given as weights of HTTP/2 (1 to 256, the heaviest gets most). On the wire weight 1 becomes priority 0, which is
#                 the most urgent one in SPDY, and weight 36 to 256 priority 7, the least urgent. In SPDY/2, which has two bits for it, the number
#                 is shifted as if it had three: weight 16 (3 of 7) arrives as 1.
# One would guess: that a heavier weight is a lower number, for whoever sits at the other end sends lower numbers first.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund spdy-transport@3.0.0

cat > try.js <<'END'
const { once } = require('node:events');
const net = require('node:net');
const transport = require('spdy-transport');

const weights = [1, 16, 36, 256];

/** The third 32-bit word of a SYN_STREAM begins with its priority: 2 bits in SPDY/2, 3 bits in SPDY/3. */
function prioritiesIn(bytes, bits) {
  const found = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const isSynStream = bytes[at] >= 0x80 && bytes.readUInt16BE(at + 2) === 1;
    if (isSynStream && at + 17 <= bytes.length) found.push(bytes[at + 16] >> (8 - bits));
    at += 8 + bytes.readUIntBE(at + 5, 3);
  }
  return found;
}

async function main() {
  for (const [version, bits] of [[2, 2], [3, 3], [3.1, 3]]) {
    const server = net.createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const socket = net.connect(server.address().port, '127.0.0.1');
    const [peer] = await once(server, 'connection');
    const connection = transport.connection.create(socket, { protocol: 'spdy', isServer: false });
    connection.on('error', () => {});
    connection.start(version);
    for (const weight of weights) {
      const priority = { parent: 0, exclusive: false, weight };
      connection.request({ method: 'GET', path: '/', host: 'localhost', headers: {}, priority }, () => {});
    }
    let bytes = Buffer.alloc(0);
    for await (const chunk of peer) {
      bytes = Buffer.concat([bytes, chunk]);
      if (prioritiesIn(bytes, bits).length === weights.length) break;
    }
    console.log(`SPDY/${version}: weights ${weights}: priorities ${prioritiesIn(bytes, bits)}`);
    socket.destroy();
    server.close();
  }
}
main();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
SPDY/2: weights 1,16,36,256: priorities 0,1,3,3
SPDY/3: weights 1,16,36,256: priorities 0,3,7,7
SPDY/3.1: weights 1,16,36,256: priorities 0,3,7,7
END
