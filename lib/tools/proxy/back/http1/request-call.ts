import http from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { resetConnection } from '../../../../common/network/socket-end.ts';
import type { HeaderList } from '../../../../protocol/frames.ts';
import { faultOf, flatOf, pairsOf } from '../../message/fields.ts';
import { bodyOfMessage, bodyOfTunnel, type MessageBody } from '../../message/message-body.ts';
import { faultOfHead } from '../../message/response-head.ts';
import type { ResponseHead } from '../../relay/exchange.ts';
import { failureOf } from '../../relay/failure.ts';
import { StreamSink } from '../../relay/stream-sink.ts';
import type { BackCall, BackHandler, BackRequest } from '../back.ts';
import { isTimeout, type SilenceListener } from '../liveness.ts';
import { confirmBody } from './ending.ts';
import { CHUNKED, framingOf, malformedHead, TO_THE_END } from './framing.ts';
import type { RequestConnections } from './request-connections.ts';

/** A request that `http.request()` sends. */
export class RequestCall implements BackCall {
  connected = false;
  readonly #request: http.ClientRequest;
  readonly #handler: BackHandler;
  readonly #method: string;
  #settled = false;
  #heard = 0;
  #sentAt = 0;
  readonly #silent: SilenceListener;

  constructor(
    { agent }: RequestConnections,
    given: BackRequest,
    handler: BackHandler,
    silent: SilenceListener,
  ) {
    this.#silent = silent;
    this.#handler = handler;
    this.#method = given.method;
    const request = http.request({
      agent,
      method: given.method,
      path: given.target,
      headers: headersOf(given) as never,
    });
    this.#request = request;
    request.on('socket', (socket) => this.#assigned(socket));
    request.on('information', (info) => {
      if (info.statusCode !== 101) handler.informed(info.statusCode, pairsOf(info.rawHeaders));
    });
    request.on('response', (response) => this.#responded(response));
    if (given.method === 'CONNECT') {
      request.on('connect', (response, socket, head) => this.#switched(response, socket, head));
    }
    if (given.upgrade !== null) {
      request.on('upgrade', (response, socket, head) => this.#switched(response, socket, head));
    }
    request.on('error', (error) => this.#failed(error));
    // A change of protocol that nobody has asked for ends in nothing else.
    request.on('close', () => this.#malformed());
    if (given.length === null || given.length === 0) request.end();
    else request.flushHeaders();
  }

  write(chunk: Uint8Array): boolean {
    return this.#request.write(chunk);
  }

  end(trailers: HeaderList): void {
    if (trailers.length > 0) this.#request.addTrailers(trailers as [string, string][]);
    this.#request.end();
  }

  reset(cause: Error): void {
    this.#settled = true;
    const silent = this.connected && this.#request.socket?.bytesRead === this.#heard;
    this.#request.destroy();
    if (silent && isTimeout(cause)) this.#silent(this.#sentAt);
  }

  onDrain(listener: () => void): void {
    this.#request.on('drain', listener);
  }

  #assigned(socket: Socket): void {
    this.#heard = socket.bytesRead;
    this.#sentAt = performance.now();
    if (!socket.connecting) this.connected = true;
    else {
      const { encrypted } = socket as { encrypted?: boolean };
      socket.once(encrypted === true ? 'secureConnect' : 'connect', () => {
        this.connected = true;
      });
    }
  }

  #responded(response: http.IncomingMessage): void {
    if (this.#settled) return;
    const head = headOf(response);
    const framing = framingOf(head, this.#method);
    if (framing === null) {
      this.#malformed();
      return;
    }
    this.#settled = true;
    response.on('error', () => {});
    if (framing === 0) {
      response.resume();
      this.#handler.responded(head, null);
      return;
    }
    const body =
      framing === TO_THE_END
        ? this.#bodyToTheEnd(response)
        : bodyOfMessage(response, framing === CHUNKED ? null : framing);
    this.#handler.responded(head, body);
  }

  /** A body that the end of the connection ends: a reset that hides behind data is none. */
  #bodyToTheEnd(response: http.IncomingMessage): MessageBody {
    const { socket } = response;
    const body = bodyOfMessage(response, null);
    return {
      ...body,
      confirm: (done) =>
        body.confirm((error) => {
          if (error !== null) done(error);
          else confirmBody(socket, done);
        }),
    };
  }

  #switched(response: http.IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.#settled) {
      socket.destroy();
      return;
    }
    socket.on('error', () => {});
    const answer = headOf(response);
    const connect = this.#method === 'CONNECT';
    // Node takes every answer to CONNECT for a tunnel, an interim one too.
    if ((connect ? faultOfHead(answer) : faultOf(answer.fields)) !== null) {
      socket.destroy();
      this.#malformed();
      return;
    }
    this.#settled = true;
    if (connect && answer.status > 299) {
      // What follows a refusal is of no use.
      socket.destroy();
      this.#handler.responded(answer, null);
      return;
    }
    if (head.length > 0) socket.unshift(head);
    this.#handler.switched(
      answer,
      bodyOfTunnel(socket),
      new StreamSink(socket, () => resetConnection(socket)),
    );
  }

  #malformed(): void {
    if (this.#settled) return;
    this.#failed(malformedHead());
    this.#request.destroy();
  }

  #failed(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    const { socket, reusedSocket } = this.#request;
    // A connection that was kept may end while a request is on its way: whoever answers nothing on it has not seen that.
    const stale = reusedSocket && socket !== null && socket.bytesRead === this.#heard;
    const { code } = error as NodeJS.ErrnoException;
    const left = stale && (code === 'ECONNRESET' || code === 'EPIPE');
    this.#handler.failed({ ...failureOf(error, !this.connected), again: left });
  }
}

function headOf(response: http.IncomingMessage): ResponseHead {
  const { statusCode = 502, statusMessage = '', rawHeaders } = response;
  return { status: statusCode, message: statusMessage, fields: pairsOf(rawHeaders) };
}

/** All fields of a request by HTTP/1.1. */
function headersOf(given: BackRequest): string[] {
  const { authority, fields, length, upgrade } = given;
  const headers = ['host', authority, ...flatOf(fields)];
  if (upgrade !== null) headers.push('connection', 'Upgrade', 'upgrade', upgrade);
  if (length === null) return headers;
  if (length >= 0) headers.push('content-length', String(length));
  else headers.push('transfer-encoding', 'chunked');
  return headers;
}
