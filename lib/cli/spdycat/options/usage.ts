import { type OptionTable, SPDY_OPTIONS } from '../../arguments.ts';
import { TLS_OPTIONS } from '../../tls-files.ts';

/** Shown by `--help`; fits a screen of 80 by 24. */
export const SPDYCAT_HELP = `Usage: spdycat [OPTION]... URI...
Fetches over SPDY, or HTTP/1.1 where a server speaks nothing else. Bodies go to
standard output, everything else to standard error.
  -o, --output FILE    save the body       -O, --remote-name  save by name
  -n, --null-out       discard bodies      -i, --include      show headers too
  -f, --fail           HTTP >= 400 fails   -I, --head         show headers only
  -v, --verbose        log all frames      -s, --stat         times of requests
  -L, --location       follow redirects    -C, --continue-at OFFSET  go on ('-')
  -X, --request METHOD                     -H, --header 'NAME: VALUE'
  -d, --data TEXT      POST this text ('@FILE': that in it, '@-': stdin)
  -T, --upload-file FILE   PUT this file   -G, --get          -d is the query
  -u, --user NAME:PASSWORD                 -r, --range RANGE  a part (0-499)
  -m, --multiply N     request N times     -Z, --parallel     servers at once
  -a, --get-assets     fetch style sheets, icons, images and scripts of HTML too
  -2, --spdy2   -3, --spdy3   --spdy3-1   --http1.1    speak this only
      --no-tls         plain TCP; needs a version of SPDY
  -k, --insecure       accept any certificate of the server
      --cacert FILE    trust this certificate (PEM) instead of those of Node
  -p, --proxy HOST     connect there; http://HOST: ask it as a proxy (CONNECT)
  -t, --timeout SEC    for connecting, and again for the rest, per server
      --json           results as JSON         --help-all   all options
Exit status: for how many servers a request failed (at most 63); 64: usage.
`;

/** Shown by `--help-all` behind the other one. */
export const SPDYCAT_HELP_ALL = `
Requests:
  -A, --user-agent TEXT          -e, --referer URL
      --data-raw TEXT            as -d, without a meaning of '@'
      --data-binary TEXT         as -d, but the lines of @FILE stay as they are
      --data-file FILE           POST this file as it is ('-': standard input)
      --compressed               nothing: bodies are asked for compressed anyway
      --netrc                    names and passwords from ~/.netrc
      --netrc-file FILE          and from this file
      --max-redirs N             with -L: at most N for each URI (50; -1: any)
      --retry N                  try again, N times, after what may pass
      --retry-delay SEC          between tries, instead of 1, 2, 4... seconds
Connections:
  -P, --proxy-port N             port of --proxy; default 443
      --unix-socket PATH         connect there, whatever the URI
      --resolve HOST:PORT:ADDR   the address of a name, instead of a lookup
      --connect-to HOST:PORT:HOST2:PORT2   connect there for these
      --cert FILE --key FILE     certificate and key of ours (PEM)
      --window-bits N            2^N bytes of window for each stream (0 to 30)
      --parallel-max N           servers at once with -Z; default 50
      --limit-rate SPEED         bytes per second, in all (200K, 1M)
      --max-time SEC             for everything together
Output:
  -w, --write-out FORMAT         a text for each request: %{http_code}... (docs)
      --har FILE                 all requests as HAR 1.2
      --trace FILE               what happens in sessions, as lines of JSON
      --color                    colours on no terminal too
      --version                  print the version
The variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY name proxies.
`;

/** The options of `spdycat`. */
export const SPDYCAT_TABLE: OptionTable = {
  ...SPDY_OPTIONS,
  output: { type: 'string', short: 'o', multiple: true },
  'remote-name': { type: 'boolean', short: 'O' },
  'null-out': { type: 'boolean', short: 'n' },
  include: { type: 'boolean', short: 'i' },
  head: { type: 'boolean', short: 'I' },
  fail: { type: 'boolean', short: 'f' },
  stat: { type: 'boolean', short: 's' },
  location: { type: 'boolean', short: 'L' },
  'max-redirs': { type: 'string' },
  'continue-at': { type: 'string', short: 'C' },
  request: { type: 'string', short: 'X' },
  header: { type: 'string', short: 'H', multiple: true },
  'user-agent': { type: 'string', short: 'A' },
  referer: { type: 'string', short: 'e' },
  user: { type: 'string', short: 'u' },
  netrc: { type: 'boolean' },
  'netrc-file': { type: 'string' },
  range: { type: 'string', short: 'r' },
  compressed: { type: 'boolean' },
  data: { type: 'string', short: 'd', multiple: true },
  'data-raw': { type: 'string', multiple: true },
  'data-binary': { type: 'string', multiple: true },
  'data-file': { type: 'string' },
  'upload-file': { type: 'string', short: 'T' },
  get: { type: 'boolean', short: 'G' },
  multiply: { type: 'string', short: 'm' },
  'get-assets': { type: 'boolean', short: 'a' },
  parallel: { type: 'boolean', short: 'Z' },
  'parallel-max': { type: 'string' },
  retry: { type: 'string' },
  'retry-delay': { type: 'string' },
  'http1.1': { type: 'boolean' },
  'window-bits': { type: 'string' },
  ...TLS_OPTIONS,
  proxy: { type: 'string', short: 'p' },
  'proxy-port': { type: 'string', short: 'P' },
  'unix-socket': { type: 'string' },
  resolve: { type: 'string', multiple: true },
  'connect-to': { type: 'string', multiple: true },
  'limit-rate': { type: 'string' },
  timeout: { type: 'string', short: 't' },
  'max-time': { type: 'string' },
  'write-out': { type: 'string', short: 'w' },
  har: { type: 'string' },
};
