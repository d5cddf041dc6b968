#!/usr/bin/env bash
# Server-side apply of the dynamic client that Debian 12 has for Python never asks the server.
#
# Software:       Debian's python3-kubernetes 22.6.0-2 (Debian 12, Python 3.11)
# Behaviour:      DynamicClient.server_side_apply() serializes the body as it does a patch and hands it to a transport which takes objects for JSON content
#                 types only: an exception with status 0, "Cannot prepare a request message", and no request. The same as text, with the name beside it, is sent.
# One would guess: that a public method does what it is called for with the dict that create() and patch() of the same class take.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q -o APT::Sandbox::User=root download python3-kubernetes=22.6.0-2 python3-{cachetools,certifi,dateutil,google-auth,idna,chardet,oauthlib} \
  python3-{pyasn1,pyasn1-modules,requests,requests-oauthlib,rsa,six,urllib3,websocket,yaml} > /dev/null
for package in *.deb; do dpkg -x "$package" .; done

cat > server.js <<'END'
const { createServer } = require('node:http');

const verbs = ['create', 'get', 'patch'];
const answers = {
  '/version': { major: '1', minor: '33' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [{ name: 'configmaps', singularName: 'configmap', namespaced: true, kind: 'ConfigMap', verbs }],
  },
};
const server = createServer(async (request, response) => {
  const { pathname, search } = new URL(request.url, 'http://h');
  let body = '';
  for await (const piece of request.setEncoding('utf8')) body += piece;
  if (body) console.log(`server: ${request.method} ${search} with ${request.headers['content-type']}: ${body}`);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answers[pathname] ?? JSON.parse(body)));
});
server.listen(0, '127.0.0.1', () => require('node:fs').writeFileSync('port', String(server.address().port)));
setTimeout(() => process.exit(), 40_000);
END

cat > client.py <<'END'
import json, sys
from kubernetes import client, dynamic

config = client.Configuration()
config.host = 'http://127.0.0.1:' + sys.argv[1]
api = dynamic.DynamicClient(client.ApiClient(config)).resources.get(api_version='v1', kind='ConfigMap')
body = {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'c'}}
for told, call in [
    ('create()', lambda: api.create(body, namespace='default')),
    ('server_side_apply()', lambda: api.server_side_apply(body, namespace='default', field_manager='m')),
    ('server_side_apply() of text', lambda: api.server_side_apply(json.dumps(body), name='c', namespace='default', field_manager='m')),
]:
    try:
        call()
        print(f'client: {told} returns', flush=True)
    except Exception as error:
        print(f'client: {told} raises {" ".join(error.reason.split())}', flush=True)
END

timeout 60 node server.js >> seen &
while [ ! -s port ]; do sleep 0.1; done
PYTHONPATH=$dir/usr/lib/python3/dist-packages timeout 60 /usr/bin/python3 client.py "$(cat port)" >> seen 2>&1
kill $!
cat seen
diff - seen <<'END'
server: POST  with application/json: {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
client: create() returns
client: server_side_apply() raises Cannot prepare a request message for provided arguments. Please check that your arguments match declared content type.
server: PATCH ?fieldManager=m with application/apply-patch+yaml: {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
client: server_side_apply() of text returns
END
