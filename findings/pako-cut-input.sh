#!/usr/bin/env bash
# pako 2 gives `undefined` for compressed data that is cut, and no error; pako 3 throws.
#
# Software:       pako 2.1.0 (the newest 2) and 3.0.3, Node 20 or newer
# Behaviour:      inflate() and ungzip() of pako 2 return undefined for input that ends too early; of an Inflate, push(chunk, true) is true and `err` 0, and
#                 only `ended` and `result` show it. For input that is wrong it throws a string: no message, no stack, not an Error.
# One would guess: Z_BUF_ERROR ("buffer error"), as from pako 1 and node:zlib. A cut file looks like a missing one, `?? []` makes it an empty one, and a
#                 TypeError comes from elsewhere.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund pako2@npm:pako@2.1.0 pako3@npm:pako@3.0.3

cat > try.js <<'END'
import zlib from 'node:zlib';
import * as pako2 from 'pako2';
import * as pako3 from 'pako3';

const whole = zlib.deflateSync(Buffer.from('hello '.repeat(100)));
const cut = whole.subarray(0, -6);
const wrong = Buffer.from('this is not compressed');
const result = (call) => {
  try {
    return String(call());
  } catch (error) {
    return error instanceof Error ? `throws an Error: ${error.code ?? error.message}` : `throws a ${typeof error}: ${error}`;
  }
};
console.log('cut, node:zlib:', result(() => zlib.inflateSync(cut)));
for (const [name, { inflate, Inflate }] of Object.entries({ pako2, pako3 })) {
  console.log(`cut, ${name}:`, result(() => inflate(cut)));
  const stream = new Inflate();
  console.log(`cut, ${name}, Inflate: push() is ${stream.push(cut, true)}, err ${stream.err}, msg '${stream.msg}'`);
  console.log(`wrong, ${name}:`, result(() => inflate(wrong)));
}
END

node try.js | tee seen
diff - seen <<'END'
cut, node:zlib: throws an Error: Z_BUF_ERROR
cut, pako2: undefined
cut, pako2, Inflate: push() is true, err 0, msg ''
wrong, pako2: throws a string: incorrect header check
cut, pako3: throws an Error: buffer error
cut, pako3, Inflate: push() is false, err -5, msg 'buffer error'
wrong, pako3: throws an Error: incorrect header check
END
