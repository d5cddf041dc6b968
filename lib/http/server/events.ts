import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Session, SpdyStream } from '../../session/public.ts';
import type { ProxyHeader } from './connection/proxy-protocol.ts';
import type { SpdyRequest } from './exchange/request.ts';
import type { SpdyResponse } from './exchange/response.ts';

/** Answers requests, as a handler of `http.createServer()`. */
export type SpdyRequestListener = (request: SpdyRequest, response: SpdyResponse) => unknown;

/** Events of a SpdyServer with their arguments. */
export interface SpdyServerEvents {
  /** The head of a request has come, by SPDY or by HTTP/1.1; without a listener it is answered 404. */
  request: [request: SpdyRequest, response: SpdyResponse];
  /** A request with `expect: 100-continue`. Without a listener it is an ordinary 'request'. */
  checkContinue: [request: SpdyRequest, response: SpdyResponse];
  /** A request with another `expect`. Without a listener it is answered 417. */
  checkExpectation: [request: SpdyRequest, response: SpdyResponse];
  /**
   * CONNECT. By SPDY: answer 200 and use request and response as the tunnel; without a listener it is answered 405. By HTTP/1.1, when
   * `request.stream` is undefined, the second is the connection and `head` what followed the request, as with `http.Server`; without a
   * listener it is closed.
   */
  connect: [request: SpdyRequest, responseOrSocket: SpdyResponse | Duplex, head?: Buffer];
  /** HTTP/1.1 only, as with `http.Server`: a client asks for another protocol. Without a listener it is an ordinary 'request'. */
  upgrade: [request: IncomingMessage, socket: Duplex, head: Buffer];
  /** HTTP/1.1 only, as with `http.Server`: a connection failed or carried no HTTP. Without a listener it is answered and closed. */
  clientError: [error: Error, socket: Duplex];
  /** HTTP/1.1 only, as with `http.Server`: a request beyond `maxRequestsPerSocket` was answered 503. */
  dropRequest: [request: IncomingMessage, socket: Duplex];
  /** A stream of a client, when nobody listens for 'request': nothing of HTTP is checked or needed then. */
  stream: [stream: SpdyStream, headers: HeaderList, flags: number];
  /** A SPDY session has begun; none does on a connection that speaks HTTP/1.1. */
  session: [session: Session];
  /** A session has failed. Harmless without a listener. */
  sessionError: [error: Error, session: Session];
  /** A connection, after the TLS handshake where there is one. */
  connection: [socket: net.Socket];
  /** A TLS client has negotiated nothing that is spoken here. Without a listener it gets an answer in text. */
  unknownProtocol: [socket: net.Socket];
  /** A connection has begun with a PROXY header: its socket shows the client from now on. A listener that destroys it ends it before anything is read. */
  proxyHeader: [header: ProxyHeader, socket: net.Socket];
  /** A connection was refused for its PROXY header, or for sending one. */
  proxyError: [error: Error, socket: net.Socket];
  /** A TLS handshake failed. */
  tlsClientError: [error: Error, socket: tls.TLSSocket];
  /** A stream, or a connection with HTTP/1.1, was idle for `timeout`. */
  timeout: [socket: net.Socket];
  /** `listen()` has succeeded: `address()` tells where. */
  listening: [];
  /** All connections have ended after `close()`. */
  close: [];
  /** It cannot listen. */
  error: [error: Error];
}

/** And those of every EventEmitter. */
interface AllEvents extends SpdyServerEvents {
  newListener: [event: string | symbol, listener: (...args: never[]) => void];
  removeListener: [event: string | symbol, listener: (...args: never[]) => void];
}

/** An EventEmitter with the events of a SpdyServer. */
export interface EventedServer extends EventEmitter {
  /** The same as `on()`. */
  addListener<K extends keyof AllEvents>(event: K, listener: (...args: AllEvents[K]) => void): this;
  /** Calls `listener` at every `event`. */
  on<K extends keyof AllEvents>(event: K, listener: (...args: AllEvents[K]) => void): this;
  /** Calls `listener` at the next `event`. */
  once<K extends keyof AllEvents>(event: K, listener: (...args: AllEvents[K]) => void): this;
  /** As `on()`, before the listeners that are there. */
  prependListener<K extends keyof AllEvents>(
    event: K,
    listener: (...args: AllEvents[K]) => void,
  ): this;
  /** As `once()`, before the listeners that are there. */
  prependOnceListener<K extends keyof AllEvents>(
    event: K,
    listener: (...args: AllEvents[K]) => void,
  ): this;
  /** The same as `removeListener()`. */
  off<K extends keyof AllEvents>(event: K, listener: (...args: AllEvents[K]) => void): this;
  /** Takes a listener away. */
  removeListener<K extends keyof AllEvents>(
    event: K,
    listener: (...args: AllEvents[K]) => void,
  ): this;
  /** Calls the listeners of `event`; false if there are none. */
  emit<K extends keyof AllEvents>(event: K, ...args: AllEvents[K]): boolean;
}

/** `EventEmitter` with the events of a SpdyServer: the same class at run time. */
export const ServerEmitter: new () => EventedServer = EventEmitter as new () => EventedServer;
