#!/usr/bin/env bash
# `systemd-analyze verify` is content with a unit file whose limits and sandbox are misspelt.
#
# Software:       Debian's systemd 252.39-1~deb12u2 (Debian 12, x86-64)
# Behaviour:      an unknown key and an unknown section are a line on stderr ("ignoring") and exit status 0; a program that is not there is 1. With
#                 --recursive-errors=yes or =no all of them are 1. A service with such a file runs, without what they should have set.
# One would guess: from "verify" (and `nginx -t`, `haproxy -c`, `visudo -c`) that a typing error in a file is a failure, and that --recursive-errors is
#                 about other units. A CI step that verifies the unit in the short way is always green.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
options=(--recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances)
needed=$(apt-cache depends "${options[@]}" systemd | grep '^lib' | grep -vxE 'libc6|libcrypt1|libgcc-s1|libc-bin' | grep -v : | sort -u)
# shellcheck disable=SC2086
apt-get -q -o APT::Sandbox::User=root download systemd=252.39-1~deb12u2 $needed > /dev/null 2>&1
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu
LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$dir/root/lib/x86_64-linux-gnu:$dir/root/lib/x86_64-linux-gnu/systemd:$dir/root/usr/lib/x86_64-linux-gnu/systemd

unit() { printf '[Unit]\nDescription=%s\n[Service]\nExecStart=%s\n%s\n' "$1" "$2" "$3" > "$1.service"; }
unit good /bin/true 'LimitNOFILE=4096'
unit keys /bin/true $'LimitNOFILES=4096\nProtectSytem=strict'
unit section /bin/true $'[Sevice]\nUser=nobody'
unit program /bin/nothing 'LimitNOFILE=4096'
for name in good keys section program; do
  for option in '' --recursive-errors=no; do
    status=0
    said=$(SYSTEMD_LOG_COLOR=0 root/usr/bin/systemd-analyze verify --man=no $option "./$name.service" 2>&1 > /dev/null) || status=$?
    echo "$name: exit status $status ${option:-without an option}, $(grep -c "$name" <<< "$said" || true) lines about it"
  done
done > seen
cat seen
diff - seen <<'END'
good: exit status 0 without an option, 0 lines about it
good: exit status 0 --recursive-errors=no, 0 lines about it
keys: exit status 0 without an option, 2 lines about it
keys: exit status 1 --recursive-errors=no, 2 lines about it
section: exit status 0 without an option, 1 lines about it
section: exit status 1 --recursive-errors=no, 1 lines about it
program: exit status 1 without an option, 1 lines about it
program: exit status 1 --recursive-errors=no, 1 lines about it
END
