import http from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { nextTick } from 'node:process';
import { openSocket } from '../connect.ts';
import type { ResolvedBack } from '../options.ts';
import { watchEnd } from './ending.ts';
import type { DispatchClient, DispatchClientClass } from './undici.ts';

/** The longest time that undici takes. */
const FOR_EVER = 0x7fffffff;

/** Who waits for a client. */
export interface ClientTaker {
  /** Gets one, for one request. */
  take(client: Http1Client): void;
  /** There will be none. */
  onError(error: Error): void;
}

/** A client of undici with its connection, for one request at a time. */
export interface Http1Client {
  readonly dispatcher: DispatchClient;
  /** Its latest connection. */
  socket: Socket | null;
  /** Whether that has carried a request before. */
  used: boolean;
  /** By `performance.now()`: since when it waits for a request. */
  freeSince: number;
}

/** The connections of undici to a back: those that are used, and those that are kept for the next requests. */
export class Http1Clients {
  readonly #back: ResolvedBack;
  readonly #Client: DispatchClientClass;
  readonly #all = new Set<Http1Client>();
  /** Those that are free, the one that was used last at the end: it is taken first. */
  readonly #free: Http1Client[] = [];
  /** In the order in which they came. */
  readonly #waiting = new Set<ClientTaker>();
  #closed = false;

  constructor(back: ResolvedBack, Client: DispatchClientClass) {
    this.#back = back;
    this.#Client = Client;
  }

  /** Gives a client: at once, or when one is free. */
  request(taker: ClientTaker): void {
    const client = this.#free.pop();
    if (client !== undefined) taker.take(client);
    else if (this.#all.size < this.#back.maxConnections) taker.take(this.#make());
    else this.#waiting.add(taker);
  }

  /** It does not want one any more. */
  forget(taker: ClientTaker): void {
    this.#waiting.delete(taker);
  }

  /** The request of a client is over. */
  release(client: Http1Client): void {
    if (!this.#all.has(client)) return;
    for (const taker of this.#waiting) {
      this.#waiting.delete(taker);
      taker.take(client);
      return;
    }
    if (this.#closed) {
      this.drop(client);
      return;
    }
    client.freeSince = performance.now();
    this.#free.push(client);
  }

  /** A client is of no use any more, nor its connection. */
  drop(client: Http1Client, cause: Error | null = null): void {
    if (!this.#all.delete(client)) return;
    client.dispatcher.destroy(cause).catch(() => {});
    for (const taker of this.#waiting) {
      this.#waiting.delete(taker);
      taker.take(this.#make());
      return;
    }
  }

  /** Ends those that are free and were not used since then. */
  dropUnused(since: number): void {
    // The one that was used last stands at the end.
    const kept = this.#free.findIndex(({ freeSince }) => freeSince >= since);
    const left = this.#free.splice(0, kept < 0 ? this.#free.length : kept);
    for (const client of left) this.drop(client);
  }

  /** Ends those that are free, and the others when they are. */
  close(): void {
    this.#closed = true;
    for (const client of this.#free.splice(0)) this.drop(client);
  }

  /** Ends all of them. */
  destroy(): void {
    const error = new Error('the proxy has ended its connections');
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.close();
    for (const client of this.#all) this.drop(client, error);
    for (const taker of waiting) nextTick(() => taker.onError(error));
  }

  #make(): Http1Client {
    const { idleTimeoutMs } = this.#back;
    const keepAliveTimeout = idleTimeoutMs > 0 ? idleTimeoutMs : FOR_EVER;
    // With `https:` undici would look for a name of TLS in the fields of each request, and connect anew for another one.
    const dispatcher = new this.#Client('http://back', {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout,
      keepAliveMaxTimeout: keepAliveTimeout,
      maxHeaderSize: http.maxHeaderSize,
      connect: (_options: object, done: (error: Error | null, socket: Socket | null) => void) =>
        this.#connect(client, done),
    });
    const client: Http1Client = { dispatcher, socket: null, used: false, freeSince: 0 };
    this.#all.add(client);
    return client;
  }

  #connect(client: Http1Client, done: (error: Error | null, socket: Socket | null) => void): void {
    let socket: Socket;
    try {
      socket = watchEnd(openSocket(this.#back, 'http/1.1'));
    } catch (error) {
      nextTick(done, new ConnectError(error as Error), null);
      return;
    }
    client.socket = socket;
    client.used = false;
    const failed = (error?: Error): void => {
      done(new ConnectError(error ?? new Error('the connection has ended')), null);
    };
    const ended = (): void => failed();
    socket.once('error', failed).once('close', ended);
    socket.once(this.#back.secure ? 'secureConnect' : 'connect', () => {
      socket.off('error', failed).off('close', ended);
      done(null, socket);
    });
  }
}

/** No connection: `cause` says why. With its own code undici would connect again for some errors of certificates, without end. */
export class ConnectError extends Error {
  declare readonly cause: Error;

  constructor(cause: Error) {
    super('no connection', { cause });
  }
}
