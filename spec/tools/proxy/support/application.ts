import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import type net from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from '../../../../lib/http/server/server.ts';
import type { BackProtocol } from '../../../../lib/tools/proxy/back/options.ts';

/** What is spoken behind the proxy in these specs. */
export const BACKS: readonly BackProtocol[] = ['http/1.1', 'h2', 'spdy/3.1', 'spdy/3', 'spdy/2'];

/** A server behind the proxy. */
export interface Application {
  /** For `createProxy()`. */
  readonly back: string;
  readonly port: number;
  /** The lines of requests, in the order in which they came. */
  readonly seen: string[];
  /** Requests whose client has gone before the answer was complete. */
  readonly aborted: string[];
  /** Calls back at the next request that is aborted. */
  onceAborted(): Promise<string>;
  close(): Promise<void>;
}

/** Answers a request of an application. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers by the path: see each case. */
export const answers: Handler = (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
  switch (pathname) {
    case '/echo':
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      request.pipe(response);
      return;
    case '/facts':
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(factsOf(request)));
      return;
    case '/sized': {
      const body = Buffer.alloc(Number(searchParams.get('bytes')), 0x61);
      response.writeHead(200, { 'content-length': body.length });
      response.end(body);
      return;
    }
    case '/status':
      response.writeHead(Number(searchParams.get('code')), { 'x-own': 'yes' });
      response.end();
      return;
    case '/trailers':
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
      return;
    case '/cut':
      cut(request, response, searchParams.has('sized') ? { 'content-length': 1000 } : {});
      return;
    case '/slow':
      response.writeHead(200);
      response.write('begun');
      return;
    case '/silent':
      return;
    case '/fields':
      response.writeHead(200, [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
        ['x-two', '1'],
        ['x-two', '2'],
      ] as never);
      response.end('fields');
      return;
    default:
      response.writeHead(404);
      response.end('none');
  }
};

/** Begins an answer, and breaks it off. */
function cut(request: IncomingMessage, response: ServerResponse, fields: object): void {
  response.writeHead(200, { ...fields });
  response.write('begun', () => {
    const { stream } = response as unknown as { stream?: { destroy(error: Error): void } };
    setImmediate(() => {
      if (stream === undefined) request.socket.destroy();
      else stream.destroy(new Error('cut'));
    });
  });
}

function factsOf(request: IncomingMessage): object {
  const { method, url, headers } = request;
  const fields = Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith(':')),
  );
  const host = headers.host ?? headers[':authority'];
  return { method, url, host, headers: fields };
}

/** Starts a server on the loopback interface. */
export async function startApplication(
  protocol: BackProtocol,
  handler: Handler = answers,
): Promise<Application> {
  const seen: string[] = [];
  const aborted: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  const watched: Handler = (request, response) => {
    const line = `${request.method} ${request.url}`;
    seen.push(line);
    request.on('error', () => {});
    response.on('error', () => {});
    response.once('close', () => {
      // Of a response by HTTP/2 only the former tells.
      if (response.writableEnded && response.writableFinished) return;
      aborted.push(line);
      for (const tell of waiting.splice(0)) tell(line);
    });
    handler(request, response);
  };
  const server = serverFor(protocol, watched);
  const sockets = new Set<Socket>();
  const listener = (server as { listener?: net.Server }).listener ?? (server as net.Server);
  listener.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    back: `${protocol}+http://127.0.0.1:${port}`,
    port,
    seen,
    aborted,
    onceAborted: () => new Promise((resolve) => waiting.push(resolve)),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function serverFor(protocol: BackProtocol, handler: Handler): net.Server {
  if (protocol === 'http/1.1') return http.createServer(handler);
  if (protocol === 'h2') {
    return http2.createServer((request, response) =>
      handler(request as never, response as never),
    ) as never;
  }
  const version = protocol as 'spdy/3.1';
  return createServer({ tls: false, version }, handler as never) as never;
}
