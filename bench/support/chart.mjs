// One picture of a run: the product beside Node's http2 on the same work, as bars.
import { field, median } from './measure.mjs';

const GET = (transport, kind, atOnce) => `${transport}|GET|1|${kind}|${atOnce}`;
const DOWN = '512 MiB down one stream, TCP';
const UP = '512 MiB up one stream, TCP';
const MORE = 'more is better';
const LESS = 'less is better';

/** What is shown: a label, the part, the cases that are compared, the measure, and whether more of it is better. */
const BARS = [
  [
    'requests/s, streams, 100 at once',
    'requests',
    GET('TCP', 'SpdyStream', 100),
    GET('TCP', 'http2', 100),
    'rate',
    MORE,
  ],
  [
    'requests/s, HTTP handler, 100 at once',
    'requests',
    GET('TCP', 'createServer', 100),
    GET('TCP', 'http2 compat', 100),
    'rate',
    MORE,
  ],
  [
    'requests/s, streams, one at a time',
    'requests',
    GET('TCP', 'SpdyStream', 1),
    GET('TCP', 'http2', 1),
    'rate',
    MORE,
  ],
  [
    'requests per CPU second of the server, streams',
    'requests',
    GET('TCP', 'SpdyStream', 100),
    GET('TCP', 'http2', 100),
    'server',
    LESS,
  ],
  [
    'the same over TLS',
    'tls-small',
    GET('TLS', 'SpdyStream', 100),
    GET('TLS', 'http2', 100),
    'server',
    LESS,
  ],
  [
    'requests/s of the agent, 90 at once',
    'agent',
    'TCP, 90 at once|createServer, agent',
    'TCP, 90 at once|http2 compat',
    'rate',
    MORE,
  ],
  [
    'small files/s (http2: with send)',
    'files',
    'small, 100 at once|spdyd',
    'small, 100 at once|http2, send',
    'rate',
    MORE,
  ],
  [
    'bytes per CPU second, 512 MiB down',
    'bodies',
    `${DOWN}|SpdyStream`,
    `${DOWN}|http2`,
    'both',
    LESS,
  ],
  ['bytes per CPU second, 512 MiB up', 'bodies', `${UP}|SpdyStream`, `${UP}|http2`, 'both', LESS],
  ['idle streams per MiB', 'memory', 'streams|SpdyStream', 'streams|http2', 'rss', LESS],
  [
    'idle connections per MiB',
    'memory',
    'connections|SpdyStream',
    'connections|http2',
    'rss',
    LESS,
  ],
];

const WIDTH = 760;
const LEFT = 320;
const ROW = 26;
const TOP = 48;
const BAR = 16;

/**
 * An SVG of a run on one binary of Node, as `--json` writes it: how many times as good as http2 each work is done, with the range of the
 * rounds. Works that the run does not have are left out.
 */
export function chart({ machine, parts }) {
  const bars = BARS.flatMap(([label, part, ours, base, key, better]) => {
    const results = parts[part]?.results;
    if (results?.[ours] === undefined || results[base] === undefined) return [];
    const of = median(field(results, base, key));
    const values = field(results, ours, key).map((value) =>
      better === MORE ? value / of : of / value,
    );
    return [{ label, value: median(values), from: Math.min(...values), to: Math.max(...values) }];
  });
  const most = Math.max(2, ...bars.map(({ to }) => to));
  const scale = (WIDTH - LEFT - 60) / most;
  const height = TOP + bars.length * ROW + 16;
  const x = (value) => (LEFT + value * scale).toFixed(1);
  const rows = bars.map(({ label, value, from, to }, at) => {
    const y = TOP + at * ROW;
    const middle = y + BAR / 2;
    const kind = value >= 1 ? 'ahead' : 'behind';
    return [
      `<text class="label" x="${LEFT - 10}" y="${middle + 4}">${inXml(label)}</text>`,
      `<rect class="${kind}" x="${LEFT}" y="${y}" width="${(value * scale).toFixed(1)}" height="${BAR}"/>`,
      `<line class="range" x1="${x(from)}" y1="${middle}" x2="${x(to)}" y2="${middle}"/>`,
      `<text x="${x(Math.max(to, 1))}" dx="6" y="${middle + 4}">${value.toFixed(value < 10 ? 2 : 1)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>spdylay beside http2 of Node ${machine.node}, both on the same work: longer is better</title>
<style>
text { font: 12px sans-serif; fill: #333 }
.label { text-anchor: end }
.ahead { fill: #3a7d5c }
.behind { fill: #b5763a }
.range { stroke: #222; stroke-opacity: 0.5 }
.base { stroke: #555; stroke-dasharray: 3 3 }
</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${x(1)}" y="18" text-anchor="middle">http2 of Node ${machine.node} = 1</text>
<line class="base" x1="${x(1)}" y1="26" x2="${x(1)}" y2="${height - 10}"/>
${rows.join('\n')}
</svg>
`;
}

function inXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
