import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** Handler of undici up to version 7, and of the `fetch()` of Node 20 to 24. */
export interface LegacyDispatchHandler {
  /** The request begins; `abort()` ends it. `context` is always null here. */
  onConnect?(abort: (reason?: Error) => void, context: object | null): void;
  /** The response begins. */
  onResponseStarted?(): void;
  /** False: no data until `resume()` is called. */
  onHeaders?(
    statusCode: number,
    rawHeaders: Buffer[],
    resume: () => void,
    statusText: string,
  ): boolean | undefined;
  /** False: no more data until `resume()` is called. */
  onData?(chunk: Buffer): boolean | undefined;
  /** The body is complete; trailers as names and values in turn. */
  onComplete?(rawTrailers: Buffer[]): void;
  /** The request failed. Nothing follows. */
  onError?(error: Error): void;
  /** CONNECT was accepted: `socket` is the tunnel. */
  onUpgrade?(statusCode: number, rawHeaders: Buffer[], socket: Duplex): void;
  /** Not called here. */
  onBodySent?(bytes: number, total: number): void;
}

/** Steers a request for handlers of undici 7 and later. */
export interface DispatchController {
  /** Whether `abort()` was called. */
  readonly aborted: boolean;
  /** What `abort()` was given, null before. */
  readonly reason: Error | null;
  /** Whether no data is delivered for now. */
  readonly paused: boolean;
  /** Names and values of the response in turn, null before there is one. */
  readonly rawHeaders: Buffer[] | null;
  /** Names and values of the trailers in turn, null before the end. */
  readonly rawTrailers: Buffer[] | null;
  /** Stops the data until `resume()`; the peer is held back by flow control. */
  pause(): void;
  /** Lets the data go on. */
  resume(): void;
  /** Ends the request; `reason` is its error, by default one named 'AbortError'. */
  abort(reason?: Error): void;
}

/** Handler of undici 7 and later, and of the `fetch()` of Node 26. */
export interface DispatchHandler {
  /** The request begins. `context` is always null here. */
  onRequestStart?(controller: DispatchController, context: object | null): void;
  /** The response begins. */
  onResponseStarted?(): void;
  /** The head of the response is there. */
  onResponseStart?(
    controller: DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    statusMessage: string,
  ): void;
  /** A piece of the body is there. `controller.pause()` stops them. */
  onResponseData?(controller: DispatchController, chunk: Buffer): void;
  /** The body is complete. */
  onResponseEnd?(controller: DispatchController, trailers: NodeJS.Dict<string>): void;
  /** The request failed. Nothing follows. */
  onResponseError?(controller: DispatchController, error: Error): void;
  /** CONNECT was accepted: `socket` is the tunnel. */
  onRequestUpgrade?(
    controller: DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void;
}

/** What a dispatched request tells whichever handler it has. */
export interface DispatchReport {
  started(): void;
  /** These two return false when no data is wanted for now. */
  headers(response: IncomingMessage): boolean;
  data(chunk: Buffer): boolean;
  complete(response: IncomingMessage): void;
  failed(error: Error): void;
  upgraded(response: IncomingMessage, socket: Duplex): void;
}

/** How a handler steers its request. */
export interface DispatchControls {
  resume(): void;
  abort(reason: Error): void;
}

/** Speaks the language of the handler. */
export function reportTo(
  handler: LegacyDispatchHandler | DispatchHandler,
  controls: DispatchControls,
): DispatchReport {
  return 'onRequestStart' in handler && typeof handler.onRequestStart === 'function'
    ? new CurrentReport(handler as DispatchHandler, controls)
    : new LegacyReport(handler as LegacyDispatchHandler, controls);
}

class LegacyReport implements DispatchReport {
  readonly #handler: LegacyDispatchHandler;
  readonly #controls: DispatchControls;

  constructor(handler: LegacyDispatchHandler, controls: DispatchControls) {
    this.#handler = handler;
    this.#controls = controls;
  }

  started(): void {
    this.#handler.onConnect?.((reason) => this.#controls.abort(reason ?? aborted()), null);
  }

  headers(response: IncomingMessage): boolean {
    const { statusCode = 0, statusMessage = '', rawHeaders } = response;
    const handler = this.#handler;
    handler.onResponseStarted?.();
    const resume = (): void => this.#controls.resume();
    return handler.onHeaders?.(statusCode, toBuffers(rawHeaders), resume, statusMessage) !== false;
  }

  data(chunk: Buffer): boolean {
    return this.#handler.onData?.(chunk) !== false;
  }

  complete(response: IncomingMessage): void {
    this.#handler.onComplete?.(toBuffers(response.rawTrailers));
  }

  failed(error: Error): void {
    this.#handler.onError?.(error);
  }

  upgraded(response: IncomingMessage, socket: Duplex): void {
    const { statusCode = 0, rawHeaders } = response;
    this.#handler.onUpgrade?.(statusCode, toBuffers(rawHeaders), socket);
  }
}

class CurrentReport implements DispatchReport, DispatchController {
  aborted = false;
  reason: Error | null = null;
  paused = false;
  rawHeaders: Buffer[] | null = null;
  rawTrailers: Buffer[] | null = null;
  readonly #handler: DispatchHandler;
  readonly #controls: DispatchControls;

  constructor(handler: DispatchHandler, controls: DispatchControls) {
    this.#handler = handler;
    this.#controls = controls;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#controls.resume();
  }

  abort(reason: Error = aborted()): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#controls.abort(reason);
  }

  started(): void {
    this.#handler.onRequestStart?.(this, null);
  }

  headers(response: IncomingMessage): boolean {
    const { statusCode = 0, statusMessage = '', headers, rawHeaders } = response;
    this.rawHeaders = toBuffers(rawHeaders);
    this.#handler.onResponseStarted?.();
    this.#handler.onResponseStart?.(this, statusCode, headers, statusMessage);
    return !this.paused;
  }

  data(chunk: Buffer): boolean {
    this.#handler.onResponseData?.(this, chunk);
    return !this.paused;
  }

  complete(response: IncomingMessage): void {
    this.rawTrailers = toBuffers(response.rawTrailers);
    this.#handler.onResponseEnd?.(this, response.trailers);
  }

  failed(error: Error): void {
    this.#handler.onResponseError?.(this, error);
  }

  upgraded(response: IncomingMessage, socket: Duplex): void {
    const { statusCode = 0, headers, rawHeaders } = response;
    this.rawHeaders = toBuffers(rawHeaders);
    this.#handler.onRequestUpgrade?.(this, statusCode, headers, socket);
  }
}

function toBuffers(raw: readonly string[]): Buffer[] {
  return raw.map((text) => Buffer.from(text, 'latin1'));
}

function aborted(): Error {
  return Object.assign(new Error('The request was aborted'), {
    name: 'AbortError',
    code: 'UND_ERR_ABORTED',
  });
}
