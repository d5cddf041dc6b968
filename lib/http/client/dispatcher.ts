import { EventEmitter } from 'node:events';
import { pipeline, Readable } from 'node:stream';
import { InvalidArgumentError } from '../../errors.ts';
import { SpdyAgent } from './agent.ts';
import type { SpdyAgentOptions } from './agent-options.ts';
import {
  type DispatchHandler,
  type DispatchReport,
  type LegacyDispatchHandler,
  reportTo,
} from './dispatch-handler.ts';
import type { RequestOptions } from './options.ts';
import type { ClientRequest } from './request.ts';

/** A request as undici describes it. */
export interface DispatchOptions {
  /** Scheme, host and port. Required. */
  readonly origin?: string | URL;
  /** Path and query. */
  readonly path: string;
  /** The method, such as `GET`. */
  readonly method: string;
  /** An object, pairs, or names and values in turn. */
  readonly headers?: unknown;
  /** Text, bytes, what yields them (as a Readable does), or null. */
  readonly body?: unknown;
  /** Is added to the query of `path`. */
  readonly query?: Readonly<Record<string, string>>;
  /** Not with SPDY: anything but false, null and nothing fails the request. */
  readonly upgrade?: boolean | string | null;
  /** Milliseconds without any activity, 0 for no limit. */
  readonly headersTimeout?: number;
}

/**
 * Makes Node's own `fetch()`, and undici's, go over SPDY: `fetch(url, { dispatcher: new SpdyDispatcher() })`, or
 * `setGlobalDispatcher()` of undici. It speaks the handlers of undici 6 to 8, and needs none of them.
 */
export class SpdyDispatcher extends EventEmitter {
  /** The agent that has the sessions. */
  readonly agent: SpdyAgent;
  #closed = false;
  #destroyed = false;

  /** @throws InvalidArgumentError for an option that is out of range */
  constructor(agent: SpdyAgent | SpdyAgentOptions = {}) {
    super();
    this.agent = agent instanceof SpdyAgent ? agent : new SpdyAgent(agent);
    this.agent.on('session', (_session, origin) => this.emit('connect', new URL(origin), [this]));
  }

  /** Whether `close()` or `destroy()` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether `destroy()` was called. */
  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Sends a request and reports to the handler. Returns true: there is always room for one more. */
  dispatch(options: DispatchOptions, handler: LegacyDispatchHandler | DispatchHandler): boolean {
    let request: ClientRequest | null = null;
    let reason: Error | null = null;
    let resume = (): void => {};
    const report = reportTo(handler, {
      resume: () => resume(),
      abort: (error) => {
        reason = error;
        request?.destroy(error);
      },
    });
    try {
      report.started();
      if (reason !== null) throw reason;
      request = this.agent.request(planOf(options));
    } catch (error) {
      queueMicrotask(() => report.failed(error as Error));
      return true;
    }
    follow(request, report, (continues) => {
      resume = continues;
    });
    send(request, options.body);
    return true;
  }

  /** Lets requests finish and takes no new ones. */
  close(callback?: () => void): Promise<void> {
    this.#closed = true;
    return settle(this.agent.close(), callback);
  }

  /** Ends everything at once. */
  destroy(error?: Error | null | (() => void), callback?: () => void): Promise<void> {
    this.#closed = true;
    this.#destroyed = true;
    const [reason, done] = typeof error === 'function' ? [null, error] : [error ?? null, callback];
    this.agent.destroy(reason);
    return settle(Promise.resolve(), done);
  }
}

async function settle(promise: Promise<void>, callback: (() => void) | undefined): Promise<void> {
  await promise;
  callback?.();
}

/** @throws InvalidArgumentError for what SPDY cannot carry */
function planOf(options: DispatchOptions): RequestOptions {
  const { origin, method, upgrade, query, headersTimeout = 0 } = options;
  if (upgrade) throw new InvalidArgumentError('SPDY has no upgrade (and so no WebSocket)');
  if (origin === undefined) throw new InvalidArgumentError('origin is missing');
  const { protocol, hostname, port } = new URL(origin);
  let { path } = options;
  if (query !== undefined) path += `${path.includes('?') ? '&' : '?'}${new URLSearchParams(query)}`;
  const timeout = headersTimeout > 0 ? { timeout: headersTimeout } : {};
  return { protocol, hostname, port, path, method, headers: pairsOf(options.headers), ...timeout };
}

/** The header fields that undici gives in one of several forms. */
function pairsOf(headers: unknown): [string, string | readonly string[]][] {
  if (headers === null || headers === undefined) return [];
  if (typeof headers !== 'object') throw new InvalidArgumentError('headers must be an object');
  const value = (given: unknown): string | readonly string[] =>
    Array.isArray(given) ? given.map(String) : String(given);
  if (Array.isArray(headers) && !Array.isArray(headers[0])) {
    const pairs: [string, string][] = [];
    for (let i = 0; i + 1 < headers.length; i += 2) {
      pairs.push([String(headers[i]), String(headers[i + 1])]);
    }
    return pairs;
  }
  const entries =
    Symbol.iterator in headers
      ? (headers as Iterable<readonly [unknown, unknown]>)
      : Object.entries(headers).filter((entry) => entry[1] !== undefined);
  return Array.from(entries, ([name, given]) => [String(name), value(given)]);
}

/** Reports what becomes of a request, its failure once at most. */
function follow(
  request: ClientRequest,
  report: DispatchReport,
  onResume: (resume: () => void) => void,
): void {
  let settled = false;
  const fail = (error: Error): void => {
    if (settled) return;
    settled = true;
    report.failed(error);
  };
  /** An exception of a handler ends its request, as in undici. */
  const guard = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      request.destroy(error as Error);
      fail(error as Error);
    }
  };
  request.on('error', fail);
  request.on('timeout', () => request.destroy(timedOut()));
  request.on('connect', (response, socket) => {
    settled = true;
    guard(() => report.upgraded(response, socket));
  });
  request.once('response', (response) => {
    request.setTimeout(0);
    // Before the handler is asked: it may resume at once.
    response.pause();
    let wanted = false;
    onResume(() => {
      wanted = true;
      response.resume();
    });
    // fetch() must have taken the response before it can learn of its failure.
    response.on('error', (error) => setImmediate(fail, error));
    response.on('data', (chunk: Buffer) => {
      guard(() => {
        wanted = false;
        if (!report.data(chunk) && !wanted) response.pause();
      });
    });
    response.once('end', () => {
      if (settled) return;
      settled = true;
      guard(() => report.complete(response));
    });
    guard(() => {
      if (report.headers(response)) response.resume();
    });
  });
}

function send(request: ClientRequest, body: unknown): void {
  if (body === null || body === undefined) {
    request.end();
  } else if (typeof body === 'string' || body instanceof Uint8Array) {
    request.end(body);
  } else if (body instanceof ArrayBuffer) {
    request.end(new Uint8Array(body));
  } else if (
    typeof body === 'object' &&
    (Symbol.asyncIterator in body || Symbol.iterator in body)
  ) {
    // Its errors destroy the request, which tells them.
    pipeline(Readable.from(body as AsyncIterable<Uint8Array>), request, () => {});
  } else {
    request.destroy(new InvalidArgumentError('body must be text, bytes, or yield bytes'));
  }
}

function timedOut(): Error {
  return Object.assign(new Error('no headers came in time'), {
    name: 'HeadersTimeoutError',
    code: 'UND_ERR_HEADERS_TIMEOUT',
  });
}
