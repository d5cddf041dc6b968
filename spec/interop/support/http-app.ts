import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  createServer,
  REFUSED_STREAM,
  type ServerSocket,
  type SpdyRequest,
  type SpdyResponse,
  type SpdyServer,
  type SpdyServerOptions,
} from '../../../lib/index.ts';
import { pattern, sha256 } from './bytes.ts';
import { certificate } from './peers.ts';

/** A server of `createServer()` on a free loopback port. */
export interface HttpListener {
  readonly server: SpdyServer;
  readonly port: number;
  /** What failed: sessions, TLS handshakes, PROXY headers. */
  readonly errors: Error[];
  /** Resolves when the sessions of peers that have left are gone; rejects when they stay. */
  quiet(): Promise<void>;
  /** Ends the server and its connections. */
  close(): Promise<void>;
}

/** Listens with `createServer()`, with TLS unless `tls` is false. */
export async function listenHttp(options: SpdyServerOptions = {}): Promise<HttpListener> {
  const server = createServer(
    options.tls === false ? options : { ...certificate(), ...options },
    (request, response) => {
      // A client may leave before its request is complete.
      application(request, response).catch(() => response.destroy());
    },
  );
  const errors: Error[] = [];
  server.on('sessionError', (error) => errors.push(error));
  server.on('tlsClientError', (error) => errors.push(error));
  server.on('proxyError', (error) => errors.push(error));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    errors,
    quiet: async () => {
      for (let tries = 0; server.sessions.size > 0; tries++) {
        if (tries === 100) throw new Error(`${server.sessions.size} sessions are left`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * The application on `createServer()`. Routes: /bytes/N, /echo, /digest, /headers, /client, /status/N, /trailers, /multi,
 * /push, /push/joined, /rst/CODE, /goaway, /slow/MS.
 */
async function application(request: SpdyRequest, response: SpdyResponse): Promise<void> {
  const { url = '/' } = request;
  const [, route = '', argument = ''] = url.split('/');
  switch (route) {
    case 'bytes':
      response.end(pattern(Number(argument)));
      break;
    case 'echo':
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      request.pipe(response);
      break;
    case 'digest':
      response.end(sha256(await bodyOf(request)));
      break;
    case 'headers':
      await bodyOf(request);
      json(response, {
        method: request.method,
        url,
        headers: request.headers,
        trailers: request.trailers,
      });
      break;
    case 'client':
      json(response, clientOf(request));
      break;
    case 'status':
      response.writeHead(Number(argument)).end();
      break;
    case 'slow':
      setTimeout(() => response.end('slow\n'), Number(argument));
      break;
    case 'multi':
      response.setHeader('set-cookie', ['a=1', 'b=2; path=/']);
      response.end('multi\n');
      break;
    case 'trailers':
      response.write('body\n');
      response.addTrailers({ 'x-trailer': 'end' });
      response.end();
      break;
    case 'push':
      response
        .push?.(
          '/pushed/1',
          { 'content-type': 'text/plain' },
          { form: argument === 'joined' ? 'joined' : 'split' },
        )
        .end('pushed\n');
      response.end('pusher\n');
      break;
    case 'rst':
      request.stream?.close(Number(argument) || REFUSED_STREAM);
      break;
    case 'goaway':
      response.end('bye\n');
      void (request.socket as unknown as ServerSocket).session.close();
      break;
    default:
      response.writeHead(url === '/' ? 200 : 404).end('spdylay\n');
  }
}

/** What the socket of a request says of the client. */
export interface ClientFacts {
  readonly address: string;
  readonly port: number;
  readonly encrypted: boolean;
  readonly protocol: string | false | null;
  readonly scheme: string | null;
}

function clientOf({ socket, scheme = '' }: SpdyRequest): ClientFacts {
  const { remoteAddress = '', remotePort = 0 } = socket;
  const { encrypted = false, alpnProtocol = null } = socket as {
    encrypted?: boolean;
    alpnProtocol?: string | false | null;
  };
  return {
    address: remoteAddress,
    port: remotePort,
    encrypted,
    protocol: alpnProtocol,
    scheme: scheme === '' ? null : scheme,
  };
}

function json(response: SpdyResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

async function bodyOf(request: SpdyRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
