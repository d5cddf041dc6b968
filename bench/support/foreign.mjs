// Servers in other languages, on programs that .ci/peers builds; our client talks to them.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { spawnServer } from './spawned.mjs';

const folder = fileURLToPath(new URL('../../.peers/', import.meta.url));
const FOREIGN = {
  Netty: {
    file: 'netty/classpath',
    command: (file, port) => [
      'java',
      '-cp',
      readFileSync(file, 'utf8'),
      'NettySpdyServer',
      '--port',
      String(port),
      '--settings',
      '4=100000',
    ],
  },
  spdystream: { file: 'gostream', command: (file, port) => [file, 'server', String(port)] },
};

/** Whether a kind is one of the foreign servers. */
export const isForeign = (kind) => Object.hasOwn(FOREIGN, kind);

/** The foreign servers that are built on this machine. */
export const foreignKinds = () =>
  Object.keys(FOREIGN).filter((kind) => existsSync(folder + FOREIGN[kind].file));

/** Starts one: the same shape as a server of ours. */
export function foreignServer(kind) {
  const { file, command } = FOREIGN[kind];
  return spawnServer(kind, (port) => command(folder + file, port));
}
