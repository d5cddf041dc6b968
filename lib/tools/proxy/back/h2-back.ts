import http2 from 'node:http2';
import type { HeaderList } from '../../../protocol/frames.ts';
import { lengthOf, objectOf, pairsOf, without } from '../message/fields.ts';
import { bodyOfH2, pairsOfObject } from '../message/h2-body.ts';
import { faultOfHead } from '../message/response-head.ts';
import { webSocketAccept } from '../message/websocket-fields.ts';
import type { ResponseHead } from '../relay/exchange.ts';
import { failureOf } from '../relay/failure.ts';
import { StreamSink } from '../relay/stream-sink.ts';
import type { BackCall, BackHandler, BackRequest, Transport } from './back.ts';
import { H2Connection, type H2ConnectionHost } from './h2-connection.ts';
import { H2WebSocketCall } from './h2-websocket-call.ts';
import type { Liveness, SentMark } from './liveness.ts';
import type { ResolvedBack } from './options.ts';

const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM } = http2.constants;

/** Errors of a session that takes no more requests. */
const SPENT: ReadonlySet<string> = new Set([
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_INVALID_SESSION',
  'ERR_HTTP2_OUT_OF_STREAMS',
]);

/** Speaks HTTP/2 with a back: one session for all requests, another one when it takes no more. */
export class H2Back implements Transport, H2ConnectionHost {
  readonly #back: ResolvedBack;
  readonly #connections = new Set<H2Connection>();
  #current: H2Connection | null = null;
  #closed = false;

  constructor(back: ResolvedBack) {
    this.#back = back;
  }

  send(request: BackRequest, handler: BackHandler): BackCall {
    const connection = this.#connection();
    const { settings } = connection;
    const { upgrade } = request;
    if (upgrade !== null && !settings.known) {
      const { connectTimeoutMs } = this.#back;
      const begin = (): BackCall => this.send(request, handler);
      return new H2WebSocketCall(settings, connectTimeoutMs, handler, begin);
    }
    const ordinary = upgrade !== null && !settings.extendedConnect;
    try {
      return new H2Call(connection, ordinary ? { ...request, upgrade: null } : request, handler);
    } catch (error) {
      if (!SPENT.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      // It takes no more, and has not said so.
      connection.retire();
      return this.send(request, handler);
    }
  }

  close(): void {
    this.#closed = true;
    for (const { session } of this.#connections) session.close();
  }

  destroy(): void {
    this.#closed = true;
    for (const { session } of this.#connections) session.destroy();
  }

  retired(connection: H2Connection): void {
    if (this.#current === connection) this.#current = null;
  }

  closed(connection: H2Connection): void {
    this.#connections.delete(connection);
  }

  /** One that takes requests. */
  #connection(): H2Connection {
    const current = this.#current;
    if (current !== null && !current.session.closed && !current.session.destroyed) return current;
    const connection = new H2Connection(this.#back, this);
    this.#connections.add(connection);
    this.#current = connection;
    connection.session.once('connect', () => {
      if (this.#closed) connection.session.close();
    });
    return connection;
  }
}

/** A request by HTTP/2. */
class H2Call implements BackCall {
  connected: boolean;
  readonly #stream: http2.ClientHttp2Stream;
  readonly #handler: BackHandler;
  readonly #request: BackRequest;
  #settled = false;
  readonly #liveness: Liveness;
  readonly #sent: SentMark;
  #trailers: HeaderList = [];

  constructor({ session, liveness }: H2Connection, request: BackRequest, handler: BackHandler) {
    this.connected = !session.connecting;
    this.#liveness = liveness;
    this.#sent = liveness.mark();
    this.#handler = handler;
    this.#request = request;
    const empty = request.length === null || request.length === 0;
    const tunnel = request.method === 'CONNECT' || request.upgrade !== null;
    const stream = session.request(headersOf(request), {
      endStream: empty && !tunnel,
      waitForTrailers: !empty && !tunnel,
    });
    this.#stream = stream;
    if (session.connecting) {
      session.once('connect', () => {
        this.connected = true;
      });
    }
    stream.on('wantTrailers', () => stream.sendTrailers(objectOf(this.#trailers)));
    stream.on('headers', (headers) => {
      handler.informed(Number(headers[':status']), pairsOfObject(headers));
    });
    stream.on('response', (headers, flags, raw?: string[]) => {
      const fields = raw === undefined ? pairsOfObject(headers) : pairsOf(raw);
      this.#responded(Number(headers[':status']), fields, (flags & 1) !== 0);
    });
    stream.on('error', (error) => this.#failed(error));
    stream.on('close', () => this.#failed(new Error('the stream was closed')));
  }

  write(chunk: Uint8Array): boolean {
    return this.#stream.write(chunk);
  }

  end(trailers: HeaderList): void {
    this.#trailers = trailers;
    this.#stream.end();
  }

  reset(cause: Error): void {
    this.#settled = true;
    resetH2(this.#stream);
    this.#liveness.gaveUp(this.#sent, cause);
  }

  onDrain(listener: () => void): void {
    this.#stream.on('drain', listener);
  }

  #responded(status: number, all: HeaderList, ended: boolean): void {
    if (this.#settled) return;
    const fields = all.filter(([name]) => !name.startsWith(':'));
    const length = lengthOf(fields);
    const stream = this.#stream;
    const head = { status, message: '', fields };
    if (faultOfHead(head) !== null) {
      this.#failed(Object.assign(new Error('a malformed head'), { code: 'HPE_INVALID_HEADER' }));
      resetH2(stream);
      return;
    }
    this.#settled = true;
    const { method, upgrade } = this.#request;
    if ((method === 'CONNECT' || upgrade !== null) && status >= 200 && status <= 299) {
      this.#handler.switched(
        upgrade === null ? head : switchedHead(this.#request, fields),
        bodyOfH2(stream, null),
        new StreamSink(stream, () => resetH2(stream)),
      );
    } else if (ended || method === 'HEAD' || status === 204 || status === 304) {
      stream.resume();
      this.#handler.responded(head, null);
    } else {
      this.#handler.responded(head, bodyOfH2(stream, length));
    }
  }

  #failed(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    const { rstCode, id } = this.#stream;
    // One that has no number was never sent.
    const unprocessed = rstCode === NGHTTP2_REFUSED_STREAM || id === undefined || !this.connected;
    const cause = (error.cause as Error | undefined) ?? error;
    const again = this.connected && unprocessed;
    this.#handler.failed({ ...failureOf(cause, !this.connected, unprocessed), again });
  }
}

/** Ends a stream before its end: `close()` would send END_STREAM first. */
function resetH2(stream: http2.Http2Stream): void {
  if (stream.destroyed) return;
  if (stream.writableEnded) stream.close(NGHTTP2_CANCEL);
  else stream.destroy(new Error('given up'));
}

/** As HTTP/1.1 has it: a WebSocket begins with a 101, and with an answer to its key, which HTTP/2 does without (RFC 8441 5). */
function switchedHead({ fields: asked }: BackRequest, fields: HeaderList): ResponseHead {
  const accept = ['sec-websocket-accept', webSocketAccept(asked)] as const;
  const kept = without(fields, 'sec-websocket-accept');
  return { status: 101, message: 'Switching Protocols', fields: [...kept, accept] };
}

function headersOf(request: BackRequest): http2.OutgoingHttpHeaders {
  const { method, scheme, authority, target, fields, length, upgrade } = request;
  const headers: http2.OutgoingHttpHeaders = objectOf(fields);
  headers[':method'] = upgrade === null ? method : 'CONNECT';
  headers[':authority'] = authority;
  if (method !== 'CONNECT') {
    headers[':scheme'] = scheme;
    headers[':path'] = target;
  }
  if (upgrade !== null) {
    headers[':protocol'] = upgrade;
    delete headers['sec-websocket-key'];
    return headers;
  }
  if (length !== null && length >= 0) headers['content-length'] = String(length);
  if (request.takesTrailers) headers.te = 'trailers';
  return headers;
}
