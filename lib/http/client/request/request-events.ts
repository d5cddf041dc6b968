import http from 'node:http';
import type net from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import type { SpdyStream } from '../../../session/public.ts';
import type { PushedRequest } from './push.ts';
import type { ClientResponse } from './response.ts';

/** Events of a ClientRequest with their arguments: those of `http.ClientRequest`, 'push' and 'stream'. */
export interface ClientRequestEvents {
  /** `abort()` was called for the first time. */
  abort: [];
  /** Nothing more will happen: it has its whole response, or has failed. */
  close: [];
  /** Answer to CONNECT; `socket` is the tunnel. */
  connect: [response: http.IncomingMessage, socket: Duplex, head: Buffer];
  /** The body may be sent: with SPDY at once, with HTTP/1.1 at the server's 100. */
  continue: [];
  /** Writing may go on after `write()` has returned false. */
  drain: [];
  /** It has failed before its response came; 'close' follows. */
  error: [error: Error];
  /** The whole body was sent. */
  finish: [];
  /** An interim response (HTTP/1.1 only: SPDY has none). */
  information: [info: http.InformationEvent];
  /** A Readable is piped into it. */
  pipe: [source: Readable];
  /** The server pushes a resource that belongs to this request. Without a listener here or at the agent it is refused. */
  push: [request: PushedRequest, response: ClientResponse];
  /** The response: read it, `resume()` it, or destroy it. Without a listener it is read and dropped. */
  response: [response: http.IncomingMessage];
  /**
   * The connection is there, shared by all requests of a session. Header fields can still be set: the head leaves behind the listeners of
   * this event at the earliest.
   */
  socket: [socket: net.Socket];
  /** Its SPDY stream was opened: anew for each attempt, and never with HTTP/1.1. */
  stream: [stream: SpdyStream];
  /** Nothing happened for the time given to `setTimeout()`. */
  timeout: [];
  /** A Readable is piped into it no more. */
  unpipe: [source: Readable];
  /** Answer to an `upgrade` field (HTTP/1.1 only). */
  upgrade: [response: http.IncomingMessage, socket: Duplex, head: Buffer];
}

/** What is declared more closely than for every message, here or by the request itself. */
type Declared =
  | 'addListener'
  | 'addTrailers'
  | 'appendHeader'
  | 'closed'
  | 'cork'
  | 'destroy'
  | 'end'
  | 'errored'
  | 'flushHeaders'
  | 'getHeader'
  | 'getHeaderNames'
  | 'getHeaders'
  | 'hasHeader'
  | 'headersSent'
  | 'off'
  | 'on'
  | 'once'
  | 'prependListener'
  | 'prependOnceListener'
  | 'removeAllListeners'
  | 'removeHeader'
  | 'removeListener'
  | 'setDefaultEncoding'
  | 'setHeader'
  | 'setHeaders'
  | 'setMaxListeners'
  | 'setTimeout'
  | 'socket'
  | 'uncork'
  | 'writableCorked'
  | 'writableEnded'
  | 'writableFinished'
  | 'writableHighWaterMark'
  | 'writableLength'
  | 'writableNeedDrain'
  | 'write';

/** A listener of an event. */
type Listener<Name extends keyof ClientRequestEvents> = (
  ...args: ClientRequestEvents[Name]
) => void;

/** An outgoing message of `http` with the events of a ClientRequest: other names do not compile. */
export interface EventedMessage extends Omit<http.OutgoingMessage, Declared> {
  /** Whether `end()` was called: the old name of `writableEnded`. */
  finished: boolean;
  /** The connection once there is one: shared by all requests of a session. What `createConnection` makes may be any Duplex. */
  socket: net.Socket | null;
  /** The same as `on()`. */
  addListener<Name extends keyof ClientRequestEvents>(event: Name, listener: Listener<Name>): this;
  /** Calls `listener` at every `event`. */
  on<Name extends keyof ClientRequestEvents>(event: Name, listener: Listener<Name>): this;
  /** Calls `listener` at the next `event`. */
  once<Name extends keyof ClientRequestEvents>(event: Name, listener: Listener<Name>): this;
  /** As `on()`, before the listeners that are there. */
  prependListener<Name extends keyof ClientRequestEvents>(
    event: Name,
    listener: Listener<Name>,
  ): this;
  /** As `once()`, before the listeners that are there. */
  prependOnceListener<Name extends keyof ClientRequestEvents>(
    event: Name,
    listener: Listener<Name>,
  ): this;
  /** The same as `removeListener()`. */
  off<Name extends keyof ClientRequestEvents>(event: Name, listener: Listener<Name>): this;
  /** Takes all listeners away, or those of an event. */
  removeAllListeners(event?: string | symbol): this;
  /** As that of every EventEmitter. */
  setMaxListeners(count: number): this;
  /** Takes a listener away. */
  removeListener<Name extends keyof ClientRequestEvents>(
    event: Name,
    listener: Listener<Name>,
  ): this;
}

const TypedMessage: new () => EventedMessage = http.OutgoingMessage as never;

/** An `http.OutgoingMessage` with the events of a ClientRequest, and what `http.ClientRequest` has that means nothing here. */
export class RequestMessage extends TypedMessage {
  /** Has no effect: see the option `session.maxHeaderCount` of the agent, which has a limit of its own. */
  maxHeadersCount = 0;

  /** Does nothing: the connection is a matter of the agent. */
  onSocket(_socket: net.Socket): void {}

  /** Does nothing: SPDY connections never wait to send. */
  setNoDelay(_noDelay?: boolean): void {}

  /** Does nothing: see the option `session.keepAlive` of the agent. */
  setSocketKeepAlive(_enable?: boolean, _initialDelay?: number): void {}
}
