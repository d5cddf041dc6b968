#!/usr/bin/env bash
# A tar archive that breaks off between two entries is a good archive for everybody.
#
# Software:       GNU tar 1.34, tar 7.5.23 (npm, with `strict`), tar-stream 3.1.7
# Behaviour:      the format ends with two blocks of zeros, on which a reader need not insist. When the stream stops behind any complete entry instead, all three unpack what is there and report
#                 success. (Stopping within an entry is an error, so tests that cut in the middle find nothing.)
# One would guess: an unexpected end. Whoever pipes tar over a connection (kubectl cp, ssh, a socket) has to know by another way that all has come:
#                 the exit status of the other tar, or by looking for the two blocks.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund tar@7.5.23 tar-stream@3.1.7

mkdir in gnu npm
printf '%0600d' 1 > in/one
printf '%0600d' 2 > in/two
tar cf whole.tar -C in one two
head -c 1536 whole.tar > cut.tar # a header and two blocks of contents

{
  status=0
  tar xf cut.tar -C gnu 2> complaints || status=$?
  echo "tar: status $status, $(wc -c < complaints) bytes of complaints, $(ls gnu)"
} > seen
cat > try.js <<'END'
import { createReadStream, readdirSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { extract as extractStream } from 'tar-stream';

await extract({ file: 'cut.tar', cwd: 'npm', strict: true });
console.log(`node-tar: ${readdirSync('npm')}`);
const names = [];
const stream = extractStream();
stream.on('entry', (header, entry, next) => {
  names.push(header.name);
  entry.on('end', next).resume();
});
await pipeline(createReadStream('cut.tar'), stream);
console.log(`tar-stream: ${names}`);
END
timeout 60 node try.js >> seen
cat seen
diff - seen <<'END'
tar: status 0, 0 bytes of complaints, one
node-tar: one
tar-stream: one
END
