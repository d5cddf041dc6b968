#!/usr/bin/env bash
# A certificate that selfsigned makes for 127.0.0.1 is not one for 127.0.0.1.
#
# Software:       selfsigned 5.5.0, node:https of Node 20 or newer
# Behaviour:      generate([{ name: 'commonName', value: '127.0.0.1' }]) writes the alternative name as DNS:127.0.0.1, with ::1 as DNS:::1. Clients look for
#                 addresses among the IP names only: ERR_TLS_CERT_ALTNAME_INVALID. For localhost it adds IP 127.0.0.1 by itself, not ::1.
# One would guess: an IP name for an address, as mkcert writes it, or no alternative name. The certificate reads right wherever it is shown.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund selfsigned@5.5.0

cat > try.js <<'END'
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import { generate } from 'selfsigned';

for (const [name, address] of [['127.0.0.1', '127.0.0.1'], ['localhost', '127.0.0.1']]) {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }]);
  const server = https.createServer({ key, cert }, (_request, response) => response.end());
  await once(server.listen(0, address), 'listening');
  const request = https.get({ host: address, port: server.address().port, ca: cert, agent: false });
  const outcome = await once(request, 'response').then(([response]) => response.resume().statusCode, ({ code }) => code);
  console.log(`commonName ${name}: ${new X509Certificate(cert).subjectAltName}; https to ${address}: ${outcome}`);
  server.close();
}
const { cert } = await generate([{ name: 'commonName', value: '::1' }]);
console.log(`commonName ::1: ${new X509Certificate(cert).subjectAltName}; good for address ::1: ${new X509Certificate(cert).checkIP('::1') ?? 'no'}`);
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
commonName 127.0.0.1: DNS:127.0.0.1; https to 127.0.0.1: ERR_TLS_CERT_ALTNAME_INVALID
commonName localhost: DNS:localhost, IP Address:127.0.0.1; https to 127.0.0.1: 200
commonName ::1: DNS:::1; good for address ::1: no
END
