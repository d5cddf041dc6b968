#!/usr/bin/env bash
# A unix socket with a long path listens under another name.
#
# Software:       Node 20.20.2 and 24.15.0, by the npm package `node`, Linux x86-64
# Behaviour:      Node 20 (22 too) cuts the path behind 107 bytes and listens there: `address()` tells the whole path, a client of Node with the same path
#                 gets a connection as its path is cut alike, and there is no file of that name: chmod() of it, curl or nginx fail. Another long path with
#                 the same beginning is EADDRINUSE. Node 24 answers EINVAL.
# One would guess: an error at once (the system's limit is 108 bytes with the NUL), as from Node 24. Long paths are common: sockets in folders of tests, of
#                 containers and of kubelets with their UIDs.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund old@npm:node@20.20.2 new@npm:node@24.15.0 > /dev/null

cat > try.js <<'END'
const { chmodSync, mkdirSync } = require('node:fs');
const { once } = require('node:events');
const net = require('node:net');
const path = require('node:path');

const deep = path.join(process.cwd(), 'folder'.repeat(20));
mkdirSync(deep, { recursive: true });
const outcome = (work) => work.then(() => 'well', ({ code }) => code);
const listen = (name) => outcome(once(net.createServer().listen(path.join(deep, name)), 'listening'));

async function main() {
  const seen = [`listen ${await listen('one.sock')}`];
  if (seen[0] === 'listen well') {
    seen.push(`connect ${await outcome(once(net.connect(path.join(deep, 'one.sock')), 'connect'))}`);
    seen.push(`chmod ${await outcome((async () => chmodSync(path.join(deep, 'one.sock'), 0o600))())}`);
    seen.push(`listen on another ${await listen('two.sock')}`);
  }
  console.log(`Node ${process.version.slice(1, 3)}: ${seen.join(', ')}`);
  process.exit();
}
main();
END

for version in old new; do timeout 60 "node_modules/$version/bin/node" try.js; done | tee seen
diff - seen <<'END'
Node 20: listen well, connect well, chmod ENOENT, listen on another EADDRINUSE
Node 24: listen EINVAL
END
