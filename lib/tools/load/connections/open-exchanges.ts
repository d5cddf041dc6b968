import type { ConnectionOwner } from './connection.ts';
import type { Exchange } from './exchange.ts';
import type { LoadSocket } from './load-socket.ts';

/** What is under way on a connection of Node's modules, and what its owner is told of it. */
export class OpenExchanges {
  readonly #socket: LoadSocket;
  readonly #owner: ConnectionOwner;
  readonly #open = new Set<Exchange>();
  #counted: number;
  #error: Error | null = null;
  #over = false;

  constructor(socket: LoadSocket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#counted = socket.bytesRead;
  }

  /** Why the connection ends, the first time. */
  fail(error: Error): void {
    this.#error ??= error;
  }

  /** A request was sent. */
  begin(exchange: Exchange): void {
    this.#open.add(exchange);
  }

  /** Its answer begins. */
  reply(exchange: Exchange, status: number): void {
    exchange.status = status;
    if (!this.#over) this.#owner.replied();
  }

  /** It has ended; `error`: without a whole answer. */
  finish(exchange: Exchange, error: Error | null): void {
    const { bytesRead } = this.#socket;
    this.#owner.counts.bytes += bytesRead - this.#counted;
    this.#counted = bytesRead;
    this.#open.delete(exchange);
    if (!this.#over) this.#owner.finished(exchange, error);
  }

  /** More or fewer requests may be under way. */
  roomChanged(): void {
    if (!this.#over) this.#owner.roomChanged();
  }

  /** The connection is gone, and with it what is under way. */
  end(): void {
    if (this.#over) return;
    const error = this.#error ?? new Error('the connection was closed');
    for (const exchange of this.#open) this.finish(exchange, error);
    this.#over = true;
    this.#owner.ended(this.#error);
  }

  /** Nothing is told any more. */
  forget(): void {
    this.#over = true;
  }
}
