// Programs that serve the files of a folder.
import { existsSync } from 'node:fs';
import { NGINX, nginxCommand } from './nginx.mjs';
import { program } from './product.mjs';
import { spawnServer } from './spawned.mjs';

const PROGRAMS = {
  spdyd: spdyd,
  'nginx, http/1.1': (root, port) => nginxCommand(`127.0.0.1:${port}`, `root ${root};`),
  'nginx, h2': (root, port) => nginxCommand(`127.0.0.1:${port} http2`, `root ${root};`),
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
