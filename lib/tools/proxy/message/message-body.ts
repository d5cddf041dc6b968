import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { confirmEnd } from '../../../common/network/socket-end.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import { pairsOf, trailerFields } from './fields.ts';

/** A body on its way: bytes that come from a client, or from a back. */
export interface MessageBody {
  /** Where its bytes come from. Nothing has been read of it. */
  readonly stream: Readable;
  /** The bytes that it was announced to have, null if that was not told. */
  readonly length: number | null;
  /** The fields behind it; asked at its end. */
  trailers(): HeaderList;
  /** Asked at 'end': calls back with null if that was the end of the body, and with an error if the body was cut off there. */
  confirm(done: (error: Error | null) => void): void;
}

/** Says that a body has ended before its end. */
export function cutOff(cause?: Error | null): Error {
  return new Error(
    'the body ended before its end',
    cause === undefined || cause === null ? {} : { cause },
  );
}

/** The body of a message by HTTP/1.1 or SPDY. */
export function bodyOfMessage(message: IncomingMessage, length: number | null): MessageBody {
  return {
    stream: message,
    length,
    trailers: () => trailerFields(pairsOf(message.rawTrailers)),
    confirm: (done) => done(message.complete ? null : cutOff()),
  };
}

/** What a connection carries that has become a tunnel. */
export function bodyOfTunnel(stream: Readable): MessageBody {
  return {
    stream,
    length: null,
    trailers: () => [],
    confirm: (done) => {
      if (stream instanceof Socket) confirmEnd(stream, done);
      else done(null);
    },
  };
}
