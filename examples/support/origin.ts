import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from '../../lib/http/server/connection/certificate.ts';
import { createServer } from '../../lib/index.ts';

/** The server that the client examples talk to. */
export interface ExampleServer {
  readonly url: string;
  /** Its certificate, which is its own authority. */
  readonly cert: string;
  close(): Promise<void>;
}

/** Starts a server on a free port: `/greeting` greets, `/echo` sends back what it gets. */
export async function startServer(): Promise<ExampleServer> {
  const { key, cert } = makeCertificate(['localhost']);
  const server = createServer({ key, cert }, (request, response) => {
    if (request.url === '/echo') {
      request.pipe(response);
    } else if (request.url === '/greeting') {
      response.setHeader('content-type', 'text/plain');
      response.end('Hello over SPDY');
    } else {
      response.statusCode = 404;
      response.end('Not here');
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}`,
    cert,
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}
