// Draws the frames of the demo (examples/demo.ts) into docs/demo.svg: node scripts/demo-picture.mjs [BUILD_FOLDER]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PICTURE = new URL('../docs/demo.svg', import.meta.url);

const WIDTH = 860;
const LINE = 33;
const TOP = 78;
const CLIENT_X = 70;
const SERVER_X = WIDTH - 70;

const COLORS = {
  SYN_STREAM: '#8250df',
  SYN_REPLY: '#8250df',
  DATA: '#1a7f37',
  SETTINGS: '#0969da',
  WINDOW_UPDATE: '#0969da',
  PING: '#9a6700',
  GOAWAY: '#cf222e',
};

/** The frames that the demo of a build (a URL of its folder) prints for a file of 30000 bytes. */
export function demoFrames(build) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-demo-'));
  try {
    const file = path.join(folder, 'page.html');
    writeFileSync(file, 'SPDY '.repeat(6000));
    const demo = fileURLToPath(new URL('examples/demo.js', build));
    const { stdout, status, stderr } = spawnSync(process.execPath, [demo, file], {
      encoding: 'utf8',
      env: { ...process.env, SPDY: 'spdy/3.1' },
    });
    if (status !== 0) throw new Error(`the demo ended with ${status}: ${stderr}`);
    return [...stdout.matchAll(/^ {2}(->|<-) (\w+) +(session|stream \d+) *(.*)$/gm)].map(
      ([, arrow, name, stream, rest]) => ({ sent: arrow === '->', name, stream, rest }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The picture: two lines of life with an arrow for each frame. */
export function draw(frames) {
  const height = TOP + frames.length * LINE + 6;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">
<title id="title">One request over SPDY/3.1: the frames between a client and a server</title>
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #424a53 }
.name { font-weight: bold }
.end { font-weight: bold; fill: #1f2328; text-anchor: middle }
.note { fill: #6e7781; text-anchor: middle }
.right { text-anchor: end }
</style>
<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8" fill="#ffffff" stroke="#d0d7de"/>
<text class="note" x="${WIDTH / 2}" y="31">TLS, ALPN: spdy/3.1</text>
${lifeline(CLIENT_X, 'client', height)}
${lifeline(SERVER_X, 'server', height)}
${frames.map((frame, index) => arrow(frame, TOP + index * LINE)).join('\n')}
</svg>
`;
}

function lifeline(x, name, height) {
  return `<text class="end" x="${x}" y="31">${name}</text>
<path d="M${x} 42V${height - 18}" stroke="#d0d7de" stroke-width="2"/>`;
}

/** The text stands where its arrow begins. */
function arrow({ sent, name, stream, rest }, y) {
  const color = COLORS[name] ?? '#424a53';
  const [from, to, back] = sent ? [CLIENT_X, SERVER_X, -9] : [SERVER_X, CLIENT_X, 9];
  const text = `<tspan class="name" fill="${color}" style="fill:${color}">${name}</tspan> ${escapeXml([stream, shorten(rest)].filter(Boolean).join(' \u00b7 '))}`;
  const place = sent ? `x="${CLIENT_X + 14}"` : `class="right" x="${SERVER_X - 14}"`;
  return `<text ${place} y="${y - 7}">${text}</text>
<path d="M${from} ${y}H${to + back}" stroke="${color}" stroke-width="1.5"/>
<path d="M${to} ${y}l${back} -4.5v9z" fill="${color}"/>`;
}

/** Without what is different each time, and what finds no place. */
function shorten(rest) {
  return rest
    .replace(/^FIN */, 'FIN \u00b7 ')
    .replace(/ {2,}/g, ' \u00b7 ')
    .replace(/ :scheme=\S+ :host=\S+/, '')
    .replace(/ :version=HTTP\/1\.1/, '')
    .replace(/ server=.*? (content-type=)/, ' $1')
    .replace(/; charset=utf-8/, '')
    .replace(/ cache-control=.*/, ' ...');
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

if (
  process.argv[1] !== undefined &&
  path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  const folder = path.resolve(
    process.argv[2] ?? fileURLToPath(new URL('../build', import.meta.url)),
  );
  writeFileSync(PICTURE, draw(demoFrames(pathToFileURL(`${folder}/`))));
  console.log(`wrote ${path.relative('', fileURLToPath(PICTURE))}`);
}
