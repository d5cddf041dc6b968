#!/usr/bin/env bash
# Two OpenSSLs that are told to use NPN do not, and do not say so.
#
# Software:       Debian's openssl 3.0.20-1~deb12u2 (Debian 12, x86-64)
# Behaviour:      s_server and s_client with -nextprotoneg at both ends agree on TLS 1.3, which has no NPN: no protocol is chosen, no warning, status 0. With
#                 -tls1_2 it is. With -alpn at both ends besides, NPN is not done either, without a word.
# One would guess: an option that names an extension of TLS 1.2 makes it TLS 1.2, or is refused with 1.3. A test of a server for NPN seems to show that it has
#                 none.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q -o APT::Sandbox::User=root download openssl=3.0.20-1~deb12u2 libssl3=3.0.20-1~deb12u2 > /dev/null 2>&1
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH=$dir/usr/lib/x86_64-linux-gnu PATH=$dir/usr/bin:$PATH
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=localhost 2> /dev/null
port=$((20000 + RANDOM % 20000))

try() {
  local title=$1 status=0
  shift
  openssl s_server -accept "127.0.0.1:$port" -cert cert.pem -key key.pem -quiet "$@" > server.log 2>&1 &
  for _ in $(seq 50); do
    if (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then break; fi
    sleep 0.1
  done
  sleep 1 | timeout 20 openssl s_client -connect "127.0.0.1:$port" "$@" > client.log 2>&1 || status=$?
  kill %% && wait %% 2> /dev/null || true
  port=$((port + 1))
  echo "$title: status $status, $(grep -oE '^(New, TLSv1.[23]|Next protocol: .*|ALPN protocol: .*)' client.log | paste -sd ' ')"
}

{
  try 'both -nextprotoneg' -nextprotoneg spdy/3.1
  try 'both -nextprotoneg -tls1_2' -nextprotoneg spdy/3.1 -tls1_2
  try 'both -nextprotoneg -alpn -tls1_2' -nextprotoneg spdy/3.1 -alpn http/1.1 -tls1_2
} | tee seen
diff - seen <<'END'
both -nextprotoneg: status 0, New, TLSv1.3
both -nextprotoneg -tls1_2: status 0, New, TLSv1.2 Next protocol: (1) spdy/3.1
both -nextprotoneg -alpn -tls1_2: status 0, New, TLSv1.2 ALPN protocol: http/1.1
END
