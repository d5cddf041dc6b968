#!/usr/bin/env bash
# tshark shows the first of several values of a SPDY header, and calls a GOAWAY for an internal error INVALID_STREAM.
#
# Software:       Debian's tshark 4.0.17-0+deb12u3 (Debian 12, x86-64); the dictionary of header blocks comes from spdy-transport 3.0.0
# Behaviour:      SPDY joins the values of one header by NUL bytes (SPDY/3 2.6.10); tshark cuts the text there, without a mark. GOAWAY's status 2
#                 (INTERNAL_ERROR, SPDY/3 2.6.6) is looked up among those of RST_STREAM for the summary.
# One would guess: all values, however joined. Cookies, Accept and Via seem to be lost on the way, and the server that failed seems to blame its peer.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund spdy-transport@3.0.0
options=(--recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances)
needed=$(apt-cache depends "${options[@]}" tshark | grep '^lib' | grep -vxE 'libc6|libcrypt1|libgcc-s1' | grep -v : | sort -u)
# shellcheck disable=SC2086
apt-get -q -o APT::Sandbox::User=root download tshark=4.0.17-0+deb12u3 wireshark-common=4.0.17-0+deb12u3 $needed > /dev/null
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH=$dir/usr/lib/x86_64-linux-gnu:$dir/lib/x86_64-linux-gnu HOME=$dir
export WIRESHARK_DATA_DIR=$dir/usr/share/wireshark

cat > frames.js <<'END'
const zlib = require('node:zlib');
const dictionaries = require('spdy-transport/lib/spdy-transport/protocol/spdy/dictionary.js');

const u32 = (number) => Buffer.from(number.toString(16).padStart(8, '0'), 'hex');
const control = (type, flags, ...body) => {
  const length = Buffer.concat(body).length;
  return Buffer.concat([Buffer.of(0x80, 3, 0, type), u32(flags * 2 ** 24 + length), ...body]);
};
const headers = {
  ':method': 'GET',
  ':path': '/',
  ':version': 'HTTP/1.1',
  ':host': 'a.example',
  ':scheme': 'http',
  accept: 'text/html\0text/plain',
};
const pairs = Object.entries(headers);
const strings = pairs.flat().flatMap((text) => [u32(text.length), Buffer.from(text)]);
const block = zlib.deflateSync(Buffer.concat([u32(pairs.length), ...strings]), {
  dictionary: dictionaries[3.1],
  finishFlush: zlib.constants.Z_SYNC_FLUSH,
});
const bytes = Buffer.concat([control(1, 1, u32(1), u32(0), Buffer.of(0, 0), block), control(7, 0, u32(0), u32(2))]);
console.log(`000000 ${bytes.toString('hex').replace(/../g, '$& ')}`); // as text2pcap reads it
END
node frames.js > frames.hex
usr/bin/text2pcap -q -T 40000,6121 frames.hex frames.pcap
usr/bin/tshark -r frames.pcap -d tcp.port==6121,spdy -O spdy 2> /dev/null | grep -oE 'Header: accept.*|SPDY: GOAWAY.*' | tee seen
diff - seen <<'END'
Header: accept: text/html
SPDY: GOAWAY Status=INVALID_STREAM)
END
