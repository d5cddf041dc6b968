import { type Channel, channel } from 'node:diagnostics_channel';
import { errorMonitor } from 'node:events';
import type http from 'node:http';
import type { Duplex } from 'node:stream';
import { WatchedSink, watchBody } from '../request/body-watch.ts';
import { headText } from '../request/request-head.ts';
import type { BodySink, ReadyHead } from './exchange.ts';

/** Channels of Node's own `http` client. */
const HTTP = {
  created: channel('http.client.request.created'),
  start: channel('http.client.request.start'),
  error: channel('http.client.request.error'),
  finish: channel('http.client.response.finish'),
};

/** Channels of undici, and so of Node's own `fetch()`. */
const UNDICI = {
  create: channel('undici:request:create'),
  sendHeaders: channel('undici:client:sendHeaders'),
  bodyChunkSent: channel('undici:request:bodyChunkSent'),
  bodySent: channel('undici:request:bodySent'),
  headers: channel('undici:request:headers'),
  bodyChunkReceived: channel('undici:request:bodyChunkReceived'),
  trailers: channel('undici:request:trailers'),
  error: channel('undici:request:error'),
};

/** The request that is observed, as far as that matters here. */
export interface Observed {
  readonly method: string;
  readonly path: string;
  readonly protocol: string;
  readonly host: string;
  getHeaders(): http.OutgoingHttpHeaders;
  getHeader(name: string): number | string | string[] | undefined;
  appendHeader(name: string, value: string): unknown;
  on(event: never, listener: never): unknown;
}

/** Tells the channels what becomes of a request. */
export interface RequestObserver {
  /** The head leaves, by this version of SPDY, or null: by HTTP/1.1. */
  sent(head: ReadyHead, socket: Duplex | null, version: string | null): void;
  /** The response came. */
  answered(response: http.IncomingMessage): void;
  /** The response to CONNECT or an upgrade came: the rest is a tunnel. */
  switched(response: http.IncomingMessage): void;
}

/** One of the channels. */
export interface ChannelObserver extends RequestObserver {
  /** Whether it tells of requests by HTTP/1.1 too, rather than leaving them to Node's own request below. */
  readonly tellsHttp1: boolean;
  /** Where the body of the request goes, behind `sent()`, when it is to go to `sink`. */
  carrying(sink: BodySink): BodySink;
}

let asUndici = false;

/** Requests that `make` makes are told to the channels of undici, not to those of `http`: each is told once. */
export function toldAsUndici<Result>(make: () => Result): Result {
  const outer = asUndici;
  asUndici = true;
  try {
    return make();
  } finally {
    asUndici = outer;
  }
}

/**
 * Who tells the channels of a request that is being made; null when nobody has subscribed. One of `http` that nobody there hears is told to
 * those of undici: tools that trace `http` by other means than its channels would not see it.
 */
export function observerOf(request: Observed): ChannelObserver | null {
  if (!asUndici && isHeard(HTTP)) return new HttpObserver(request);
  return isHeard(UNDICI) ? new UndiciObserver(request) : null;
}

function isHeard(channels: Readonly<Record<string, Channel>>): boolean {
  for (const name in channels) if ((channels[name] as Channel).hasSubscribers) return true;
  return false;
}

/** Listens without being one who takes the errors. */
function onError(
  emitter: { on(event: never, listener: never): unknown },
  listener: (error: Error) => void,
): void {
  emitter.on(errorMonitor as never, listener as never);
}

/** A request in the words of `http`. By HTTP/1.1 it is a request of `http` below that tells the rest. */
class HttpObserver implements ChannelObserver {
  readonly tellsHttp1 = false;
  readonly #request: Observed;
  #silent = false;

  constructor(request: Observed) {
    this.#request = request;
    HTTP.created.publish({ request });
    onError(request, (error) => {
      if (!this.#silent) HTTP.error.publish({ request, error });
    });
  }

  sent(_head: ReadyHead, _socket: Duplex | null, version: string | null): void {
    this.#silent = version === null;
    if (version !== null) HTTP.start.publish({ request: this.#request });
  }

  carrying(sink: BodySink): BodySink {
    return sink;
  }

  answered(response: http.IncomingMessage): void {
    if (!this.#silent) response.once('end', () => this.switched(response));
  }

  switched(response: http.IncomingMessage): void {
    if (!this.#silent) HTTP.finish.publish({ request: this.#request, response });
  }
}

/** What undici tells of a request. */
class UndiciRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  /** Names and values in turn. */
  readonly headers: string[] = [];
  readonly contentType: string | null;
  readonly contentLength: number | null;
  readonly upgrade: string | null;
  completed = false;
  aborted = false;
  readonly #request: Observed;

  constructor(request: Observed) {
    this.#request = request;
    const { protocol, host, method, path } = request;
    const authority = request.getHeader('host');
    this.origin = `${protocol}//${authority === undefined ? host : String(authority)}`;
    this.method = method;
    this.path = path;
    for (const [name, value = ''] of Object.entries(request.getHeaders())) {
      for (const one of Array.isArray(value) ? value : [value])
        this.headers.push(name, String(one));
    }
    this.upgrade = (request.getHeader('upgrade') as string | undefined) ?? null;
    const type = request.getHeader('content-type');
    const length = request.getHeader('content-length');
    this.contentType = type === undefined ? null : String(type);
    this.contentLength = length === undefined ? null : Number(length);
  }

  /** Adds a field to what is sent. */
  addHeader(name: string, value: string): this {
    this.headers.push(name, value);
    this.#request.appendHeader(name, value);
    return this;
  }
}

/** A request in the words of undici. */
class UndiciObserver implements ChannelObserver {
  readonly tellsHttp1 = true;
  readonly #request: UndiciRequest;
  #over = false;

  constructor(request: Observed) {
    const told = new UndiciRequest(request);
    this.#request = told;
    UNDICI.create.publish({ request: told });
    request.on('finish' as never, (() => UNDICI.bodySent.publish({ request: told })) as never);
    onError(request, (error) => this.#failed(error));
  }

  sent(head: ReadyHead, socket: Duplex | null): void {
    const headers = headText(head.method, head.path, head.fields);
    UNDICI.sendHeaders.publish({ request: this.#request, headers, socket: socket ?? {} });
  }

  carrying(sink: BodySink): BodySink {
    if (!UNDICI.bodyChunkSent.hasSubscribers) return sink;
    const request = this.#request;
    return new WatchedSink(sink, (chunk) => UNDICI.bodyChunkSent.publish({ request, chunk }));
  }

  answered(response: http.IncomingMessage): void {
    const request = this.#request;
    this.#headers(response);
    if (UNDICI.bodyChunkReceived.hasSubscribers) {
      watchBody(response, (chunk) => {
        if (chunk !== null) UNDICI.bodyChunkReceived.publish({ request, chunk });
      });
    }
    response.once('end', () => this.#complete(response));
    onError(response, (error) => this.#failed(error));
    response.once('close', () => {
      if (!this.#over) this.#failed(new Error('the response was given up'));
    });
  }

  switched(response: http.IncomingMessage): void {
    this.#headers(response);
    this.#complete(response);
  }

  #headers({ statusCode, statusMessage = '', rawHeaders }: http.IncomingMessage): void {
    const headers = rawHeaders.map(toBuffer);
    const response = { statusCode, statusText: statusMessage, headers };
    UNDICI.headers.publish({ request: this.#request, response });
  }

  #complete({ rawTrailers }: http.IncomingMessage): void {
    this.#over = true;
    this.#request.completed = true;
    UNDICI.trailers.publish({ request: this.#request, trailers: rawTrailers.map(toBuffer) });
  }

  #failed(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#request.aborted = true;
    UNDICI.error.publish({ request: this.#request, error });
  }
}

function toBuffer(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
