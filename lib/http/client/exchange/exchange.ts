import type http from 'node:http';
import type { Duplex } from 'node:stream';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { SpdyStream } from '../../../session/public.ts';
import type { PushedRequest } from '../request/push.ts';
import type { ClientResponse } from '../request/response.ts';

/**
 * What has become of a request that has failed. `'unsent'`: it could not leave by this way, but may by another. `'unprocessed'`: the server
 * has surely done nothing with it. `'unknown'`: it may have.
 */
export type Fate = 'unsent' | 'unprocessed' | 'unknown';

/** What an exchange tells its request. */
export interface ExchangeHost {
  /** The connection is there: the request may be sent. */
  connected(socket: Duplex | null): void;
  /** The body may be sent. */
  continued(): void;
  /** An interim response came. */
  information(info: http.InformationEvent): void;
  /** The response came. */
  answered(response: http.IncomingMessage): void;
  /** CONNECT or Upgrade was answered: from now on `socket` carries any bytes. */
  switched(
    event: 'connect' | 'upgrade',
    response: http.IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void;
  /** Whether a pushed resource would find a taker. */
  wantsPush(): boolean;
  /** Whether the request takes the answer to an `upgrade` field. */
  wantsUpgrade(): boolean;
  /** A resource is pushed for the request. */
  pushed(request: PushedRequest, response: ClientResponse): void;
  /** Nothing happened for the time given to `setTimeout()`. */
  timedOut(): void;
  /** The response was destroyed with an error. */
  broken(error: Error): void;
  /** Nothing more will come. */
  closed(error: Error | null, fate: Fate): void;
}

/** The head of a request that is about to leave. */
export interface ReadyHead {
  readonly method: string;
  readonly path: string;
  /** Names in lower case, a pair for each value. */
  readonly fields: HeaderList;
  /** Whether there is no body. */
  readonly endStream: boolean;
}

/** How responses are judged. */
export interface ResponseRules {
  /** Takes replies without `:version`. */
  readonly tolerateMissingVersion: boolean;
  /** Makes an error of a body that differs from its `content-length`. */
  readonly strictContentLength: boolean;
}

/** Where the body of a request goes. */
export interface BodySink {
  /** Sends a piece of the body. */
  write(chunk: Uint8Array, done: (error?: Error | null) => void): void;
  /** Ends the body, with trailers behind it. `done` null: nobody wants to know when it has left. */
  end(trailers: HeaderList, done: (() => void) | null): void;
}

/** One attempt to carry out a request. The body follows behind `open()`. */
export interface Exchange extends BodySink {
  /** The stream that carries it, null before `open()` and with HTTP/1.1. */
  readonly stream: SpdyStream | null;
  /**
   * Sends the head.
   *
   * @throws SpdyError for a head that no request can have, and when the connection takes no more requests
   */
  open(head: ReadyHead): void;
  /** Milliseconds without activity, behind `open()`, after which the host is told; 0 for none. */
  setTimeout(milliseconds: number): void;
  /** Gives the request up. */
  destroy(error: Error | null): void;
}

/** What has become of a request that could not even be opened. */
export function fateOf(error: unknown): Fate {
  const { code = '' } = error as { code?: string };
  if (code === 'ERR_SPDY_STREAM_ID_NOT_AVAILABLE') return 'unsent';
  // The session has begun to close, or has ended, since it was found.
  return /CLOSED|CLOSING|NOT_ALLOWED/.test(code) ? 'unprocessed' : 'unknown';
}
