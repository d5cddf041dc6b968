#!/usr/bin/env bash
# `mkdir` with `recursive` never ends in a folder in which the system lets nobody make one.
#
# Software:       node:fs of Node 20.20.2, 22.23.3, 24.21.0 and 26.10.0, on Linux
# Behaviour:      fs.mkdirSync(path, { recursive: true }) takes ENOENT for "the folder above is missing", makes that, which is there, and tries again, for ever
#                 and at full speed: the process answers nothing, not even signals that it listens for. fs.promises.mkdir() never settles, and takes one of
#                 the four threads of the pool for good. /proc answers ENOENT to mkdir; so may other file systems that make their folders themselves.
# One would guess: the error of the system. That is what `mkdir -p` and mkdir() without `recursive` give.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund node20@npm:node@20.20.2 node26@npm:node@26.10.0

echo 'mkdir -p:'
mkdir -p /proc/none 2>&1 && exit 1
for node in node20 node26; do
  for call in 'fs.mkdirSync("/proc/none")' 'fs.mkdirSync("/proc/none", { recursive: true })'; do
    seen=$(timeout -s KILL 5 "node_modules/$node/bin/node" -e "try { $call } catch (error) { console.log(error.code) }" || echo 'no end within 5 s')
    echo "$node: $call: $seen"
    case $call in
      *recursive*) [ "$seen" = 'no end within 5 s' ] ;;
      *) [ "$seen" = ENOENT ] ;;
    esac
  done
done
