// Programs that serve the files of a folder.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { program } from './product.mjs';
import { spawnServer } from './spawned.mjs';

const NGINX = '/usr/sbin/nginx';

const PROGRAMS = {
  spdyd: spdyd,
  'nginx, http/1.1': (root, port) => nginx(root, `127.0.0.1:${port}`),
  'nginx, h2': (root, port) => nginx(root, `127.0.0.1:${port} http2`),
};

/** Whether a kind is one of the programs. */
export const isFileServer = (kind) => Object.hasOwn(PROGRAMS, kind);

/** The programs that this machine has: nginx comes from Debian. */
export const fileServers = () =>
  Object.keys(PROGRAMS).filter((kind) => kind === 'spdyd' || existsSync(NGINX));

/** Starts one on the folder `root`. */
export function startFileServer(kind, root) {
  return spawnServer(kind, (port) => PROGRAMS[kind](root, port));
}

function spdyd(root, port) {
  const options = ['--no-tls', '--spdy3-1', '--htdocs', root];
  return [process.execPath, '--no-warnings', program('spdyd'), ...options, String(port)];
}

/** One process, as the others are; requests are not logged, and a connection takes any number of them. */
function nginx(root, address) {
  const home = mkdtempSync(path.join(os.tmpdir(), 'bench-nginx-'));
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  const file = path.join(home, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${home}/${name};`)
    .join(' ');
  writeFileSync(
    file,
    `daemon off; master_process off; user root; pid ${home}/pid; error_log ${home}/errors;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; open_file_cache max=1000; keepalive_requests 1000000000; http2_max_concurrent_streams 1000;
  ${temporary}
  server { listen ${address}; root ${root}; }
}
`,
  );
  return [NGINX, '-c', file, '-p', home];
}
