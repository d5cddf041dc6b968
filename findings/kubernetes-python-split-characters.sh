#!/usr/bin/env bash
# A letter that arrives in two pieces is two question marks for Python's client of Kubernetes when it runs a command, and an exception when it watches.
#
# Software:       Debian's python3-kubernetes 22.6.0-2 (Debian 12, Python 3.11), ws 8.23.0 and Node 20 or newer as the server
# Behaviour:      stream() decodes each message of an exec by itself, with errors "replace": a letter of two bytes on the border of two messages becomes two
#                 U+FFFD, with and without _preload_content. Watch().stream() decodes each chunk of the answer by itself: UnicodeDecodeError ends the watch.
# One would guess: that a border between messages means nothing, as with Python's own incremental decoders, or bytes. Both work for months with English, and a
#                 file that is read by `cat` is other bytes now and then, where the kubelet happens to cut it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund ws@8.23.0
apt-get -q -o APT::Sandbox::User=root download python3-kubernetes=22.6.0-2 python3-{cachetools,certifi,dateutil,google-auth,idna,chardet,oauthlib} \
  python3-{pyasn1,pyasn1-modules,requests,requests-oauthlib,rsa,six,urllib3,websocket,yaml} > /dev/null
for package in *.deb; do dpkg -x "$package" .; done

cat > server.js <<'END'
import { once } from 'node:events';
import http from 'node:http';
import { WebSocketServer } from 'ws';

const halves = (text, at = Buffer.from(text.split('ß')[0]).length + 1) => [Buffer.from(text).subarray(0, at), Buffer.from(text).subarray(at)];
const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a', annotations: { note: 'größe' } } };
const server = http.createServer(async (_request, response) => {
  const [first, second] = halves(`${JSON.stringify({ type: 'ADDED', object: pod })}\n`);
  response.setHeader('content-type', 'application/json');
  await new Promise((written) => response.write(first, written)); // the chunks of the answer are what the client sees, whenever they arrive
  response.end(second);
});
const sockets = new WebSocketServer({ noServer: true, handleProtocols: ([first]) => first });
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (client) => {
    for (const half of halves('größe 5 €')) client.send(Buffer.concat([Buffer.of(1), half]));
    client.send(Buffer.from('\x03{"status":"Success"}'));
    client.close();
  });
});
await once(server.listen(0, '127.0.0.1'), 'listening');
console.log(server.address().port);
setTimeout(() => process.exit(), 30_000);
END

cat > client.py <<'END'
import sys
from kubernetes import client, watch
from kubernetes.stream import stream

config = client.Configuration()
config.host = 'http://127.0.0.1:' + sys.argv[1]
for preload in [True, False]:
    api = client.CoreV1Api(client.ApiClient(config))
    answer = stream(api.connect_get_namespaced_pod_exec, 'p', 'default', command='cat', stdout=True, stderr=True, _preload_content=preload)
    if not preload:
        answer.run_forever(timeout=10)
        answer = answer.read_stdout()
    print(f'exec, _preload_content={preload}:', ascii(answer))
try:
    for event in watch.Watch().stream(client.CoreV1Api(client.ApiClient(config)).list_namespaced_pod, 'default', timeout_seconds=1):
        print('watch:', ascii(event['object'].metadata.annotations))
        break
except UnicodeDecodeError as error:
    print('watch:', type(error).__name__, error.reason)
END

exec 3< <(timeout 60 node server.js)
read -r port <&3
PYTHONPATH=$dir/usr/lib/python3/dist-packages timeout 60 /usr/bin/python3 client.py "$port" | tee seen
diff - seen <<'END'
exec, _preload_content=True: 'gr\xf6\ufffd\ufffde 5 \u20ac'
exec, _preload_content=False: 'gr\xf6\ufffd\ufffde 5 \u20ac'
watch: UnicodeDecodeError unexpected end of data
END
