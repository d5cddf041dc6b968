import http from 'node:http';
import type { Duplex } from 'node:stream';
import { StreamError } from '../../errors.ts';
import { PROTOCOL_ERROR } from '../../protocol/constants.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Session, SpdyStream } from '../../session/public.ts';
import { endToEndFields } from '../headers.ts';
import { parseResponse, requestToSpdy } from '../message-head.ts';
import type { RequestPlan } from './options.ts';
import { type PushedRequest, takePush } from './push.ts';
import { ClientResponse } from './response.ts';

/** A way to a server, in use until it is released. */
export type Link = SpdyLink | HttpLink;

interface LinkBase {
  /** Whether other requests have gone this way before. */
  readonly reused: boolean;
  release(): void;
}

/** A SPDY session. */
export interface SpdyLink extends LinkBase {
  readonly protocol: 'spdy';
  readonly session: Session;
  /** URLs that are being pushed in the session. */
  readonly pushing: Set<string>;
  /** A stream was opened: from now on its end counts for the limit of the server, not that of the link. */
  opened(): void;
}

/** An agent that speaks HTTP/1.1 with the server. */
export interface HttpLink extends LinkBase {
  readonly protocol: 'http/1.1';
  readonly agent: http.Agent;
}

/** What an exchange tells its request. */
export interface ExchangeHost {
  connected(socket: Duplex | null): void;
  continued(): void;
  information(info: http.InformationEvent): void;
  answered(response: http.IncomingMessage): void;
  /** CONNECT or Upgrade was answered: from now on `socket` carries any bytes. */
  switched(
    event: 'connect' | 'upgrade',
    response: http.IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void;
  wantsPush(): boolean;
  wantsUpgrade(): boolean;
  pushed(request: PushedRequest, response: ClientResponse): void;
  /** Nothing happened for the time given to `setTimeout()`. */
  timedOut(): void;
  /** Nothing more will come. `unprocessed`: the server has surely done nothing with the request. */
  closed(error: Error | null, unprocessed: boolean): void;
}

/** How responses are judged. */
export interface ResponseRules {
  readonly tolerateMissingVersion: boolean;
  readonly strictContentLength: boolean;
}

/** One attempt to carry out a request. */
export interface Exchange {
  /** The stream that carries it, null with HTTP/1.1. */
  readonly stream: SpdyStream | null;
  write(chunk: Uint8Array, done: (error?: Error | null) => void): void;
  /** Ends the body, with trailers behind it. */
  end(trailers: HeaderList, done: () => void): void;
  setTimeout(milliseconds: number): void;
  /** Gives the request up. */
  destroy(error: Error | null): void;
}

/** A request as a SPDY stream. */
export class SpdyExchange implements Exchange {
  readonly stream: SpdyStream;
  readonly #host: ExchangeHost;
  #error: Error | null = null;
  #answered = false;
  readonly #tunnel: boolean;

  constructor(
    host: ExchangeHost,
    link: SpdyLink,
    plan: RequestPlan,
    fields: HeaderList,
    endStream: boolean,
    rules: ResponseRules,
  ) {
    this.#host = host;
    const { session } = link;
    const { target, method, path, options } = plan;
    const tunnel = method === 'CONNECT';
    this.#tunnel = tunnel;
    const authority = fields.find(([name]) => name === 'host')?.[1] ?? target.host;
    const headers = requestToSpdy({
      method,
      scheme: target.scheme,
      host: tunnel ? path : authority,
      path,
      headers: fields,
    });
    const { priority } = options;
    const stream = session.request(headers, {
      endStream: endStream && !tunnel,
      ...(priority === undefined ? {} : { priority: Math.min(priority, session.getPriLowest()) }),
    });
    link.opened();
    this.stream = stream;
    const { strictContentLength } = rules;
    const common = { socket: session.socket, strictContentLength };
    stream.on('error', (error) => {
      this.#error = error;
    });
    stream.once('response', (received) => {
      const head = parseResponse(received, { requireVersion: !rules.tolerateMissingVersion });
      if (!('statusCode' in head)) {
        const { id } = stream;
        const message = `the reply has ${head.reason}`;
        stream.destroy(new StreamError('ERR_SPDY_PROTOCOL', message, id, PROTOCOL_ERROR, 'peer'));
        return;
      }
      this.#answered = true;
      if (tunnel) {
        const response = new ClientResponse({ ...common, stream, head, method, tunnel });
        host.switched('connect', response, stream, Buffer.alloc(0));
        return;
      }
      host.answered(new ClientResponse({ ...common, stream, head, method }));
    });
    stream.on('push', (pushed) => {
      takePush(pushed, {
        target,
        pushing: link.pushing,
        response: common,
        wanted: () => host.wantsPush(),
        deliver: (request, response) => host.pushed(request, response),
      });
    });
    stream.on('timeout', () => host.timedOut());
    stream.once('close', () => this.#closed());
    host.connected(session.socket);
    if (fields.some(([name, value]) => name === 'expect' && /^100-continue$/i.test(value))) {
      process.nextTick(() => host.continued());
    }
  }

  write(chunk: Uint8Array, done: (error?: Error | null) => void): void {
    // An empty body has ended the stream together with its headers.
    if (chunk.length === 0) process.nextTick(done);
    else this.stream.write(chunk, done);
  }

  end(trailers: HeaderList, done: () => void): void {
    const { stream } = this;
    // A tunnel is ended by whoever uses it.
    if (this.#tunnel) done();
    else if (trailers.length === 0 || !stream.writable) stream.end(done);
    else {
      stream.once('finish', done);
      stream.sendTrailers(endToEndFields(trailers));
    }
  }

  setTimeout(milliseconds: number): void {
    this.stream.setTimeout(milliseconds);
  }

  destroy(error: Error | null): void {
    // Any other error is our own matter: the server is told CANCEL.
    this.stream.destroy(error instanceof StreamError ? error : undefined);
  }

  #closed(): void {
    const { stream } = this;
    const error = this.#error;
    if (this.#answered) {
      this.#host.closed(null, false);
      return;
    }
    const { id, rstStatus } = stream;
    const text = `stream ${id} ended without a response`;
    const reason = error ?? new StreamError('ERR_SPDY_STREAM_CLOSED', text, id, rstStatus, 'peer');
    const unprocessed = stream.pending || (reason instanceof StreamError && reason.retryable);
    this.#host.closed(reason, unprocessed);
  }
}

/** A request over HTTP/1.1. */
export class HttpExchange implements Exchange {
  readonly stream = null;
  readonly #request: http.ClientRequest;
  #error: Error | null = null;
  #answered = false;

  constructor(
    host: ExchangeHost,
    link: HttpLink,
    plan: RequestPlan,
    headers: http.OutgoingHttpHeaders,
    endStream: boolean,
  ) {
    const { target, method, path } = plan;
    const framed = headers['content-length'] !== undefined || endStream;
    const request = http.request({
      agent: link.agent,
      host: target.hostname,
      port: target.port,
      method,
      path,
      setHost: false,
      headers: {
        host: target.host,
        ...headers,
        ...(framed || method === 'CONNECT' ? {} : { 'transfer-encoding': 'chunked' }),
      },
    });
    this.#request = request;
    request.on('socket', (socket) => host.connected(socket));
    request.on('timeout', () => host.timedOut());
    request.on('continue', () => host.continued());
    request.on('information', (info) => host.information(info));
    request.on('response', (response) => {
      this.#answered = true;
      host.answered(response);
    });
    request.on('connect', (response, socket, head) => {
      this.#answered = true;
      host.switched('connect', response, socket, head);
    });
    if (host.wantsUpgrade()) {
      request.on('upgrade', (response, socket, head) => {
        this.#answered = true;
        host.switched('upgrade', response, socket, head);
      });
    }
    request.on('error', (error) => {
      this.#error = error;
    });
    request.on('close', () => host.closed(this.#answered ? null : this.#error, false));
    request.flushHeaders();
  }

  write(chunk: Uint8Array, done: (error?: Error | null) => void): void {
    this.#request.write(chunk, done);
  }

  end(trailers: HeaderList, done: () => void): void {
    if (trailers.length > 0) this.#request.addTrailers([...trailers] as [string, string][]);
    this.#request.end(done);
  }

  setTimeout(milliseconds: number): void {
    this.#request.setTimeout(milliseconds);
  }

  destroy(error: Error | null): void {
    this.#request.destroy(error ?? undefined);
  }
}
