// Servers in other languages, on programs that .ci/peers builds; our client talks to them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

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
const TICKS_PER_SECOND = 100;

/** Whether a kind is one of the foreign servers. */
export const isForeign = (kind) => Object.hasOwn(FOREIGN, kind);

/** The foreign servers that are built on this machine. */
export const foreignKinds = () =>
  Object.keys(FOREIGN).filter((kind) => existsSync(folder + FOREIGN[kind].file));

/** Starts one: the same shape as a server of ours. CPU time is what Linux counts, in steps of 10 ms. */
export async function foreignServer(kind) {
  const port = await freePort();
  const [program, ...args] = FOREIGN[kind].command(folder + FOREIGN[kind].file, port);
  const child = spawn(program, args, { stdio: 'ignore' });
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  child.once('error', () => {});
  await listening(port, kind);
  return { port, stop, call: async () => cpuOf(child.pid) };
}

function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port, kind) {
  for (let tries = 0; tries < 200; tries++) {
    const socket = net.connect(port, '127.0.0.1');
    const open = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${kind} does not listen`);
}
