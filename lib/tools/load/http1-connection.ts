import http from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionOwner, LoadConnection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import type { LoadMessage } from './message.ts';

/** HTTP/1.1 by Node's `http`, one request at a time. */
export class Http1Connection implements LoadConnection {
  readonly maxStreams = 1;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  #error: Error | null = null;
  #counted: number;
  #open: Exchange | null = null;
  #leaving = false;
  #destroyed = false;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#counted = socket.bytesRead;
    Object.assign(this.#agent, { createConnection: () => socket });
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => this.#closed());
  }

  get retiring(): boolean {
    return this.#leaving || this.#socket.destroyed || this.#socket.readableEnded;
  }

  request({ method, path, http1, body }: LoadMessage, exchange: Exchange): void {
    this.#open = exchange;
    const request = http.request({ agent: this.#agent, method, path, headers: http1 as string[] });
    request.on('response', (response) => this.#reply(exchange, response));
    request.on('error', (error) => this.#finish(exchange, error));
    request.end(body ?? undefined);
  }

  flush(): void {}

  close(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#socket.destroy();
    this.#agent.destroy();
  }

  #reply(exchange: Exchange, response: http.IncomingMessage): void {
    const { counts } = this.#owner;
    exchange.status = response.statusCode ?? 0;
    // As it stands on the wire, but for spaces that nobody writes.
    let length = `HTTP/1.1 ${exchange.status} ${response.statusMessage}\r\n\r\n`.length;
    for (const text of response.rawHeaders) length += text.length + 2;
    counts.headerBytes += length;
    counts.headerText += length;
    if (response.headers.connection === 'close') this.#leaving = true;
    if (!this.#destroyed) this.#owner.replied();
    response.on('data', (chunk: Buffer) => {
      counts.dataBytes += chunk.length;
    });
    response.on('end', () => this.#finish(exchange, null));
    response.on('error', (error) => this.#finish(exchange, error));
  }

  #finish(exchange: Exchange, error: Error | null): void {
    this.#count();
    if (this.#open === exchange) this.#open = null;
    if (!this.#destroyed) this.#owner.finished(exchange, error);
  }

  #count(): void {
    const { bytesRead } = this.#socket;
    this.#owner.counts.bytes += bytesRead - this.#counted;
    this.#counted = bytesRead;
  }

  #closed(): void {
    if (this.#destroyed) return;
    const open = this.#open;
    if (open !== null) this.#finish(open, this.#error ?? new Error('the connection was closed'));
    this.#destroyed = true;
    this.#agent.destroy();
    this.#owner.ended(this.#error);
  }
}
