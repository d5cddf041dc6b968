#!/usr/bin/env bash
# Server-side apply of the Ruby client of Kubernetes, written as its README has it, sends the text of a Ruby object.
#
# Software:       Debian's ruby-kubeclient 4.9.3-2 (Debian 12, Ruby 3.1)
# Behaviour:      apply_config_map(Kubeclient::Resource) sends `"#<Kubeclient::Resource ...>"`, a JSON string; with a Hash it sends that, without the kind and
#                 apiVersion which create_config_map() adds: a server refuses both. force is true unless it is told.
# One would guess: the same object from create and apply, and that `force`, which takes the fields of others, is off as in the API and in kubectl.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q -o APT::Sandbox::User=root download ruby-kubeclient=4.9.3-2 ruby-{addressable,domain-name,ffi,ffi-compiler,http,http-accept,http-cookie} \
  ruby-{http-form-data,http-parser,jsonpath,mime-types,mime-types-data,multi-json,netrc,public-suffix,recursive-open-struct,rest-client,unf,unf-ext} \
  ruby3.1 libruby3.1 libyaml-0-2 rake > /dev/null
for package in *.deb; do dpkg -x "$package" .; done

cat > server.js <<'END'
const { createServer } = require('node:http');

const verbs = ['create', 'get', 'patch'];
const resources = [{ name: 'configmaps', singularName: 'configmap', namespaced: true, kind: 'ConfigMap', verbs }];
const server = createServer(async (request, response) => {
  const { pathname, search } = new URL(request.url, 'http://h');
  let body = '';
  for await (const piece of request.setEncoding('utf8')) body += piece;
  if (body) console.log(`${request.method} ${pathname}${search}: ${body}`);
  response.setHeader('content-type', 'application/json');
  response.end(body || JSON.stringify({ kind: 'APIResourceList', groupVersion: 'v1', resources }));
});
server.listen(0, '127.0.0.1', () => require('node:fs').writeFileSync('port', String(server.address().port)));
setTimeout(() => process.exit(), 40_000);
END

cat > client.rb <<'END'
require 'kubeclient'

client = Kubeclient::Client.new("http://127.0.0.1:#{ARGV[0]}/api", 'v1')
hash = { metadata: { name: 'c', namespace: 'default' }, data: { a: 'b' } }
resource = Kubeclient::Resource.new(hash)
client.create_config_map(resource)
client.apply_config_map(resource, field_manager: 'm')
client.apply_config_map(hash, field_manager: 'm')
END

timeout 60 node server.js > seen &
while [ ! -s port ]; do sleep 0.1; done
root=$dir/usr/lib
export LD_LIBRARY_PATH=$root/x86_64-linux-gnu
RUBYLIB=$(find "$dir/usr/share/rubygems-integration" "$root/x86_64-linux-gnu/rubygems-integration" -path '*/gems/*' -name lib -maxdepth 6 | paste -sd:)
for folder in ruby/{vendor_ruby,3.1.0} x86_64-linux-gnu/ruby/{vendor_ruby,vendor_ruby/3.1.0,3.1.0} \
  x86_64-linux-gnu/rubygems-integration/3.1.0/extensions/x86_64-linux/3.1.0/ffi-1.15.5; do
  RUBYLIB=$RUBYLIB:$root/$folder
done
export RUBYLIB
timeout 60 usr/bin/ruby3.1 --disable-gems client.rb "$(cat port)"
kill $!
cat seen
diff - seen <<'END'
POST /api/v1/namespaces/default/configmaps: {"metadata":{"name":"c","namespace":"default"},"data":{"a":"b"},"kind":"ConfigMap","apiVersion":"v1"}
PATCH /api/v1/namespaces/default/configmaps/c?fieldManager=m&force=true: "#<Kubeclient::Resource metadata={:name=>\"c\", :namespace=>\"default\"}, data={:a=>\"b\"}>"
PATCH /api/v1/namespaces/default/configmaps/c?fieldManager=m&force=true: {"metadata":{"name":"c","namespace":"default"},"data":{"a":"b"}}
END
