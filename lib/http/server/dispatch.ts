import { AsyncResource } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import { emitRequest, tellRequest } from './channels.ts';
import type { SpdyRequest } from './exchange/request.ts';
import type { SpdyResponse } from './exchange/response.ts';

/**
 * Emits the event of a server that a request belongs to, as `http.Server` does, and answers what nobody listens for. Each request has a context
 * of its own: what its listeners enter is not there for others.
 */
export function dispatchTo(
  server: EventEmitter,
  request: SpdyRequest,
  response: SpdyResponse,
): void {
  const scope = new AsyncResource('SPDYSERVERREQUEST');
  scope.runInAsyncScope(choose, undefined, server, request, response);
}

function choose(server: EventEmitter, request: SpdyRequest, response: SpdyResponse): void {
  tellRequest(server, request, response);
  const { expect } = request.headers;
  if (request.method === 'CONNECT') {
    if (!emitRequest(server, 'connect', request, response)) answer(response, 405);
  } else if (expect === undefined) {
    handle(server, request, response);
  } else if (expect.toLowerCase() === '100-continue') {
    // Nothing is sent for it: clients of SPDY do not wait.
    if (!emitRequest(server, 'checkContinue', request, response)) handle(server, request, response);
  } else if (!emitRequest(server, 'checkExpectation', request, response)) {
    answer(response, 417);
  }
}

function handle(server: EventEmitter, request: SpdyRequest, response: SpdyResponse): void {
  if (!emitRequest(server, 'request', request, response)) answer(response, 404);
}

function answer(response: SpdyResponse, status: number): void {
  response.writeHead(status);
  response.end();
}
