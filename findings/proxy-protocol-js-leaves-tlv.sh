#!/usr/bin/env bash
# What follows the addresses in a PROXY v2 header is handed to the application as if the client had sent it.
#
# Software:       proxy-protocol-js 4.0.6
# Behaviour:      V2ProxyProtocol.parse() splits a header from the data behind it. With TLVs in the header (haproxy sends them for `proxy-v2-options`,
#                 `alpn`; AWS for its endpoints) it takes the addresses, overlooks the length that the header has for all of it, and puts the TLVs in front of the data.
# One would guess: that the 16-bit length decides where the header ends. Without TLVs all is well, so the first tests pass.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund proxy-protocol-js@4.0.6

cat > try.js <<'END'
const { V2ProxyProtocol } = require('proxy-protocol-js');

function header(tlvs) {
  const addresses = [127, 0, 0, 1, 127, 0, 0, 2, 0x1f, 0x90, 0x01, 0xbb];
  const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
  return Buffer.concat([signature, Buffer.from([0x21, 0x11, 0, 12 + tlvs.length, ...addresses]), tlvs]);
}

const alpn = Buffer.concat([Buffer.from([0x01, 0, 8]), Buffer.from('spdy/3.1')]);
for (const [name, tlvs] of [['no TLV', Buffer.alloc(0)], ['ALPN TLV', alpn]]) {
  const { data } = V2ProxyProtocol.parse(Buffer.concat([header(tlvs), Buffer.from('hello')]));
  console.log(`${name}: ${JSON.stringify(Buffer.from(data).toString('latin1'))}`);
}
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
no TLV: "hello"
ALPN TLV: "\u0001\u0000\bspdy/3.1hello"
END
