#!/usr/bin/env bash
# The shortest header of the PROXY protocol, `PROXY UNKNOWN`, is refused, although every receiver has to take it.
#
# Software:       proxy-protocol-js 4.0.6
# Behaviour:      V1ProxyProtocol.parse() wants two addresses and two ports behind UNKNOWN as behind TCP4. Without them ("PROXY UNKNOWN\r\n", as proxies send it
#                 for their own health checks and for clients of a unix socket) it throws.
# One would guess: from the text of the protocol (2.1), which has this very line as its example of a connection without addresses, that it is parsed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund proxy-protocol-js@4.0.6

cat > try.js <<'END'
const { V1ProxyProtocol } = require('proxy-protocol-js');

for (const line of ['PROXY TCP4 192.0.2.1 192.0.2.2 5000 443', 'PROXY UNKNOWN 2001:db8::1 2001:db8::2 5000 443', 'PROXY UNKNOWN']) {
  try {
    const { inetProtocol, data } = V1ProxyProtocol.parse(`${line}\r\nGET /`);
    console.log(`${line}: ${inetProtocol}, then '${data}'`);
  } catch (error) {
    console.log(`${line}: throws, ${error.message}`);
  }
}
END

node try.js | tee seen
diff - seen <<'END'
PROXY TCP4 192.0.2.1 192.0.2.2 5000 443: TCP4, then 'GET /'
PROXY UNKNOWN 2001:db8::1 2001:db8::2 5000 443: UNKNOWN, then 'GET /'
PROXY UNKNOWN: throws, given data isn't suitable for V1 PROXY protocols definition
END
