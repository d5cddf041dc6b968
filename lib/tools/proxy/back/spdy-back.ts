import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { StreamError } from '../../../errors.ts';
import type { PushedRequest } from '../../../http/client/request/push.ts';
import type { ClientRequest } from '../../../http/client/request/request.ts';
import type { ClientResponse } from '../../../http/client/request/response.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import { lengthOf, pairsOf, trailerFields } from '../message/fields.ts';
import { bodyOfMessage, bodyOfTunnel, type MessageBody } from '../message/message-body.ts';
import { priorityOf, urgencyOf } from '../message/priority.ts';
import { faultOfHead } from '../message/response-head.ts';
import type { ResponseHead } from '../relay/exchange.ts';
import { failureOf } from '../relay/failure.ts';
import { StreamSink } from '../relay/stream-sink.ts';
import type { BackCall, BackHandler, BackRequest, Transport } from './back.ts';
import type { ResolvedBack } from './options.ts';
import { SpdyConnection, type SpdyConnectionHost, type SpdySentMark } from './spdy-connection.ts';

/** Speaks SPDY with a back: one session for all requests. */
export class SpdyBack implements Transport, SpdyConnectionHost {
  readonly #back: ResolvedBack;
  readonly #connections = new Set<SpdyConnection>();
  #current: SpdyConnection;
  #closed = false;

  constructor(back: ResolvedBack) {
    this.#back = back;
    this.#current = this.#open();
  }

  send(request: BackRequest, handler: BackHandler): BackCall {
    return new SpdyCall(this.#current, this.#back, request, handler);
  }

  close(): void {
    this.#closed = true;
    for (const { agent } of this.#connections) void agent.close();
  }

  destroy(): void {
    this.#closed = true;
    for (const { agent } of this.#connections) agent.destroy();
  }

  retired(connection: SpdyConnection): void {
    if (this.#current === connection && !this.#closed) this.#current = this.#open();
  }

  closed(connection: SpdyConnection): void {
    this.#connections.delete(connection);
  }

  #open(): SpdyConnection {
    const connection = new SpdyConnection(this.#back, this);
    this.#connections.add(connection);
    return connection;
  }
}

/** A request by SPDY, or by HTTP/1.1 where a back chooses that. */
class SpdyCall implements BackCall {
  readonly #request: ClientRequest;
  readonly #handler: BackHandler;
  readonly #method: string;
  readonly #connection: SpdyConnection;
  readonly #sent: SpdySentMark;
  #settled = false;

  constructor(
    connection: SpdyConnection,
    back: ResolvedBack,
    given: BackRequest,
    handler: BackHandler,
  ) {
    this.#handler = handler;
    this.#connection = connection;
    this.#sent = connection.mark();
    const { method, target, authority, fields, length } = given;
    this.#method = method;
    const headers: [string, string][] = [['host', authority], ...(fields as [string, string][])];
    if (length !== null && length >= 0) headers.push(['content-length', String(length)]);
    const request = connection.agent.request({
      protocol: back.secure ? 'https:' : 'http:',
      hostname: back.hostname,
      port: back.port,
      method,
      path: target,
      headers,
      priority: priorityOf(given.urgency, back.protocol),
    });
    this.#request = request;
    request.on('continue', () => handler.informed(100, []));
    request.on('information', (info) => {
      if (info.statusCode > 101) handler.informed(info.statusCode, pairsOf(info.rawHeaders));
    });
    request.on('response', (response) => this.#responded(response));
    request.on('connect', (response, socket) => this.#connected(response, socket));
    if (given.takesPush) request.on('push', (push, response) => this.#pushed(push, response));
    request.on('error', (error) => this.#failed(error));
    if (method === 'CONNECT' || length === null || length === 0) request.end();
    else request.flushHeaders();
  }

  get connected(): boolean {
    return this.#request.socket !== null;
  }

  write(chunk: Uint8Array): boolean {
    return this.#request.write(chunk);
  }

  end(trailers: HeaderList): void {
    if (trailers.length > 0) this.#request.addTrailers(trailers);
    this.#request.end();
  }

  reset(cause: Error): void {
    this.#settled = true;
    // It knows it no more behind its end.
    const { session } = this.#request;
    this.#request.destroy();
    this.#connection.gaveUp(session, this.#sent, cause);
  }

  onDrain(listener: () => void): void {
    this.#request.on('drain', listener);
  }

  #responded(response: IncomingMessage): void {
    if (this.#settled) return;
    const head = headOf(response);
    const length = lengthOf(head.fields);
    if (faultOfHead(head) !== null) {
      this.#failed(malformed());
      this.#request.destroy();
      return;
    }
    this.#settled = true;
    response.on('error', () => {});
    const { status } = head;
    if (this.#method === 'HEAD' || status === 204 || status === 304) {
      response.resume();
      this.#handler.responded(head, null);
    } else {
      this.#handler.responded(head, bodyOfResponse(response, length));
    }
  }

  #connected(response: IncomingMessage, socket: Duplex): void {
    if (this.#settled) {
      socket.destroy();
      return;
    }
    this.#settled = true;
    const head = headOf(response);
    socket.on('error', () => {});
    if (faultOfHead(head) !== null) {
      socket.destroy();
      this.#handler.failed(failureOf(malformed(), false));
      return;
    }
    if (head.status < 200 || head.status > 299) {
      socket.destroy();
      this.#handler.responded(head, null);
      return;
    }
    this.#handler.switched(head, bodyOfTunnel(socket), new StreamSink(socket));
  }

  #pushed(push: PushedRequest, response: ClientResponse): void {
    const { protocol, host, pathname, search } = new URL(push.url);
    const head = headOf(response);
    const length = lengthOf(head.fields);
    response.on('error', () => {});
    const version = this.#request.session?.version.name ?? 'spdy/3.1';
    this.#handler.pushed({
      method: push.method,
      scheme: protocol.slice(0, -1),
      authority: host,
      path: `${pathname}${search}`,
      urgency: urgencyOf(push.priority, version),
      head,
      body: bodyOfMessage(response, Number.isNaN(length) ? null : length),
    });
  }

  #failed(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    const refused = this.connected && error instanceof StreamError && error.retryable;
    const failure = failureOf(error, !this.connected, refused || !this.connected);
    this.#handler.failed({ ...failure, again: refused });
  }
}

/** The body of a response. Fields that come between head and body (SPDY/3 2.6.8), when the head has left already, go behind it. */
function bodyOfResponse(response: IncomingMessage, length: number | null): MessageBody {
  const seen = response.rawHeaders.length;
  return {
    ...bodyOfMessage(response, length),
    trailers: () => {
      const { rawHeaders, rawTrailers } = response;
      return trailerFields(pairsOf([...rawHeaders.slice(seen), ...rawTrailers]));
    },
  };
}

function malformed(): Error {
  return Object.assign(new Error('a malformed head'), { code: 'ERR_SPDY_PROTOCOL' });
}

function headOf(response: IncomingMessage): ResponseHead {
  const { statusCode = 502, statusMessage = '', rawHeaders } = response;
  return { status: statusCode, message: statusMessage, fields: pairsOf(rawHeaders) };
}
