import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { fromRaw, RequestController, toRaw } from './controller.ts';
import {
  type AnyDispatchHandler,
  type DispatchController,
  type DispatchHandler,
  isCurrent,
  type LegacyDispatchHandler,
} from './handlers.ts';

/** The same handler in the words of undici 7 and later. */
export function toCurrent(handler: AnyDispatchHandler): DispatchHandler {
  return isCurrent(handler) ? handler : new CurrentHandler(handler);
}

/** A handler that understands the words of all versions: interceptors of any version can stand before it. */
export function toBoth(handler: AnyDispatchHandler): DispatchHandler & LegacyDispatchHandler {
  return new BothHandler(
    toCurrent(handler),
    isCurrent(handler) ? new LegacyHandler(handler) : handler,
  );
}

/** An older handler that is spoken to in the words of undici 7 and later. */
class CurrentHandler implements DispatchHandler {
  readonly #handler: LegacyDispatchHandler;

  constructor(handler: LegacyDispatchHandler) {
    this.#handler = handler;
  }

  onRequestStart(controller: DispatchController, context: object | null): void {
    this.#handler.onConnect?.((reason) => controller.abort(reason), context);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onResponseStart(
    controller: DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    statusMessage: string,
  ): void {
    const raw = rawOf(controller, headers);
    const resume = (): void => controller.resume();
    // Before it is asked: it may resume at once.
    controller.pause();
    if (this.#handler.onHeaders?.(statusCode, raw, resume, statusMessage) !== false) resume();
  }

  onResponseData(controller: DispatchController, chunk: Buffer): void {
    controller.pause();
    if (this.#handler.onData?.(chunk) !== false) controller.resume();
  }

  onResponseEnd(_controller: DispatchController, trailers: NodeJS.Dict<string>): void {
    this.#handler.onComplete?.(toRaw(trailers));
  }

  onResponseError(_controller: DispatchController, error: Error): void {
    this.#handler.onError?.(error);
  }

  onRequestUpgrade(
    controller: DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.#handler.onUpgrade?.(statusCode, rawOf(controller, headers), socket);
  }
}

/** A handler of undici 7 and later that is spoken to in the older words. */
class LegacyHandler implements LegacyDispatchHandler {
  readonly #handler: DispatchHandler;
  #resume = (): void => {};
  #controller = new RequestController({ resume: () => {}, abort: () => {} });

  constructor(handler: DispatchHandler) {
    this.#handler = handler;
  }

  onConnect(abort: (reason?: Error) => void, context: object | null): void {
    this.#controller = new RequestController({ resume: () => this.#resume(), abort });
    this.#handler.onRequestStart?.(this.#controller, context);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onHeaders(
    statusCode: number,
    rawHeaders: Buffer[],
    resume: () => void,
    statusText: string,
  ): boolean {
    this.#resume = resume;
    this.#controller.rawHeaders = rawHeaders;
    this.#handler.onResponseStart?.(this.#controller, statusCode, fromRaw(rawHeaders), statusText);
    return !this.#controller.paused;
  }

  onData(chunk: Buffer): boolean {
    this.#handler.onResponseData?.(this.#controller, chunk);
    return !this.#controller.paused;
  }

  onComplete(rawTrailers: Buffer[] | null): void {
    this.#controller.rawTrailers = rawTrailers;
    const trailers = fromRaw(rawTrailers ?? []) as NodeJS.Dict<string>;
    this.#handler.onResponseEnd?.(this.#controller, trailers);
  }

  onError(error: Error): void {
    this.#handler.onResponseError?.(this.#controller, error);
  }

  onUpgrade(statusCode: number, rawHeaders: Buffer[], socket: Duplex): void {
    this.#controller.rawHeaders = rawHeaders;
    this.#handler.onRequestUpgrade?.(this.#controller, statusCode, fromRaw(rawHeaders), socket);
  }
}

/** One handler with the members of both kinds. */
class BothHandler implements DispatchHandler, LegacyDispatchHandler {
  readonly #current: DispatchHandler;
  readonly #legacy: LegacyDispatchHandler;

  constructor(current: DispatchHandler, legacy: LegacyDispatchHandler) {
    this.#current = current;
    this.#legacy = legacy;
  }

  onRequestStart(...args: Parameters<NonNullable<DispatchHandler['onRequestStart']>>): void {
    this.#current.onRequestStart?.(...args);
  }

  onRequestSent(): void {
    this.#current.onRequestSent?.();
  }

  onResponseStart(...args: Parameters<NonNullable<DispatchHandler['onResponseStart']>>): void {
    this.#current.onResponseStart?.(...args);
  }

  onResponseData(...args: Parameters<NonNullable<DispatchHandler['onResponseData']>>): void {
    this.#current.onResponseData?.(...args);
  }

  onResponseEnd(...args: Parameters<NonNullable<DispatchHandler['onResponseEnd']>>): void {
    this.#current.onResponseEnd?.(...args);
  }

  onResponseError(...args: Parameters<NonNullable<DispatchHandler['onResponseError']>>): void {
    this.#current.onResponseError?.(...args);
  }

  onRequestUpgrade(...args: Parameters<NonNullable<DispatchHandler['onRequestUpgrade']>>): void {
    this.#current.onRequestUpgrade?.(...args);
  }

  onResponseStarted(): void {
    this.#current.onResponseStarted?.();
  }

  onConnect(...args: Parameters<NonNullable<LegacyDispatchHandler['onConnect']>>): void {
    this.#legacy.onConnect?.(...args);
  }

  onHeaders(...args: Parameters<NonNullable<LegacyDispatchHandler['onHeaders']>>): boolean {
    return this.#legacy.onHeaders?.(...args) !== false;
  }

  onData(chunk: Buffer): boolean {
    return this.#legacy.onData?.(chunk) !== false;
  }

  onComplete(rawTrailers: Buffer[]): void {
    this.#legacy.onComplete?.(rawTrailers);
  }

  onError(error: Error): void {
    this.#legacy.onError?.(error);
  }

  onUpgrade(...args: Parameters<NonNullable<LegacyDispatchHandler['onUpgrade']>>): void {
    this.#legacy.onUpgrade?.(...args);
  }
}

/** What came as it came, unless an interceptor has made other headers of it. */
function rawOf(controller: DispatchController, headers: IncomingHttpHeaders): Buffer[] {
  const known = controller instanceof RequestController && controller.headers === headers;
  return known && controller.rawHeaders !== null ? controller.rawHeaders : toRaw(headers);
}
