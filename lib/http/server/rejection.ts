import type { EventEmitter } from 'node:events';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { SpdyResponse } from './exchange/response.ts';

/**
 * What becomes of an event whose listener has rejected its promise, where `captureRejections` of `node:events` is set: as with `http`, a request
 * is answered 500, or broken off where its answer has begun; a stream, a session or a connection ends with the error; else the server
 * emits 'error'.
 */
export function takeRejection(
  server: EventEmitter,
  error: Error,
  event: string | symbol,
  [first, second]: readonly unknown[],
): void {
  switch (event) {
    case 'request':
    case 'checkContinue':
    case 'checkExpectation':
    case 'connect':
      breakOff(second as SpdyResponse | Duplex, error);
      return;
    case 'stream':
    case 'session':
    case 'connection':
      (first as Duplex).destroy(error);
      return;
    default:
      server.emit('error', error);
  }
}

function breakOff(answer: SpdyResponse | Duplex, error: Error): void {
  if (answer.writableEnded) return;
  if (!('headersSent' in answer) || answer.headersSent) {
    answer.destroy(error);
    return;
  }
  // They were meant for another answer.
  for (const name of answer.getHeaderNames()) answer.removeHeader(name);
  answer.statusCode = 500;
  answer.end(STATUS_CODES[500]);
}
