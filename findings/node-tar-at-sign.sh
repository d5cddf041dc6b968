#!/usr/bin/env bash
# A file whose name begins with an at sign cannot be packed by its name with node-tar.
#
# Software:       tar 7.5.23 (npm)
# Behaviour:      in the list of files of create() an entry '@NAME' means "the entries of the archive NAME" and the sign is taken off. What readdir()
#                 gives can therefore not be handed on: with a file '@types' the call fails with ENOENT for 'types', and where an archive 'types'
#                 stands beside it, that is unpacked into the new one instead. './@types' means the file.
# One would guess: that an array of names is an array of names: this is a syntax for command lines (bsdtar has it).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund tar@7.5.23

cat > try.js <<'END'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import * as tar from 'tar';

async function pack(names) {
  try {
    await tar.create({ cwd: 'in', file: 'out.tar' }, names);
  } catch (error) {
    return error.code;
  }
  const packed = [];
  await tar.list({ file: 'out.tar', onReadEntry: (entry) => packed.push(entry.path) });
  return packed.join(' ');
}

mkdirSync('in');
writeFileSync('in/@types', 'a file');
writeFileSync('in/plain', 'a file');
const names = readdirSync('in');
console.log(`${names}: ${await pack(names)}`);
writeFileSync('inner', '');
await tar.create({ file: 'in/types' }, ['inner']);
console.log(`${names}, beside an archive: ${await pack(names)}`);
console.log(`./@types: ${await pack(['./@types'])}`);
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
@types,plain: ENOENT
@types,plain, beside an archive: inner plain
./@types: ./@types
END
