import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { Server } from 'node:http';
import type { SpdyRequest } from './exchange/request.ts';
import type { SpdyResponse } from './exchange/response.ts';

/** Channels of Node's own `http` server. What is told of a response when it is made, Node tells itself. */
const start = channel('http.server.request.start');
const finish = channel('http.server.response.finish');

/** How an event is emitted. */
type Emit = (this: EventEmitter, event: string, ...args: unknown[]) => boolean;

/** Tells the channels of `http` of a request: CONNECT included, which Node's own server leaves out. */
export function tellRequest(
  server: EventEmitter,
  request: SpdyRequest,
  response: SpdyResponse,
): void {
  const { socket } = request;
  const message = { request, response, socket, server };
  if (start.hasSubscribers) start.publish(message);
  if (finish.hasSubscribers) response.once('finish', () => finish.publish(message));
}

/**
 * Emits an event of a server. Programs that watch servers (as OpenTelemetry's) put a function of theirs in place of the `emit()` of all
 * servers of `http`: it is called for this one as well.
 */
export function emitRequest(
  server: EventEmitter,
  event: string,
  request: SpdyRequest,
  response: SpdyResponse,
): boolean {
  const emit = Server.prototype.emit as Emit;
  if (emit === (EventEmitter.prototype.emit as Emit)) return server.emit(event, request, response);
  return emit.call(server, event, request, response);
}
