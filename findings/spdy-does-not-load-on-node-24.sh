#!/usr/bin/env bash
# The package `spdy`, still installed by webpack-dev-server 4 and restify, cannot even be loaded on a current Node.
#
# Software:       spdy 4.0.2 on Node 22.23.3, 24.21.0 and 26.10.0
# Behaviour:      require('spdy') works on Node 22, with a warning (DEP0111). On Node 24.21.0 and 26 it throws "No such module: http_parser",
#                 since http-deceiver below it takes process.binding('http_parser') while it is loaded, also where only a client or SPDY over
#                 plain TCP is wanted.
# One would guess: from its 'engines' (node >= 6) that it loads, and that features fail when they are used.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund spdy@4.0.2 node22@npm:node@22.23.3 node24@npm:node@24.21.0 node26@npm:node@26.10.0

for node in node22 node24 node26; do
  timeout 60 "node_modules/$node/bin/node" --no-deprecation -e "
    let outcome = 'loads';
    try { require('spdy'); } catch (error) { outcome = error.message; }
    console.log('$node', require('spdy/package.json').engines.node, outcome)"
done | tee seen
diff - seen <<'END'
node22 >=6.0.0 loads
node24 >=6.0.0 No such module: http_parser
node26 >=6.0.0 No such module: http_parser
END
