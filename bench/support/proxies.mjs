// Proxies, each a process of its own, with what is behind them: nginx for HTTP/1.1, our server for SPDY/3.1.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { H2LOAD } from './h2load.mjs';
import { Host } from './hosts.mjs';
import { NGINX, nginxCommand } from './nginx.mjs';
import { program } from './product.mjs';
import { spawnServer } from './spawned.mjs';
import { PIECE } from './work.mjs';

const NGHTTPX = fileURLToPath(new URL('../../.peers/nghttpx', import.meta.url));

/** The command line of each proxy: `back` is the port behind, `port` its own. */
const PROXIES = {
  spdyproxy: (back, port) => spdyproxy(`http://127.0.0.1:${back}`, port),
  'spdyproxy to SPDY/3.1': (back, port) => spdyproxy(`spdy/3.1+http://127.0.0.1:${back}`, port),
  nghttpx: (back, port) => [
    NGHTTPX,
    ...['--conf', '/dev/null', '--single-process', '--workers', '1', '--log-level', 'FATAL'],
    ...['--frontend', `127.0.0.1,${port};no-tls`, '--backend', `127.0.0.1,${back}`],
    // What the others do, too.
    ...['--add-x-forwarded-for', '--strip-incoming-x-forwarded-for'],
  ],
  'http-proxy': (back, port) => script('http-proxy', back, port),
  'bare Node, h2': (back, port) => script('bare', 'h2', back, port),
  'bare Node, http/1.1': (back, port) => script('bare', 'http/1.1', back, port),
};

function spdyproxy(back, port) {
  return [process.execPath, '--no-warnings', program('spdyproxy'), '--no-tls', '-b', back, port];
}

function script(name, ...args) {
  const file = fileURLToPath(new URL(`./proxies/${name}.mjs`, import.meta.url));
  return [process.execPath, '--no-warnings', file, ...args];
}

/** @throws when a program is not there */
export function requireProxyPeers() {
  for (const file of [NGHTTPX, NGINX, H2LOAD])
    if (!existsSync(file))
      throw new Error(`proxy: there is no ${file}: run .ci/peers, or name other parts with --only`);
}

/** Starts a proxy in front of the server at the port `back`. */
export function startProxy(name, back) {
  return spawnServer(name, (port) => PROXIES[name](back, port).map(String));
}

/**
 * Starts the servers behind the proxies. Both answer `/empty`, `/bytes/65536`, and `/bytes/0` when its body was read.
 *
 * @returns {Promise<{ http1: object, spdy: object, upload: string, stop: () => void }>} `upload`: the name of a file with 64 KiB
 */
export async function startBacks() {
  const root = mkdtempSync(path.join(os.tmpdir(), 'bench-proxy-'));
  mkdirSync(path.join(root, 'bytes'));
  const upload = path.join(root, 'upload');
  for (const file of [path.join(root, 'bytes', String(PIECE.length)), upload])
    writeFileSync(file, PIECE);
  // Files are not to be posted to, but with one that is there nginx says so.
  writeFileSync(path.join(root, 'bytes/0'), '');
  const http1 = await spawnServer('nginx', (port) =>
    nginxCommand(`127.0.0.1:${port}`, nginxServer(root)),
  );
  const spdy = await Host.start(new URL('./server.mjs', import.meta.url));
  const port = await spdy.call('listen', 'createServer', {});
  const stop = () => {
    http1.stop();
    spdy.stop();
    rmSync(root, { recursive: true });
  };
  return { http1: http1.port, spdy: port, upload, stop };
}

/** A body is read to its end because it is copied to another place; without that nginx would answer at once. */
function nginxServer(root) {
  return `root ${root}; client_max_body_size 0; client_body_buffer_size 128k;
    add_header etag '"1f0d2c3b"'; add_header cache-control 'public, max-age=86400';
    location = /empty { return 200; }
    location = /bytes/0 { mirror /sink; error_page 405 =200 @read; }
    location = /sink { internal; return 204; }
    location @read { return 200; }`;
}
