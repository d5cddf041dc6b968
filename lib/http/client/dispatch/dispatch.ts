import type { IncomingMessage } from 'node:http';
import { nextTick } from 'node:process';
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers';
import { checkObject } from '../../../common/check.ts';
import type { SpdyAgent } from '../agent.ts';
import { toldAsUndici } from '../exchange/channels.ts';
import type { ClientRequest } from '../request/request.ts';
import { bodyFor } from './body.ts';
import { fromRaw, latin1Bytes, RequestController } from './controller.ts';
import { badUpgrade, errorFor, timedOut } from './errors.ts';
import type { AnyDispatchHandler, DispatchHandler } from './handlers.ts';
import { type DispatchOptions, originOf, requestOf, timeoutsOf } from './options.ts';
import { toCurrent } from './translate.ts';

/**
 * Sends a request by an agent and reports to the handler. `ended` tells why what is open fails, if that is the end of the dispatcher.
 *
 * @throws InvalidArgumentError for what is no handler
 */
export function dispatchBy(
  agent: SpdyAgent,
  options: DispatchOptions,
  handler: AnyDispatchHandler,
  ended: () => Error | null,
): void {
  checkObject('handler', handler);
  new Dispatched(toCurrent(handler), ended).begin(agent, options);
}

/**
 * Tells a handler that its request was not begun.
 *
 * @throws InvalidArgumentError for what is no handler
 */
export function refuse(handler: AnyDispatchHandler, error: Error): void {
  checkObject('handler', handler);
  const controller = new RequestController({ resume: () => {}, abort: () => {} });
  nextTick(() => toCurrent(handler).onResponseError?.(controller, error));
}

/** A request on behalf of a handler, which learns of its end exactly once. */
class Dispatched {
  readonly #handler: DispatchHandler;
  readonly #controller: RequestController;
  readonly #ended: () => Error | null;
  #request: ClientRequest | null = null;
  #response: IncomingMessage | null = null;
  #settled = false;
  #bodyTimeout = 0;

  constructor(handler: DispatchHandler, ended: () => Error | null) {
    this.#handler = handler;
    this.#ended = ended;
    this.#controller = new RequestController({
      resume: () => this.#resume(),
      abort: (reason) => this.#abort(reason),
    });
  }

  begin(agent: SpdyAgent, options: DispatchOptions): void {
    try {
      checkObject('options', options);
      this.#handler.onRequestStart?.(this.#controller, null);
      if (this.#controller.reason !== null) throw this.#controller.reason;
      const body = bodyFor(options.body);
      const timeouts = timeoutsOf(options);
      this.#bodyTimeout = timeouts.body;
      const head = requestOf(options, body.length);
      const request = toldAsUndici(() => agent.request(originOf(options), head));
      this.#request = request;
      if (body.type !== null && !request.hasHeader('content-type')) {
        request.setHeader('content-type', body.type);
      }
      if (timeouts.headers > 0) request.setTimeout(timeouts.headers);
      this.#follow(request, Boolean(options.upgrade));
      body.sendTo(request);
    } catch (error) {
      nextTick(() => this.#fail(error as Error));
    }
  }

  #follow(request: ClientRequest, upgrades: boolean): void {
    const { onRequestSent } = this.#handler;
    request.on('error', (error) => this.#fail(error));
    request.on('timeout', () => this.#timeout(request));
    if (onRequestSent !== undefined) {
      request.on('finish', () => this.#guard(() => this.#handler.onRequestSent?.()));
    }
    request.on('information', ({ statusCode, rawHeaders, statusMessage }) => {
      this.#guard(() => {
        const headers = fromRaw(rawHeaders);
        this.#handler.onResponseStart?.(this.#controller, statusCode, headers, statusMessage);
      });
    });
    request.on('connect', this.#switch);
    if (upgrades) request.on('upgrade', this.#switch);
    request.on('response', (response) => {
      if (upgrades) this.#abort(badUpgrade());
      else this.#answer(request, response);
    });
  }

  /** The connection is a tunnel, or speaks another protocol. */
  readonly #switch = (response: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#settled = true;
    const { statusCode = 0 } = response;
    const headers = this.#controller.takeHead(response);
    if (head.length > 0) socket.unshift(head);
    try {
      this.#handler.onRequestUpgrade?.(this.#controller, statusCode, headers, socket);
    } catch (error) {
      socket.destroy();
      this.#handler.onResponseError?.(this.#controller, error as Error);
    }
  };

  #answer(request: ClientRequest, response: IncomingMessage): void {
    request.setTimeout(this.#bodyTimeout);
    // Before the handler is asked: it may resume at once.
    response.pause();
    this.#response = response;
    // fetch() must have taken the response before it can learn of its failure.
    response.on('error', (error) => setImmediate(() => this.#fail(error)));
    response.on('data', (chunk: Buffer) => {
      if (this.#settled) return;
      this.#guard(() => this.#handler.onResponseData?.(this.#controller, chunk));
      if (this.#controller.paused) response.pause();
    });
    response.on('end', () => this.#complete(response));
    const { statusCode = 0, statusMessage = '' } = response;
    const headers = this.#controller.takeHead(response);
    this.#guard(() => {
      this.#handler.onResponseStarted?.();
      this.#handler.onResponseStart?.(this.#controller, statusCode, headers, statusMessage);
    });
    if (!this.#controller.paused) response.resume();
  }

  #complete(response: IncomingMessage): void {
    if (this.#settled) return;
    const controller = this.#controller;
    controller.rawTrailers = response.rawTrailers.map(latin1Bytes);
    this.#settle();
    try {
      const trailers = fromRaw(response.rawTrailers) as NodeJS.Dict<string>;
      this.#handler.onResponseEnd?.(controller, trailers);
    } catch (error) {
      // As in undici: how a handler retries.
      this.#handler.onResponseError?.(controller, error as Error);
    }
  }

  #fail(error: Error): void {
    if (this.#settled) return;
    this.#settle();
    const ended = this.#controller.aborted ? null : this.#ended();
    this.#handler.onResponseError?.(this.#controller, ended ?? errorFor(error));
  }

  /** The handler knows the end. It may be kept long; what it leads to need not be. */
  #settle(): void {
    this.#settled = true;
    this.#request = null;
    this.#response = null;
  }

  /** An exception of a handler ends its request, as in undici. */
  #guard(action: () => void): void {
    if (this.#settled) return;
    try {
      action();
    } catch (error) {
      this.#abort(error as Error);
    }
  }

  #abort(reason: Error): void {
    this.#request?.destroy(reason);
    // The handler is in the middle of something.
    nextTick(() => this.#fail(reason));
  }

  #resume(): void {
    if (!this.#settled) this.#response?.resume();
  }

  #timeout(request: ClientRequest): void {
    if (this.#settled) return;
    if (this.#response === null) request.destroy(timedOut('headers'));
    else if (this.#controller.paused) request.setTimeout(this.#bodyTimeout);
    else this.#abort(timedOut('body'));
  }
}
