#!/usr/bin/env bash
# nghttp ends with exit status 0 when nobody listens, when the stream is reset and when the server is not HTTP/2.
#
# Software:       Debian's nghttp2-client 1.52.0-1+deb12u3 (Debian 12, x86-64), Node 20 or newer as the server
# Behaviour:      "Some requests were not processed. total=1, processed=0" is on stderr, the exit status is 0, as for an answer.
# One would guess: something else than 0, as curl has it (7, 92, 16): `nghttp -nv URL && echo ok`, as a health check writes it, is always ok.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
options=(--recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances)
needed=$(apt-cache depends "${options[@]}" nghttp2-client | grep '^lib' | grep -vxE 'libc6|libcrypt1|libgcc-s1' | grep -v : | sort -u)
# shellcheck disable=SC2086
apt-get -q -o APT::Sandbox::User=root download nghttp2-client=1.52.0-1+deb12u3 $needed > /dev/null 2>&1
for package in *.deb; do dpkg -x "$package" .; done

cat > try.mjs <<'END'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';

const listen = async (server) => (await once(server.listen(0, '127.0.0.1'), 'listening'), server.address().port);
const env = { LD_LIBRARY_PATH: ['usr/lib', 'lib'].map((folder) => `${process.cwd()}/${folder}/x86_64-linux-gnu`).join(':') };
const good = http2.createServer((_request, response) => response.end('good'));
const resets = http2.createServer().on('stream', (stream) => stream.on('error', () => {}).close(http2.constants.NGHTTP2_INTERNAL_ERROR));
const gone = net.createServer();
const gonePort = await listen(gone);
await new Promise((closed) => gone.close(closed));
const servers = {
  'an answer': await listen(good),
  'a reset stream': await listen(resets),
  'HTTP/1.1 only': await listen(http.createServer((_request, response) => response.end())),
  'nobody listens': gonePort,
};
for (const [title, port] of Object.entries(servers)) {
  await new Promise((done) => {
    execFile('usr/bin/nghttp', ['-n', `http://127.0.0.1:${port}/`], { env, timeout: 20_000 }, (error, _stdout, stderr) => {
      console.log(`${title}: exit status ${error ? error.code : 0}, ${stderr.trim().split('\n').at(-1) || 'no words'}`);
      done();
    });
  });
}
process.exit();
END

timeout 90 node try.mjs | tee seen
diff - seen <<'END'
an answer: exit status 0, no words
a reset stream: exit status 0, Some requests were not processed. total=1, processed=0
HTTP/1.1 only: exit status 0, Some requests were not processed. total=1, processed=0
nobody listens: exit status 0, Some requests were not processed. total=1, processed=0
END
