import { once } from 'node:events';
import net from 'node:net';
import type { PeerProcess } from './process.ts';

/** A port that nobody has, for programs that take no port 0. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when a program listens there; rejects when it has ended, or after 10 s. */
export async function listening(name: string, peer: PeerProcess, port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await accepts(port))) {
    if (!peer.running || Date.now() > deadline) {
      const { stdout, stderr } = await peer.finished(0);
      throw new Error(`${name} does not listen: ${stdout}${stderr}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
