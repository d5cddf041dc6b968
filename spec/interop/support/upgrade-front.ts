import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';

/** A server in front of an API server that plays all but upgrades by passing them on. */
export interface UpgradeFront {
  /** Where clients go. */
  readonly url: string;
  /** The port of 127.0.0.1 that speaks plain SPDY/3.1 behind the next upgrades. */
  spdyPort: number;
  /** Is called when an upgraded connection is closed. */
  whenClosed: () => void;
  close(): Promise<void>;
}

/** Requests go to the API server; what is upgraded to SPDY/3.1 is connected to `spdyPort`. */
export async function upgradeFront(apiServer: string): Promise<UpgradeFront> {
  const server = http.createServer((request, response) => {
    const { method, url, headers } = request;
    const further = http.request(`${apiServer}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    });
    further.on('error', () => response.destroy());
    request.pipe(further);
  });
  const sockets = new Set<net.Socket>();
  const front = {
    url: '',
    spdyPort: 0,
    whenClosed: () => {},
    close: async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('upgrade', (request, socket: net.Socket, head) => {
    const back = net.connect(front.spdyPort, '127.0.0.1');
    for (const [one, other] of [
      [socket, back],
      [back, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    socket.once('close', () => front.whenClosed());
    const [offered = ''] = [request.headers['x-stream-protocol-version']].flat();
    const [protocol] = offered.split(/,\s*/);
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
        `X-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
    );
    back.write(head);
    socket.pipe(back).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  front.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return front;
}
