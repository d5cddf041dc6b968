import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { nextTick } from 'node:process';
import type { Duplex } from 'node:stream';
import { resetConnection } from '../../../common/network/socket-end.ts';
import type { SpdyRequest } from '../../../http/server/exchange/request.ts';
import type { SpdyResponse } from '../../../http/server/exchange/response.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import { flatOf, pairsOf, without } from '../message/fields.ts';
import { bodyOfMessage, cutOff } from '../message/message-body.ts';
import { priorityOf, urgencyOf } from '../message/priority.ts';
import { checkRequest, NO_SCHEME, schemeOf, UNKNOWN_LENGTH } from '../message/request-check.ts';
import type { BackPush, FrontRequest, Reply, ResponseHead, Sink } from '../relay/exchange.ts';
import { StreamSink } from '../relay/stream-sink.ts';
import { clientOfRequest } from './client-facts.ts';
import { gather } from './gather.ts';

/** Bytes of a request that are still taken, and dropped, behind its complete answer. */
const LATE_BODY_LIMIT = 1 << 18;

/** What is needed of a session. */
interface SpdySession {
  readonly version: { readonly name: string };
  readonly socket: Duplex | null;
}

/** Reads a request by SPDY or HTTP/1.1; text says what is wrong with it. */
export function readMessage(request: SpdyRequest): FrontRequest | string {
  const { method = '', url = '', httpVersion, stream } = request;
  const fields = pairsOf(request.rawHeaders);
  const target = checkRequest(method, url, stream === undefined ? httpVersion : '1.1', fields);
  if (typeof target === 'string') return target;
  const { authority, absolute, length } = target;
  const client = clientOfRequest(request.socket, request.socket);
  const scheme = schemeOf(target.scheme ?? request.scheme, client.secure);
  if (scheme === null) return NO_SCHEME;
  const protocol = sessionOf(request)?.version.name ?? `http/${httpVersion}`;
  const tunnel = method === 'CONNECT';
  return {
    protocol,
    method,
    scheme,
    authority,
    target: target.target,
    fields: without(fields, 'host'),
    body:
      tunnel || (length !== null && length !== 0)
        ? bodyOfMessage(request, length === UNKNOWN_LENGTH || tunnel ? null : length)
        : null,
    upgrade: null,
    urgency: stream === undefined ? null : urgencyOf(stream.priority, protocol),
    absolute,
    client,
  };
}

/** The answer to a request by SPDY or HTTP/1.1. */
export class MessageReply implements Reply {
  readonly #request: IncomingMessage;
  readonly #response: SpdyResponse;
  #onGone: ((cause: Error) => void) | null = null;

  constructor(request: SpdyRequest, response: SpdyResponse) {
    this.#request = request;
    this.#response = response;
    // Who has gone tells that by 'close' as well.
    response.on('error', () => {});
    request.on('error', () => {});
    response.once('close', () => {
      if (!response.writableFinished) this.#onGone?.(cutOff(request.errored ?? response.errored));
    });
  }

  get takesPush(): boolean {
    return this.#response.push !== undefined;
  }

  get keepsConnection(): boolean {
    return this.#response.stream === undefined;
  }

  inform(status: number, fields: HeaderList): void {
    const response = this.#response;
    if (response.headersSent || response.destroyed) return;
    if (status === 100) response.writeContinue();
    else if (status === 102) response.writeProcessing();
    else if (status === 103) earlyHints(response, fields);
  }

  respond({ status, message, fields }: ResponseHead, bodiless: boolean): void {
    const response = this.#response;
    response.sendDate = false;
    const session = sessionOf(this.#request);
    const connection = session === undefined ? response.socket : session.socket;
    // A head by itself is one write to a connection of HTTP/1.1 anyway.
    if (connection !== null && (session !== undefined || !bodiless)) gather(connection);
    if (session === undefined) response.writeHead(status, message, flatOf(fields));
    else response.writeHead(status, message, listsOf(fields));
    if (bodiless) response.end();
    else response.flushHeaders();
  }

  write(chunk: Uint8Array): boolean {
    return this.#response.write(chunk);
  }

  end(trailers: HeaderList): void {
    const response = this.#response;
    if (trailers.length > 0) response.addTrailers(trailers as [string, string][]);
    response.end();
  }

  reset(cause: Error): void {
    const response = this.#response;
    if (response.stream !== undefined) {
      response.destroy(cause);
      return;
    }
    const { socket } = response;
    if (socket === null) {
      response.destroy(cause);
      return;
    }
    // What there was of the answer goes first.
    socket.uncork();
    resetConnection(socket);
  }

  onDrain(listener: () => void): void {
    this.#response.on('drain', listener);
  }

  push(push: BackPush, gone: () => void): Sink | null {
    const { path, scheme, authority: host, head, urgency } = push;
    const response = this.#response;
    if (response.writableEnded || response.destroyed) return null;
    const method = push.method === 'HEAD' ? 'HEAD' : 'GET';
    const session = sessionOf(this.#request);
    const stream = response.push?.({ path, method, scheme, host }, listsOf(head.fields), {
      status: head.status,
      priority: priorityOf(urgency, session?.version.name ?? ''),
    });
    if (stream === undefined) return null;
    stream.once('close', gone);
    return new StreamSink(stream);
  }

  abandon(): void {
    const request = this.#request;
    if (request.complete) {
      request.resume();
      return;
    }
    // By SPDY that is done below; a client of HTTP/1.1 may be in the middle of a piece that it has to get rid of.
    if (this.#response.stream !== undefined) return;
    let room = LATE_BODY_LIMIT;
    request.on('data', (chunk: Buffer) => {
      room -= chunk.length;
      if (room < 0) request.socket.destroy();
    });
    // Whoever has read from it before has left it paused.
    request.resume();
  }

  onGone(listener: (cause: Error) => void): void {
    this.#onGone = listener;
    if (this.#response.destroyed && !this.#response.writableFinished) {
      nextTick(listener, cutOff(this.#response.errored));
    }
  }
}

/** The session of a request by SPDY. */
function sessionOf({ socket }: IncomingMessage): SpdySession | undefined {
  return (socket as { session?: SpdySession }).session;
}

/** As `writeHead()` and `push()` of a response by SPDY take them. */
function listsOf(fields: HeaderList): OutgoingHttpHeaders {
  const lists: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const former = lists[name];
    if (former === undefined) lists[name] = value;
    else if (Array.isArray(former)) former.push(value);
    else lists[name] = [former, value];
  }
  return lists;
}

function earlyHints(response: ServerResponse, fields: HeaderList): void {
  const link = fields.filter(([name]) => name === 'link').map(([, value]) => value);
  try {
    if (link.length > 0) response.writeEarlyHints({ link });
  } catch {
    // Links that Node takes for none: a hint is nothing to fail for.
  }
}
