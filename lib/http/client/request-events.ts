import type http from 'node:http';
import { type Duplex, Writable, type WritableOptions } from 'node:stream';
import type { PushedRequest } from './push.ts';
import type { ClientResponse } from './response.ts';

/** Events of a ClientRequest with their arguments: those of `http.ClientRequest`, and 'push'. */
export interface ClientRequestEvents {
  abort: [];
  close: [];
  /** Answer to CONNECT; `socket` is the tunnel. */
  connect: [response: http.IncomingMessage, socket: Duplex, head: Buffer];
  continue: [];
  drain: [];
  error: [error: Error];
  finish: [];
  /** An interim response (HTTP/1.1 only: SPDY has none). */
  information: [info: http.InformationEvent];
  /** The server pushes a resource that belongs to this request. Without a listener here or at the agent it is refused. */
  push: [request: PushedRequest, response: ClientResponse];
  response: [response: http.IncomingMessage];
  /** The connection, shared by all requests of a session. */
  socket: [socket: Duplex];
  timeout: [];
  /** Answer to an `upgrade` field (HTTP/1.1 only). */
  upgrade: [response: http.IncomingMessage, socket: Duplex, head: Buffer];
}

/** A Writable with the events of a ClientRequest. */
interface EventedWritable extends Writable {
  addListener<K extends keyof ClientRequestEvents>(
    event: K,
    listener: (...args: ClientRequestEvents[K]) => void,
  ): this;
  on<K extends keyof ClientRequestEvents>(
    event: K,
    listener: (...args: ClientRequestEvents[K]) => void,
  ): this;
  once<K extends keyof ClientRequestEvents>(
    event: K,
    listener: (...args: ClientRequestEvents[K]) => void,
  ): this;
  off<K extends keyof ClientRequestEvents>(
    event: K,
    listener: (...args: ClientRequestEvents[K]) => void,
  ): this;
  removeListener<K extends keyof ClientRequestEvents>(
    event: K,
    listener: (...args: ClientRequestEvents[K]) => void,
  ): this;
}

/** `Writable` with the events of a ClientRequest: the same class at run time. */
export const RequestWritable: new (options?: WritableOptions) => EventedWritable = Writable as new (
  options?: WritableOptions,
) => EventedWritable;
