import http from 'node:http';
import type { AgentOptions } from 'node:https';
import type { Socket } from 'node:net';
import { confirmEnd, resetConnection } from '../../../common/socket-end.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { ResponseHead } from '../exchange.ts';
import { failureOf } from '../failure.ts';
import { flatOf, lengthOf, pairsOf } from '../fields.ts';
import { bodyOfMessage, bodyOfTunnel, cutOff, type MessageBody } from '../message-body.ts';
import { faultOfHead } from '../response-head.ts';
import { StreamSink } from '../stream-sink.ts';
import type { BackCall, BackHandler, BackRequest, Transport } from './back.ts';
import { openSocket } from './connect.ts';
import type { ResolvedBack } from './options.ts';

/** Whether the end of a connection was one: settled before the 'end' of a message that it ends. */
type Ending = Promise<Error | null>;

/** Speaks HTTP/1.1 with a back. */
export class Http1Back implements Transport {
  readonly #agent: http.Agent;
  readonly #endings = new WeakMap<Socket, Ending>();

  constructor(back: ResolvedBack) {
    const { idleTimeoutMs, maxConnections } = back;
    const options: AgentOptions = {
      keepAlive: true,
      maxSockets: maxConnections,
      scheduling: 'lifo',
      // `openSocket()` knows it: a request need not look for it in its fields.
      servername: '',
      ...(idleTimeoutMs > 0 ? { timeout: idleTimeoutMs } : {}),
    };
    const agent = new http.Agent(options);
    agent.createConnection = (() => this.#watched(openSocket(back, 'http/1.1'))) as never;
    this.#agent = agent;
  }

  send(request: BackRequest, handler: BackHandler): BackCall {
    return new Http1Call(this.#agent, this.#endings, request, handler);
  }

  close(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
    this.#agent.maxFreeSockets = 0;
  }

  destroy(): void {
    this.#agent.destroy();
  }

  /** Finds out of each connection how it has ended, before `http` hears of the end. */
  #watched(socket: Socket): Socket {
    socket.once('end', () => {
      this.#endings.set(socket, new Promise((resolve) => confirmEnd(socket, resolve)));
    });
    return socket;
  }
}

/** A request by HTTP/1.1. */
class Http1Call implements BackCall {
  connected = false;
  readonly #request: http.ClientRequest;
  readonly #endings: WeakMap<Socket, Ending>;
  readonly #handler: BackHandler;
  readonly #method: string;
  #settled = false;
  #heard = 0;

  constructor(
    agent: http.Agent,
    endings: WeakMap<Socket, Ending>,
    given: BackRequest,
    handler: BackHandler,
  ) {
    this.#endings = endings;
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

  reset(): void {
    this.#settled = true;
    this.#request.destroy();
  }

  onDrain(listener: () => void): void {
    this.#request.on('drain', listener);
  }

  #assigned(socket: Socket): void {
    this.#heard = socket.bytesRead;
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
    const { fields, status } = head;
    const length = lengthOf(fields);
    const coding = codingOf(fields);
    if (faultOfHead(head) !== null || (coding !== null && coding !== 'chunked')) {
      this.#malformed();
      return;
    }
    this.#settled = true;
    response.on('error', () => {});
    const empty = length === 0 && coding === null;
    if (empty || this.#method === 'HEAD' || status === 204 || status === 304) {
      response.resume();
      this.#handler.responded(head, null);
      return;
    }
    const chunked = coding !== null;
    const body =
      length === null && !chunked
        ? this.#bodyToTheEnd(response)
        : bodyOfMessage(response, chunked ? null : length);
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
          if (error !== null) {
            done(error);
            return;
          }
          const ending = this.#endings.get(socket);
          // Without an end of the connection: Node 24 takes a reset for the end of such a body.
          if (ending === undefined) done(cutOff(socket.errored));
          else ending.then(done, done);
        }),
    };
  }

  #switched(response: http.IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.#settled) {
      socket.destroy();
      return;
    }
    this.#settled = true;
    socket.on('error', () => {});
    const { statusCode = 0 } = response;
    if (this.#method === 'CONNECT' && (statusCode < 200 || statusCode > 299)) {
      // Node takes every answer to CONNECT for a tunnel; what follows a refusal is of no use.
      socket.destroy();
      this.#handler.responded(headOf(response), null);
      return;
    }
    if (head.length > 0) socket.unshift(head);
    this.#handler.switched(
      headOf(response),
      bodyOfTunnel(socket),
      new StreamSink(socket, () => resetConnection(socket)),
    );
  }

  #malformed(): void {
    if (this.#settled) return;
    this.#failed(Object.assign(new Error('a malformed head'), { code: 'HPE_INVALID_HEADER' }));
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

/** The transfer coding; it is taken away on the way, so that one other than chunked would leave a body that nobody can read. */
function codingOf(fields: HeaderList): string | null {
  const codings = fields.filter(([name]) => name === 'transfer-encoding');
  return codings.length === 0 ? null : codings.map(([, value]) => value.toLowerCase()).join();
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
