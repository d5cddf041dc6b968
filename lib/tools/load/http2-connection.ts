import type http2 from 'node:http2';
import type { Socket } from 'node:net';
import type { ConnectionOwner, LoadConnection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import type { LoadMessage } from './message.ts';
import type { LoadPlan } from './plan.ts';

/** HTTP/2 by Node's `http2`. */
export class Http2Connection implements LoadConnection {
  readonly #session: http2.ClientHttp2Session;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #open = new Set<Exchange>();
  #maxStreams = Number.POSITIVE_INFINITY;
  #error: Error | null = null;
  #counted: number;
  #leaving = false;
  #destroyed = false;

  constructor(module: typeof http2, socket: Socket, plan: LoadPlan, owner: ConnectionOwner) {
    const { target, windowSize, sessionWindowSize, headerTableSize } = plan;
    this.#socket = socket;
    this.#owner = owner;
    this.#counted = socket.bytesRead;
    const session = module.connect(`${target.secure ? 'https' : 'http'}://localhost`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: windowSize, headerTableSize },
    });
    this.#session = session;
    session.once('connect', () => session.setLocalWindowSize(sessionWindowSize));
    session.on('remoteSettings', ({ maxConcurrentStreams }) => {
      this.#maxStreams = maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
      if (!this.#destroyed) this.#owner.roomChanged();
    });
    session.on('goaway', () => {
      this.#leaving = true;
      if (!this.#destroyed) this.#owner.roomChanged();
    });
    session.on('error', (error) => {
      this.#error ??= error;
    });
    session.on('close', () => this.#closed());
  }

  get maxStreams(): number {
    return this.#maxStreams;
  }

  get retiring(): boolean {
    return this.#leaving || this.#session.closed || this.#session.destroyed;
  }

  request({ h2, body }: LoadMessage, exchange: Exchange): void {
    this.#open.add(exchange);
    const stream = this.#session.request(h2, { endStream: body === null });
    let error: Error | null = null;
    let told = Number.NaN;
    let received = 0;
    let complete = false;
    stream.on('response', (headers) => {
      const bodiless = h2[':method'] === 'HEAD' || headers[':status'] === 304;
      told = bodiless ? Number.NaN : Number(headers['content-length'] ?? Number.NaN);
      this.#reply(exchange, headers);
    });
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
      this.#owner.counts.dataBytes += chunk.length;
    });
    stream.on('error', (reason: Error) => {
      error = reason;
    });
    stream.on('end', () => {
      // A server may cut a body with NO_ERROR.
      complete = exchange.status !== 0 && (Number.isNaN(told) || told === received);
    });
    stream.on('close', () => {
      const code = stream.rstCode ?? 0;
      if (error === null && (!complete || code !== 0))
        error = new Error(`the stream was closed with ${code}`);
      this.#finish(exchange, error);
    });
    if (body !== null) stream.end(body);
  }

  flush(): void {}

  close(): void {
    this.#session.close();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#session.destroy();
    this.#socket.destroy();
  }

  #reply(exchange: Exchange, headers: http2.IncomingHttpHeaders): void {
    exchange.status = Number(headers[':status'] ?? 0);
    let length = 0;
    for (const name in headers) length += name.length + String(headers[name]).length;
    this.#owner.counts.headerText += length;
    if (!this.#destroyed) this.#owner.replied();
  }

  #finish(exchange: Exchange, error: Error | null): void {
    this.#count();
    this.#open.delete(exchange);
    if (!this.#destroyed) this.#owner.finished(exchange, error);
  }

  #count(): void {
    const { bytesRead } = this.#socket;
    this.#owner.counts.bytes += bytesRead - this.#counted;
    this.#counted = bytesRead;
  }

  #closed(): void {
    if (this.#destroyed) return;
    const error = this.#error ?? new Error('the connection was closed');
    for (const exchange of this.#open) this.#finish(exchange, error);
    this.#destroyed = true;
    this.#owner.ended(this.#error);
  }
}
