// Servers that are programs: they get a port, and tell what they take by what Linux knows of their process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';

const TICKS_PER_SECOND = 100;

/** Programs that run: they end with this process. */
const running = new Set();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a program that listens on the port it is given, and waits until it does: the same shape as a server of ours. CPU time is what
 * Linux counts, in steps of 10 ms; memory is that of the process without any collection.
 *
 * @param {string} name for the message when it does not listen
 * @param {(port: number) => string[]} command the program and its arguments
 */
export async function spawnServer(name, command) {
  const port = await freePort();
  const [program, ...args] = command(port);
  const child = spawn(program, args, { stdio: 'ignore' });
  running.add(child);
  const stop = () => {
    running.delete(child);
    child.kill('SIGKILL');
  };
  child.once('error', () => {});
  await listening(port, name);
  const calls = { cpu: () => cpuOf(child.pid), memory: () => memoryOf(child.pid) };
  return { port, stop, call: async (what) => calls[what]() };
}

function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}

function memoryOf(pid) {
  const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return { heap: 0, external: 0, rss: 1024 * Number(kib) };
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
