#!/usr/bin/env bash
# Two files with different names become one when node-tar unpacks them, and nothing says so.
#
# Software:       tar 7.5.23 (npm), with an archive of any tar
# Behaviour:      names in an archive are decoded as UTF-8. Bytes that are none, as in names of Latin-1 times (caf\xe8, caf\xe9), become U+FFFD each, so that
#                 different names become the same one and the second file replaces the first. No warning, not even with `strict: true`.
# One would guess: bytes as they are (GNU tar, and Node's fs with Buffers), or an error when a name cannot be kept.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund tar@7.5.23

mkdir in gnu npm
printf one > "in/$(printf 'caf\350')"
printf two > "in/$(printf 'caf\351')"
tar cf both.tar -C in .
tar xf both.tar -C gnu
cat > try.js <<'END'
import { readdirSync } from 'node:fs';
import { extract } from 'tar';

const warnings = [];
await extract({ file: 'both.tar', cwd: 'npm', strict: true, onwarn: (code) => warnings.push(code) });
const count = (folder) => readdirSync(folder, 'buffer').length;
console.log(`packed ${count('in')}, by tar ${count('gnu')}, by node-tar ${count('npm')}, warnings ${warnings.length}`);
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
packed 2, by tar 2, by node-tar 1, warnings 0
END
