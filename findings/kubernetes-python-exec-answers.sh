#!/usr/bin/env bash
# What a command in a pod prints, as Python's client of Kubernetes returns it: JSON becomes the text of a Python object, and a failure is not told.
#
# Software:       Debian's python3-kubernetes 22.6.0-2 (Debian 12, Python 3.11), ws 8.23.0 as the server
# Behaviour:      stream(connect_get_namespaced_pod_exec, ...) reads the output as a JSON answer of the API and returns str() of what it read: quotes turn
#                 single, true is True, 1.50 is 1.5, a repeated key is gone; output that is no JSON stays. An exit code other than 0 is neither returned nor raised.
# One would guess: the bytes that the command wrote, and an exception when it failed. json.loads() of the result of `cat settings.json` throws;
#                 `_preload_content=False` gives both the text and the exit code.
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
import { WebSocketServer } from 'ws';

const OUTPUT = { json: '{"tls": true, "ratio": 1.50, "name": "a", "name": "b"}', text: 'tls is on', fails: 'half of it' };
const FAILED = { status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '3' }] } };
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'v4.channel.k8s.io' });
await once(server, 'listening');
console.log(server.address().port);
server.on('connection', (socket, { url }) => {
  const command = new URL(url, 'ws://pod').searchParams.get('command');
  socket.send(Buffer.from(`\x01${OUTPUT[command]}`));
  socket.send(Buffer.from(`\x03${JSON.stringify(command === 'fails' ? FAILED : { status: 'Success' })}`));
  socket.close();
});
setTimeout(() => process.exit(), 30_000);
END

cat > client.py <<'END'
import sys
from kubernetes import client
from kubernetes.stream import stream

config = client.Configuration()
config.host = 'http://127.0.0.1:' + sys.argv[1]
for command in ['json', 'text', 'fails']:
    api = client.CoreV1Api(client.ApiClient(config))
    run = lambda **more: stream(api.connect_get_namespaced_pod_exec, 'p', 'default', command=command, stdout=True, stderr=True, **more)
    answer = run(_preload_content=False)
    answer.run_forever(timeout=10)
    print(f'{command}: printed  {answer.read_stdout()} (exit code {answer.returncode})')
    print(f'{command}: returned {run()}')
END

exec 3< <(timeout 60 node server.js)
read -r port <&3
PYTHONPATH=$dir/usr/lib/python3/dist-packages timeout 60 /usr/bin/python3 client.py "$port" | tee seen
diff - seen <<'END'
json: printed  {"tls": true, "ratio": 1.50, "name": "a", "name": "b"} (exit code 0)
json: returned {'tls': True, 'ratio': 1.5, 'name': 'b'}
text: printed  tls is on (exit code 0)
text: returned tls is on
fails: printed  half of it (exit code 3)
fails: returned half of it
END
