import http from 'node:http';
import type { LoadCounts } from '../results/recorder.ts';
import type { ConnectionOwner, LoadConnection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import type { LoadSocket } from './load-socket.ts';
import type { LoadMessage } from './message.ts';
import { OpenExchanges } from './open-exchanges.ts';

/** HTTP/1.1 by Node's `http`, one request at a time. */
export class Http1Connection implements LoadConnection {
  readonly maxStreams = 1;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #socket: LoadSocket;
  readonly #counts: LoadCounts;
  readonly #open: OpenExchanges;
  #leaving = false;

  constructor(socket: LoadSocket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#counts = owner.counts;
    this.#open = new OpenExchanges(socket, owner);
    Object.assign(this.#agent, { createConnection: () => socket });
    socket.on('error', (error) => this.#open.fail(error));
    socket.on('close', () => this.#closed());
  }

  get retiring(): boolean {
    return this.#leaving || this.#socket.destroyed || this.#socket.readableEnded;
  }

  request({ method, path, http1, body }: LoadMessage, exchange: Exchange): void {
    this.#open.begin(exchange);
    const request = http.request({ agent: this.#agent, method, path, headers: http1 as string[] });
    request.on('response', (response) => this.#reply(exchange, response));
    request.on('error', (error) => this.#open.finish(exchange, error));
    request.end(body ?? undefined);
  }

  flush(): void {}

  close(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#open.forget();
    this.#socket.destroy();
    this.#agent.destroy();
  }

  #reply(exchange: Exchange, response: http.IncomingMessage): void {
    const counts = this.#counts;
    const { statusCode: status = 0 } = response;
    // As it stands on the wire, but for spaces that nobody writes.
    let length = `HTTP/1.1 ${status} ${response.statusMessage}\r\n\r\n`.length;
    for (const text of response.rawHeaders) length += text.length + 2;
    counts.headerBytes += length;
    counts.headerText += length;
    if (response.headers.connection === 'close') this.#leaving = true;
    this.#open.reply(exchange, status);
    response.on('data', (chunk: Buffer) => {
      counts.dataBytes += chunk.length;
    });
    response.on('end', () => this.#open.finish(exchange, null));
    response.on('error', (error) => this.#open.finish(exchange, error));
  }

  #closed(): void {
    this.#open.end();
    this.#agent.destroy();
  }
}
