import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { showBy } from '../../common/inspection.ts';
import { SpdyAgent } from './agent.ts';
import type { SpdyAgentOptions } from './agent-options.ts';
import { agentOf } from './client.ts';
import {
  type CallOptions,
  pipelineOf,
  type ResponseData,
  type ResponseHead,
  request,
  stream,
  switchOver,
} from './dispatch/calls.ts';
import { compose, type DispatchInterceptor } from './dispatch/compose.ts';
import { dispatchBy, refuse } from './dispatch/dispatch.ts';
import { clientClosed, clientDestroyed } from './dispatch/errors.ts';
import type { AnyDispatchHandler } from './dispatch/handlers.ts';
import type { DispatchOptions } from './dispatch/options.ts';
import type { ResponseBody } from './dispatch/response-body.ts';

/** What `dispatcher.connect()` yields. */
export interface TunnelData<Opaque> {
  /** Of the answer to CONNECT. */
  readonly statusCode: number;
  /** Of the answer to CONNECT. */
  readonly headers: IncomingHttpHeaders;
  /** The connection behind CONNECT: what is written leaves as it is. */
  readonly socket: Duplex;
  /** What the call was given. */
  readonly opaque: Opaque;
}

/** What `dispatcher.upgrade()` asks for. */
export interface UpgradeCallOptions<Opaque> extends Omit<CallOptions<Opaque>, 'method'> {
  /** Default `GET`. */
  readonly method?: string | undefined;
  /** Value of the field `upgrade`. Default `websocket`. */
  readonly protocol?: string | undefined;
}

/** What `dispatcher.upgrade()` yields. */
export interface UpgradeData<Opaque> {
  /** Of the answer. */
  readonly headers: IncomingHttpHeaders;
  /** The connection, on which the other protocol is spoken. */
  readonly socket: Duplex;
  /** What the call was given. */
  readonly opaque: Opaque;
}

/** What `dispatcher.stream()` yields. */
export interface StreamData<Opaque> {
  /** What the call was given. */
  readonly opaque: Opaque;
  /** Fields behind the body. */
  readonly trailers: Record<string, string>;
}

/** Is told what came of a call: an error, or what it yields. */
export type CallCallback<Data> = (error: Error | null, data: Data) => void;

/**
 * Makes Node's own `fetch()`, and undici's, go over SPDY: `fetch(url, { dispatcher: new SpdyDispatcher() })`, or
 * `setGlobalDispatcher()` of undici. It satisfies the type `Dispatcher` of undici 6 to 8, speaks their handlers and interceptors, and needs
 * none of them.
 */
export class SpdyDispatcher extends EventEmitter {
  static {
    showBy(SpdyDispatcher, ({ agent }) => ({ agent }));
  }

  /** The agent that has the sessions. */
  readonly agent: SpdyAgent;
  #closed = false;
  #destroyed = false;
  /** Why what is open has failed, when it was ended here. */
  #failure: Error | null = null;
  readonly #ended = (): Error | null => this.#failure;

  /** @throws InvalidArgumentError for an option that is out of range, and for agents of others */
  constructor(agent: SpdyAgent | SpdyAgentOptions = {}) {
    super();
    this.agent = agent instanceof EventEmitter ? agentOf(agent) : new SpdyAgent(agent);
    this.agent.on('session', (_session, origin) => this.emit('connect', new URL(origin), [this]));
  }

  /** Whether `close()` or `destroy()` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether `destroy()` was called, or `close()` has come to its end. */
  get destroyed(): boolean {
    return this.#destroyed;
  }

  /**
   * Sends a request and reports to the handler. Returns true: there is always room for one more; but false behind `close()` or `destroy()`,
   * when the handler is told an error with the code `UND_ERR_CLOSED` or `UND_ERR_DESTROYED`.
   *
   * @throws InvalidArgumentError for what is no handler
   */
  dispatch(options: DispatchOptions, handler: AnyDispatchHandler): boolean {
    if (this.#closed) {
      refuse(handler, this.#destroyed ? clientDestroyed() : clientClosed());
      return false;
    }
    dispatchBy(this.agent, options, handler, this.#ended);
    return true;
  }

  /**
   * A dispatcher over the same agent whose requests go through undici's interceptors.
   *
   * @throws TypeError for what is no interceptor
   */
  compose(...interceptors: (DispatchInterceptor | readonly DispatchInterceptor[])[]): this {
    return compose(this, interceptors.flat());
  }

  /** Carries a request out: yields the response with a body to be read. */
  request<Opaque = null>(options: CallOptions<Opaque>): Promise<ResponseData<Opaque>>;
  request<Opaque = null>(
    options: CallOptions<Opaque>,
    callback: CallCallback<ResponseData<Opaque>>,
  ): void;
  request<Opaque = null>(
    options: CallOptions<Opaque>,
    callback?: CallCallback<ResponseData<Opaque>>,
  ): Promise<ResponseData<Opaque>> | undefined {
    return promised(callback, (settle) => request(this, options, settle));
  }

  /** Carries a request out, and writes its body to the Writable that `factory` makes of its head. Yields when that has finished. */
  stream<Opaque = null>(
    options: CallOptions<Opaque>,
    factory: (head: ResponseHead<Opaque>) => Writable,
  ): Promise<StreamData<Opaque>>;
  stream<Opaque = null>(
    options: CallOptions<Opaque>,
    factory: (head: ResponseHead<Opaque>) => Writable,
    callback: CallCallback<StreamData<Opaque>>,
  ): void;
  stream<Opaque = null>(
    options: CallOptions<Opaque>,
    factory: (head: ResponseHead<Opaque>) => Writable,
    callback?: CallCallback<StreamData<Opaque>>,
  ): Promise<StreamData<Opaque>> | undefined {
    return promised(callback, (settle) => stream(this, options, factory, settle));
  }

  /** A Duplex for `stream.pipeline()`: the body of the request is written to it; what the Readable yields that `handler` makes is read. */
  pipeline<Opaque = null>(
    options: CallOptions<Opaque> & { readonly objectMode?: boolean },
    handler: (data: ResponseHead<Opaque> & { readonly body: ResponseBody }) => Readable,
  ): Duplex {
    return pipelineOf(this, options, handler);
  }

  /** Asks for a tunnel to `path`, which is `host:port`. */
  connect<Opaque = null>(options: Omit<CallOptions<Opaque>, 'method'>): Promise<TunnelData<Opaque>>;
  connect<Opaque = null>(
    options: Omit<CallOptions<Opaque>, 'method'>,
    callback: CallCallback<TunnelData<Opaque>>,
  ): void;
  connect<Opaque = null>(
    options: Omit<CallOptions<Opaque>, 'method'>,
    callback?: CallCallback<TunnelData<Opaque>>,
  ): Promise<TunnelData<Opaque>> | undefined {
    const full = { ...options, method: 'CONNECT' };
    return promised(callback, (settle) => switchOver(this, full, settle));
  }

  /**
   * Asks the server to go over to another protocol (`protocol`, default `websocket`). SPDY has no such thing: it takes a connection of its own,
   * by HTTP/1.1, as browsers do.
   */
  upgrade<Opaque = null>(options: UpgradeCallOptions<Opaque>): Promise<UpgradeData<Opaque>>;
  upgrade<Opaque = null>(
    options: UpgradeCallOptions<Opaque>,
    callback: CallCallback<UpgradeData<Opaque>>,
  ): void;
  upgrade<Opaque = null>(
    options: UpgradeCallOptions<Opaque>,
    callback?: CallCallback<UpgradeData<Opaque>>,
  ): Promise<UpgradeData<Opaque>> | undefined {
    const { protocol = 'websocket', method = 'GET', ...rest } = options;
    const full = { ...rest, method, upgrade: protocol };
    return promised(callback, (settle) => switchOver(this, full, settle));
  }

  /** Lets requests finish and takes no new ones. */
  close(): Promise<void>;
  close(callback: () => void): void;
  close(callback?: () => void): Promise<void> {
    this.#closed = true;
    const closed = this.agent.close().then(() => {
      this.#destroyed = true;
    });
    return settled(closed, callback);
  }

  /** Ends everything at once. */
  destroy(error?: Error | null): Promise<void>;
  destroy(callback: () => void): void;
  destroy(error: Error | null, callback: () => void): void;
  destroy(error?: Error | null | (() => void), callback?: () => void): Promise<void> {
    this.#closed = true;
    this.#destroyed = true;
    const [reason, done] = typeof error === 'function' ? [null, error] : [error ?? null, callback];
    this.#failure ??= reason ?? clientDestroyed();
    this.agent.destroy(reason);
    return settled(Promise.resolve(), done);
  }

  /** Its listeners, as undici declares them. */
  override listeners(event: string | symbol): ((...args: unknown[]) => void)[] {
    return super.listeners(event) as ((...args: unknown[]) => void)[];
  }

  /** Its listeners with the wrappers of `once()`, as undici declares them. */
  override rawListeners(event: string | symbol): ((...args: unknown[]) => void)[] {
    return super.rawListeners(event) as ((...args: unknown[]) => void)[];
  }
}

/** Calls back, or makes a promise without a callback. */
function promised<Data>(
  callback: CallCallback<Data> | undefined,
  begin: (settle: (error: Error | null, data: Data | null) => void) => void,
): Promise<Data> | undefined {
  if (callback !== undefined) {
    begin((error, data) => callback(error, data as Data));
    return undefined;
  }
  return new Promise((resolve, reject) => {
    begin((error, data) => {
      if (error === null) resolve(data as Data);
      else reject(error);
    });
  });
}

async function settled(promise: Promise<void>, callback: (() => void) | undefined): Promise<void> {
  await promise;
  callback?.();
}
