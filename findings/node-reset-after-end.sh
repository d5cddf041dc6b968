#!/usr/bin/env bash
# end() and resetAndDestroy() in one go: an error of its own, no 'close', and a file descriptor that stays open.
#
# Software:       node:net of Node 20.20.2 and 26.10.0 (22 and 24 do the same), on Linux
# Behaviour:      while the end that end() asked for is still under way, resetAndDestroy() emits 'error' (EINVAL, syscall 'reset'). `destroyed` and
#                 `closed` are true, but 'close' does not come, and the socket stays open in the kernel. After write(), or once 'finish' has come, all is well.
# One would guess: what is documented: an RST and a destroyed stream, whatever was asked for before. Who counts connections by 'close' has one too many.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund node20@npm:node@20.20.2 node26@npm:node@26.10.0

cat > try.js <<'END'
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** Sockets of this process that are open in the kernel. */
const openSockets = () =>
  fs.readdirSync('/proc/self/fd').filter((fd) => fs.statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false })?.isSocket()).length;

const ways = {
  "write('x')": (socket) => socket.write('x'),
  "end('x') and 'finish'": (socket) => once(socket.end('x'), 'finish'),
  "end('x')": (socket) => socket.end('x'),
};
for (const [name, prepare] of Object.entries(ways)) {
  // The other end keeps its side open until it is destroyed, and is not counted: what is left is the client's.
  const server = net.createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).resume());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const before = openSockets();
  const accepted = once(server, 'connection');
  const socket = net.connect(server.address().port, '127.0.0.1');
  const [[other]] = await Promise.all([accepted, once(socket, 'connect')]);
  const seen = [];
  socket.on('error', ({ code, syscall }) => seen.push(`error ${code} of ${syscall}`));
  socket.on('close', () => seen.push('close'));
  const wait = prepare(socket);
  if (wait instanceof Promise) await wait;
  socket.resetAndDestroy();
  await setTimeout(500);
  const left = openSockets() - before - (other.destroyed ? 0 : 1);
  console.log(`${name}: ${seen}, closed ${socket.closed}, descriptors that are left: ${left}`);
  other.destroy();
  server.close();
}
process.exit();
END

for name in node20 node26; do
  echo "$name"
  timeout 60 "node_modules/$name/bin/node" try.js
done > seen
cat seen
for name in node20 node26; do
  cat <<END
$name
write('x'): close, closed true, descriptors that are left: 0
end('x') and 'finish': close, closed true, descriptors that are left: 0
end('x'): error EINVAL of reset, closed true, descriptors that are left: 1
END
done | diff - seen
