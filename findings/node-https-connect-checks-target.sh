#!/usr/bin/env bash
# A CONNECT request to a proxy that speaks TLS asks the proxy for the certificate of the target.
#
# Software:       node:https of Node 24.21.0 (20 and 22 do the same) and 26.10.0
# Behaviour:      https.request() takes the name for SNI and for the check of the certificate from the field Host, if there is one, and not
#                 from the option `host`. RFC 9110 9.3.6 wants Host to name the target of the CONNECT, so a correct request ends with
#                 ERR_TLS_CERT_ALTNAME_INVALID. Node 26 fills in Host from `path` by itself, so that a request without fields fails, too.
#                 The option `servername` mends it everywhere.
# One would guess: that TLS is with the peer that `host` names, since its certificate is at stake.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund selfsigned@5.5.0 node24@npm:node@24.21.0 node26@npm:node@26.10.0

cat > try.js <<'END'
import { once } from 'node:events';
import https from 'node:https';
import { generate } from 'selfsigned';

const extensions = [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }];
const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { extensions });
let sni;
const SNICallback = (name, done) => {
  sni = name;
  done(null);
};
const proxy = https.createServer({ key, cert, SNICallback });
proxy.on('connect', (_request, socket) => socket.on('error', () => {}).end('HTTP/1.1 200 OK\r\n\r\n'));
await once(proxy.listen(0), 'listening');

const path = 'target.test:443';
const headers = { host: path };
for (const [name, more] of Object.entries({
  'no Host given': {},
  'Host: target.test:443': { headers },
  'Host and servername': { headers, servername: 'localhost' },
})) {
  const { port } = proxy.address();
  const request = https.request({ host: 'localhost', port, ca: cert, method: 'CONNECT', path, agent: false, ...more });
  const outcome = await new Promise((done) => {
    request.on('connect', ({ statusCode }, socket) => done(socket.destroy() && statusCode));
    request.on('error', ({ code }) => done(code));
    request.end();
  });
  console.log(`${name}: SNI ${sni}, ${outcome}`);
}
proxy.closeAllConnections();
proxy.close();
END

for name in node24 node26; do
  echo "$name"
  timeout 60 "node_modules/$name/bin/node" try.js
done | tee seen
diff - seen <<'END'
node24
no Host given: SNI localhost, 200
Host: target.test:443: SNI target.test, ERR_TLS_CERT_ALTNAME_INVALID
Host and servername: SNI localhost, 200
node26
no Host given: SNI target.test, ERR_TLS_CERT_ALTNAME_INVALID
Host: target.test:443: SNI target.test, ERR_TLS_CERT_ALTNAME_INVALID
Host and servername: SNI localhost, 200
END
