import { SYN_STREAM } from '../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import type { Session } from '../../../lib/session/session.ts';
import { sha256 } from './bytes.ts';

/** The first value of a name. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  return headers.find(([key]) => key === name)?.[1];
}

/** What came back for a request, or what a server pushed. */
export interface Reply {
  /** Request headers of a push. */
  readonly request: HeaderList;
  readonly status: number;
  readonly headers: HeaderList;
  /** Headers that came after the reply's own ones. */
  readonly trailers: HeaderList;
  readonly body: Buffer;
  readonly sha256: string;
}

/** What a request may carry. */
export interface RequestOptions {
  readonly method?: string;
  readonly headers?: HeaderList;
  readonly body?: Buffer;
  readonly priority?: number;
}

/** Requests on the events of a client session. */
export class TestClient {
  /** Pushed resources that arrived whole, in the order of their ends. */
  readonly pushes: Reply[] = [];
  readonly #session: Session;
  readonly #host: string;
  readonly #scheme: string;
  readonly #waiting = new Set<Exchange>();
  readonly #open = new Map<number, Exchange>();

  constructor(session: Session, host: string, scheme: 'http' | 'https' = 'http') {
    this.#session = session;
    this.#host = host;
    this.#scheme = scheme;
    session.on('beforeCtrlSend', (frame) => {
      if (frame.type !== SYN_STREAM) return;
      const exchange = session.getStreamUserData(frame.streamId);
      if (exchange instanceof Exchange) this.#open.set(frame.streamId, exchange);
    });
    session.on('synStream', ({ streamId, headers }) => {
      this.#open.set(streamId, this.#pushed(headers));
    });
    session.on('synReply', ({ streamId, headers }) =>
      this.#open.get(streamId)?.addHeaders(headers),
    );
    session.on('headers', ({ streamId, headers }) => this.#open.get(streamId)?.addHeaders(headers));
    session.on('dataChunkRecv', (_flags, streamId, data) => {
      this.#open.get(streamId)?.body.push(Buffer.from(data));
    });
    session.on('streamClose', (streamId, _status, error) => {
      const exchange = this.#open.get(streamId);
      this.#open.delete(streamId);
      exchange?.end(error);
    });
    session.on('close', () => {
      for (const exchange of this.#waiting) exchange.end(new Error('the session ended'));
    });
  }

  /** GET. */
  get(path: string, options?: RequestOptions): Promise<Reply> {
    return this.request(path, options);
  }

  /** POST with a body. */
  post(path: string, body: Buffer, options?: RequestOptions): Promise<Reply> {
    return this.request(path, { method: 'POST', body, ...options });
  }

  /** Any request. Rejects with the error of the stream when it ends by a reset. */
  request(
    path: string,
    { method = 'GET', headers = [], body, priority = 0 }: RequestOptions = {},
  ): Promise<Reply> {
    const list: HeaderList = [
      [':method', method],
      [':path', path],
      [':version', 'HTTP/1.1'],
      [':host', this.#host],
      [':scheme', this.#scheme],
      ['user-agent', 'spdylay-interop'],
      ...(body ? ([['content-length', String(body.length)]] as const) : []),
      ...headers,
    ];
    return new Promise((resolve, reject) => {
      const exchange = new Exchange([], (error, reply) => {
        this.#waiting.delete(exchange);
        if (error) reject(error);
        else resolve(reply);
      });
      this.#waiting.add(exchange);
      this.#session.submitRequest(priority, list, body ?? null, exchange);
    });
  }

  #pushed(headers: HeaderList): Exchange {
    const exchange = new Exchange(headers, (error, reply) => {
      if (!error) this.pushes.push(reply);
    });
    // spdy-transport's form of a push has the reply's headers in the SYN_STREAM.
    if (headerValue(headers, ':status') !== undefined) exchange.addHeaders(headers);
    return exchange;
  }
}

/** One request and what has come back so far. */
class Exchange {
  readonly body: Buffer[] = [];
  readonly #request: HeaderList;
  readonly #done: (error: Error | null, reply: Reply) => void;
  #headers: HeaderList | null = null;
  #trailers: HeaderList = [];

  constructor(request: HeaderList, done: (error: Error | null, reply: Reply) => void) {
    this.#request = request;
    this.#done = done;
  }

  addHeaders(headers: HeaderList): void {
    if (this.#headers === null) this.#headers = headers;
    else this.#trailers = [...this.#trailers, ...headers];
  }

  end(error: Error | null): void {
    const headers = this.#headers ?? [];
    const body = Buffer.concat(this.body);
    this.#done(error, {
      request: this.#request,
      status: Number.parseInt(headerValue(headers, ':status') ?? '', 10),
      headers,
      trailers: this.#trailers,
      body,
      sha256: sha256(body),
    });
  }
}
