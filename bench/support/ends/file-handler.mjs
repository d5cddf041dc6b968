// spdylay's HTTP server with a handler that sends the bytes of a file from memory: what a file server cannot beat.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { load } from '../product.mjs';
import { sessionOptions } from './spdylay.mjs';

export { connect } from './spdylay.mjs';

const { createServer } = await load('index.js');

export function serve({ root, ...options }) {
  const files = new Map();
  const settings = { tls: false, idleTimeoutMs: 0, session: sessionOptions(options) };
  return createServer(settings, ({ url }, response) => {
    let file = files.get(url);
    if (file === undefined) {
      file = read(path.join(root, url));
      files.set(url, file);
    }
    response.writeHead(200, file.headers);
    response.end(file.bytes);
  }).on('sessionError', () => {});
}

function read(name) {
  const bytes = readFileSync(name);
  const { mtime } = statSync(name);
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': bytes.length,
    'last-modified': mtime.toUTCString(),
    etag: `"${mtime.getTime().toString(16)}-${bytes.length.toString(16)}"`,
  };
  return { bytes, headers };
}
