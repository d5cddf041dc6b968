import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** Passes connections on to a server, until the way is lost: nothing comes through them then, and nothing ends them. */
export class VanishingRelay {
  readonly port: number;
  /** Those that have come, in their order. */
  readonly connections: Socket[] = [];
  readonly #server: net.Server;
  readonly #ways = new Set<() => void>();

  private constructor(server: net.Server, behind: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      this.connections.push(socket);
      const other = net.connect(behind, '127.0.0.1');
      socket.on('error', () => {}).pipe(other);
      other.on('error', () => {}).pipe(socket);
      this.#ways.add(() => {
        socket.unpipe(other);
        other.unpipe(socket);
        // What comes is lost; that the other end gives up is seen.
        socket.resume();
        other.destroy();
      });
    });
  }

  static async to(behind: number): Promise<VanishingRelay> {
    const server = net.createServer({ noDelay: true });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new VanishingRelay(server, behind);
  }

  /** Loses the way of all connections that are there; new ones find another. */
  vanish(): void {
    for (const lose of this.#ways) lose();
    this.#ways.clear();
  }

  close(): void {
    this.vanish();
    this.#server.close();
    for (const socket of this.connections) socket.destroy();
  }
}
