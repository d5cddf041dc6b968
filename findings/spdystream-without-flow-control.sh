#!/usr/bin/env bash
# spdystream, on which Kubernetes and Docker speak SPDY/3.1, has no flow control, and does not look at SETTINGS.
#
# Software:       Debian's golang-github-docker-spdystream-dev 0.2.0-1 (moby/spdystream of that version; Debian 12), Go 1.19 (the command `go` must be there:
#                 Debian's golang-go), Node 20 or newer as the other side
# Behaviour:      a stream sends 1 MiB to a peer that has opened no window beyond the 64 KiB of the beginning, and a second stream is opened for one that has
#                 allowed a single one by SETTINGS. As a receiver it gives no WINDOW_UPDATE when all 64 KiB have been read: the peer may send no more.
# One would guess: the windows of SPDY/3 2.6.8 and MAX_CONCURRENT_STREAMS of 2.6.4, from a library that calls itself SPDY/3.1. Two of the same kind
#                 understand each other; a complete implementation at one end ends the connection, or waits.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund spdy-transport@3.0.0 # for the dictionary of header blocks
apt-get -q -o APT::Sandbox::User=root download golang-github-docker-spdystream-dev=0.2.0-1 > /dev/null
for package in *.deb; do dpkg -x "$package" .; done

cat > main.go <<'END'
package main

import (
	"io"
	"net"
	"net/http"
	"os"

	"github.com/docker/spdystream"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	socket, err := net.Dial("tcp", os.Args[1])
	check(err)
	connection, err := spdystream.NewConnection(socket, false)
	check(err)
	go connection.Serve(spdystream.NoOpStreamHandler)
	stream, err := connection.CreateStream(http.Header{}, nil, false)
	check(err)
	check(stream.Wait())
	_, err = connection.CreateStream(http.Header{}, nil, false)
	check(err)
	_, err = stream.Write(make([]byte, 1<<20))
	check(err)
	_, err = io.ReadFull(stream, make([]byte, 65536))
	check(err)
	_, err = connection.Ping() // behind whatever it had to say
	check(err)
}
END
GOCACHE=$dir/cache GO111MODULE=off GOFLAGS='' GOPATH=$dir/usr/share/gocode go build -o by-go main.go

cat > try.js <<'END'
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { promisify } from 'node:util';
import { constants, deflateSync } from 'node:zlib';
import dictionaries from 'spdy-transport/lib/spdy-transport/protocol/spdy/dictionary.js';

const NAMES = { 1: 'SYN_STREAM', 6: 'PING', 9: 'WINDOW_UPDATE' };
const u32 = (...numbers) => Buffer.from(numbers.map((number) => number.toString(16).padStart(8, '0')).join(''), 'hex');
const noHeaders = deflateSync(u32(0), { dictionary: dictionaries[3.1], finishFlush: constants.Z_SYNC_FLUSH });
const seen = { SYN_STREAM: 0, 'bytes of DATA': 0, WINDOW_UPDATE: 0, PING: 0 };
const server = net.createServer((socket) => {
  let bytes = Buffer.alloc(0);
  socket.write(u32(0x80030004, 12, 1, 4, 1)); // SETTINGS: one stream at a time
  socket.on('error', () => {}).on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 8 && bytes.length >= 8 + bytes.readUIntBE(5, 3)) {
      const [first, length] = [bytes.readUInt32BE(0), bytes.readUIntBE(5, 3)];
      const frame = bytes.subarray(0, 8 + length);
      bytes = bytes.subarray(8 + length);
      if (first < 0x80000000) seen['bytes of DATA'] += length;
      else seen[NAMES[first & 0xffff]]++;
      if (NAMES[first & 0xffff] === 'PING') socket.write(frame);
      else if (first === 0x80030001 && seen.SYN_STREAM === 1) {
        socket.write(Buffer.concat([u32(0x80030002, 4 + noHeaders.length, 1), noHeaders]));
        socket.write(Buffer.concat([u32(1, 65_536), Buffer.alloc(65_536)])); // DATA, all of the window
      }
    }
  });
});
await once(server.listen(0, '127.0.0.1'), 'listening');
await promisify(execFile)('./by-go', [`127.0.0.1:${server.address().port}`], { timeout: 30_000 });
for (const [name, number] of Object.entries(seen)) console.log(`${name}: ${number}`);
process.exit();
END

timeout 60 node try.js | tee seen
diff - seen <<'END'
SYN_STREAM: 2
bytes of DATA: 1048576
WINDOW_UPDATE: 0
PING: 1
END
