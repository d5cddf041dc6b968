import type http2 from 'node:http2';
import { Deadline } from '../../../common/deadline.ts';
import { SpdyError } from '../../../errors.ts';
import type { LoadPlan } from '../plan.ts';
import type { LoadCounts } from '../results/recorder.ts';
import type { ConnectionOwner, LoadConnection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import type { LoadSocket } from './load-socket.ts';
import type { LoadMessage } from './message.ts';
import { OpenExchanges } from './open-exchanges.ts';

/** HTTP/2 by Node's `http2`. */
export class Http2Connection implements LoadConnection {
  readonly #session: http2.ClientHttp2Session;
  readonly #socket: LoadSocket;
  readonly #counts: LoadCounts;
  readonly #open: OpenExchanges;
  /** Until the SETTINGS of the server, which are the first thing that it says. */
  readonly #opening = new Deadline();
  #maxStreams = Number.POSITIVE_INFINITY;
  #leaving = false;

  constructor(module: typeof http2, socket: LoadSocket, plan: LoadPlan, owner: ConnectionOwner) {
    const { target, windowSize, sessionWindowSize, headerTableSize, connectTimeoutMs } = plan;
    this.#socket = socket;
    this.#counts = owner.counts;
    this.#open = new OpenExchanges(socket, owner);
    const session = module.connect(`${target.secure ? 'https' : 'http'}://localhost`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: windowSize, headerTableSize },
    });
    this.#session = session;
    session.once('connect', () => session.setLocalWindowSize(sessionWindowSize));
    session.on('remoteSettings', ({ maxConcurrentStreams }) => {
      this.#opening.stop();
      this.#maxStreams = maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
      this.#open.roomChanged();
    });
    session.on('goaway', () => {
      this.#leaving = true;
      this.#open.roomChanged();
    });
    session.on('error', (error) => this.#open.fail(error));
    session.on('close', () => {
      this.#opening.stop();
      this.#open.end();
    });
    if (connectTimeoutMs === 0) return;
    // Node 20 says nothing of a server that answers in another protocol.
    const message = `the server has not begun HTTP/2 within ${connectTimeoutMs} ms`;
    this.#opening.start(connectTimeoutMs, () => {
      session.destroy(new SpdyError('ERR_SPDY_TIMEOUT', message));
    });
  }

  get maxStreams(): number {
    return this.#maxStreams;
  }

  get retiring(): boolean {
    return this.#leaving || this.#session.closed || this.#session.destroyed;
  }

  request({ h2, body }: LoadMessage, exchange: Exchange): void {
    this.#open.begin(exchange);
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
      this.#counts.dataBytes += chunk.length;
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
      this.#open.finish(exchange, error);
    });
    if (body !== null) stream.end(body);
  }

  flush(): void {}

  close(): void {
    this.#session.close();
  }

  destroy(): void {
    this.#opening.stop();
    this.#open.forget();
    this.#session.destroy();
    this.#socket.destroy();
  }

  #reply(exchange: Exchange, headers: http2.IncomingHttpHeaders): void {
    let length = 0;
    for (const name in headers) length += name.length + String(headers[name]).length;
    this.#counts.headerText += length;
    this.#open.reply(exchange, Number(headers[':status'] ?? 0));
  }
}
