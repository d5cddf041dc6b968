import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

/** What the admin port tells. */
export interface AdminFacts {
  readonly metrics: Metrics;
  /** Null while all is well, else why it is not. */
  trouble(): string | null;
}

/** A port for whoever looks after the proxy: `/healthz` and `/metrics`. */
export class Admin {
  readonly #server: http.Server;

  private constructor(facts: AdminFacts) {
    this.#server = http.createServer((request, response) => {
      answer(request, response, facts).catch(() => response.writeHead(500).end());
    });
  }

  /** Rejects with the error of the listener. */
  static async open(
    { host, port }: { readonly host: string; readonly port: number },
    facts: AdminFacts,
  ): Promise<Admin> {
    const admin = new Admin(facts);
    admin.#server.listen(port, host);
    await once(admin.#server, 'listening');
    return admin;
  }

  /** The port at which it listens. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends it at once. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { metrics, trouble }: AdminFacts,
): Promise<void> {
  const [path] = (request.url ?? '').split('?');
  if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405).end();
  else if (path === '/healthz') {
    const why = trouble();
    response.writeHead(why === null ? 200 : 503, { 'content-type': 'text/plain' });
    response.end(`${why ?? 'ok'}\n`);
  } else if (path === '/metrics') {
    const text = await metrics.text();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  } else response.writeHead(404).end();
}
