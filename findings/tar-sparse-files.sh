#!/usr/bin/env bash
# A file with holes, packed by `tar --sparse`, is missing or another file for two libraries of npm, and neither says so.
#
# Software:       tar 7.5.23 (with `strict`) and tar-stream 3.2.2 (npm), archives of GNU tar 1.34
# Behaviour:      in the GNU format the entry has a type of its own: node-tar unpacks nothing, tar-stream hands out the pieces without the holes, type null. In
#                 the POSIX format (--format=posix) both give a file GNUSparseFile.<pid>/<name>, whose content is a table of the pieces, then the pieces.
# One would guess: the file, as GNU tar, Go and Python's tarfile give it, or an error or warning. `tar -S` is usual for disk images, data bases, logs.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund tar@7.5.23 tar-stream@3.2.2
node -e "
  const file = require('node:fs').openSync('image', 'w');
  require('node:fs').writeSync(file, 'in the middle', 500_000);
  require('node:fs').ftruncateSync(file, 1_048_576)"
tar --format=gnu -cSf gnu.tar image
tar --format=posix -cSf posix.tar image

cat > try.js <<'END'
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { extract } from 'tar';
import { extract as extractStream } from 'tar-stream';

const bare = (name) => name.replace(/GNUSparseFile\.\d+/, 'GNUSparseFile.N').replace(/^\.\//, '');
function list(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile());
  return files.map((name) => `${bare(name)}, ${statSync(join(folder, name)).size} bytes`).join() || 'nothing';
}
for (const format of ['gnu', 'posix']) {
  for (const by of ['tar', 'npm']) mkdirSync(`${format}-${by}`);
  execFileSync('tar', ['xf', `${format}.tar`, '-C', `${format}-tar`]);
  console.log(`${format}, GNU tar: ${list(`${format}-tar`)}`);
  const warnings = [];
  await extract({ file: `${format}.tar`, cwd: `${format}-npm`, strict: true, onwarn: (code) => warnings.push(code) });
  console.log(`${format}, node-tar: ${list(`${format}-npm`)}, ${warnings.length} warnings`);
  for await (const entry of createReadStream(`${format}.tar`).pipe(extractStream())) {
    let length = 0;
    for await (const chunk of entry) length += chunk.length;
    console.log(`${format}, tar-stream: ${bare(entry.header.name)}, ${length} bytes, type ${entry.header.type}`);
  }
}
END

node try.js | tee seen
diff - seen <<'END'
gnu, GNU tar: image, 1048576 bytes
gnu, node-tar: nothing, 0 warnings
gnu, tar-stream: image, 4096 bytes, type null
posix, GNU tar: image, 1048576 bytes
posix, node-tar: GNUSparseFile.N/image, 4608 bytes, 0 warnings
posix, tar-stream: GNUSparseFile.N/image, 4608 bytes, type file
END
