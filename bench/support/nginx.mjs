// nginx of Debian with a configuration of its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The program. */
export const NGINX = '/usr/sbin/nginx';

/**
 * The command line of an nginx of one process, as the others are; requests are not logged, and a connection takes any number of them.
 *
 * @param {string} listen where, with what is spoken there
 * @param {string} server what else stands in its `server` block
 */
export function nginxCommand(listen, server) {
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
  access_log off; sendfile on; open_file_cache max=1000; keepalive_requests 1000000000; keepalive_timeout 3600; http2_max_concurrent_streams 1000;
  ${temporary}
  server { listen ${listen}; ${server} }
}
`,
  );
  return [NGINX, '-c', file, '-p', home];
}
