import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { SpdyRequest } from '../../../lib/http/server/exchange/request.ts';
import type { SpdyResponse } from '../../../lib/http/server/exchange/response.ts';
import type { SpdyServerOptions } from '../../../lib/http/server/options.ts';
import { createServer, type SpdyServer } from '../../../lib/http/server/server.ts';
import type { SessionVersion } from '../../../lib/session/transport/negotiate.ts';
import { sharedCertificate } from '../../support/session-pair.ts';

/** What answers. */
export type Handler = (request: SpdyRequest, response: SpdyResponse) => void;

/** A server of all protocols that can be loaded. */
export interface LoadServer {
  /** `http://127.0.0.1:1234`. */
  readonly origin: string;
  readonly server: SpdyServer;
  /** Connections that were made. */
  readonly connections: () => number;
  /** Ends all connections at once. */
  disconnect(): void;
  /** Ends it, and what is connected. */
  close(): Promise<void>;
}

/** Answers with 10 bytes, or as the path says: `/404`, `/bytes/N`, `/never`, `/reset`, `/half`. */
export const answer: Handler = (request, response) => {
  const { url = '/' } = request;
  const [, bytes] = /^\/bytes\/(\d+)$/.exec(url) ?? [];
  const [, status] = /^\/(\d\d\d)$/.exec(url) ?? [];
  if (url === '/never') return;
  if (url === '/reset') response.destroy();
  else if (url === '/half') {
    response.writeHead(200, { 'content-length': 10 });
    response.write('half', () => response.destroy());
  } else if (status !== undefined) response.writeHead(Number(status)).end();
  else if (bytes !== undefined) response.end(Buffer.alloc(Number(bytes)));
  else response.end('ten bytes.');
};

/** Starts one on loopback, or at a unix socket. */
export async function loadServer(
  handler: Handler = answer,
  options: SpdyServerOptions & { readonly version?: SessionVersion } = {},
  socketPath: string | null = null,
): Promise<LoadServer> {
  // The messages of both have the same calls.
  const h2 = http2.createServer(handler as never);
  const secure = options.tls !== false;
  const server = createServer(
    {
      ...(secure ? sharedCertificate() : { sniff: true }),
      h2: (socket) => h2.emit('connection', socket),
      ...options,
    },
    handler,
  );
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  if (socketPath === null) server.listen(0, '127.0.0.1');
  else server.listen(socketPath);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const disconnect = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    disconnect,
    origin: `${secure ? 'https' : 'http'}://127.0.0.1:${port}`,
    server,
    connections: () => connections,
    close: async () => {
      disconnect();
      server.close();
      await once(server, 'close');
    },
  };
}
