import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';

/** Handler of undici up to version 7, and of the `fetch()` of Node 20 to 24. */
export interface LegacyDispatchHandler {
  /** The request is about to begin; `abort` ends it at any time. */
  onConnect?(abort: (reason?: Error) => void, context: object | null): void;
  /** The first bytes of the response came. */
  onResponseStarted?(): void;
  /** The head of the response came, or of an interim one. False: no data until `resume()` is called. */
  onHeaders?(
    statusCode: number,
    rawHeaders: Buffer[],
    resume: () => void,
    statusText: string,
  ): boolean | undefined;
  /** A piece of the body came. False: no more data until `resume()` is called. */
  onData?(chunk: Buffer): boolean | undefined;
  /** The response is complete. Trailers are names and values in turn. */
  onComplete?(rawTrailers: Buffer[]): void;
  /** It has failed: nothing else is called then. */
  onError?(error: Error): void;
  /** CONNECT was answered: `socket` is the tunnel. */
  onUpgrade?(statusCode: number, rawHeaders: Buffer[], socket: Duplex): void;
  /** Not called. */
  onBodySent?(bytes: number, total: number): void;
}

/** Steers a request for handlers of undici 7 and later. */
export interface DispatchController {
  /** Whether `abort()` was called. */
  readonly aborted: boolean;
  /** What `abort()` was given, null before. */
  readonly reason: Error | null;
  /** Whether data waits for `resume()`. */
  readonly paused: boolean;
  /** Names and values of the response in turn, null before. */
  readonly rawHeaders: Buffer[] | null;
  /** Names and values of the trailers in turn, null before the end. */
  readonly rawTrailers: Buffer[] | null;
  /** No more data until `resume()`: the window of the stream fills up then. */
  pause(): void;
  /** Lets data come again. */
  resume(): void;
  /** Ends the request: its stream is reset with CANCEL. */
  abort(reason?: Error): void;
}

/** Handler of undici 7 and later, and of the `fetch()` of Node 26. */
export interface DispatchHandler {
  /** The request is about to begin. */
  onRequestStart?(controller: DispatchController, context: object | null): void;
  /** The request was sent as a whole. */
  onRequestSent?(): void;
  /** The first bytes of the response came. */
  onResponseStarted?(): void;
  /** The head of the response came, or of an interim one (status below 200). */
  onResponseStart?(
    controller: DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    statusMessage: string,
  ): void;
  /** A piece of the body came. */
  onResponseData?(controller: DispatchController, chunk: Buffer): void;
  /** The response is complete. */
  onResponseEnd?(controller: DispatchController, trailers: NodeJS.Dict<string>): void;
  /** It has failed: nothing else is called then. */
  onResponseError?(controller: DispatchController, error: Error): void;
  /** CONNECT was answered: `socket` is the tunnel. */
  onRequestUpgrade?(
    controller: DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void;
}

/** A handler of either kind. */
export type AnyDispatchHandler = LegacyDispatchHandler | DispatchHandler;

/** Whether a handler is one of undici 7 and later. */
export function isCurrent(handler: AnyDispatchHandler): handler is DispatchHandler {
  return 'onRequestStart' in handler && typeof handler.onRequestStart === 'function';
}
