import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { Duplex, finished, PassThrough, pipeline, type Readable, type Writable } from 'node:stream';
import { onAbort } from '../../../common/abort.ts';
import type { Dispatching } from './compose.ts';
import type { DispatchController, DispatchHandler } from './handlers.ts';
import type { DispatchOptions } from './options.ts';
import { ResponseBody } from './response-body.ts';

/** Options of all calls of a dispatcher besides those of `dispatch()`. */
export interface CallOptions<Opaque> extends DispatchOptions {
  /** Handed on to what the call yields. */
  readonly opaque?: Opaque | undefined;
  /** An AbortSignal, or an emitter of 'abort', that ends the request. */
  readonly signal?: unknown;
  /** `'raw'`: header fields are names and values in turn. */
  readonly responseHeaders?: 'raw' | null | undefined;
  /** Is told interim responses (HTTP/1.1). */
  onInfo?(info: { readonly statusCode: number; readonly headers: IncomingHttpHeaders }): void;
  /** Bytes of the body that may wait to be read. Default 65536. */
  readonly highWaterMark?: number | undefined;
}

/** The head of a response. */
export interface ResponseHead<Opaque> {
  /** HTTP status, such as 200. */
  readonly statusCode: number;
  /** Fields by their names in lower case; of a repeated one a list. With `responseHeaders: 'raw'` names and values in turn. */
  readonly headers: IncomingHttpHeaders;
  /** What the call was given. */
  readonly opaque: Opaque;
  /** What interceptors tell of the request. */
  readonly context: object;
}

/** What `request()` yields. */
export interface ResponseData<Opaque> extends ResponseHead<Opaque> {
  /** The text behind the number, often empty. */
  readonly statusText: string;
  /** Read it, or `dump()` it. */
  readonly body: ResponseBody;
  /** Filled when the body has ended. */
  readonly trailers: Record<string, string>;
}

/** Receives what came of a call. */
type Settle<Data> = (error: Error | null, data: Data | null) => void;

/** Carries a request out and yields its response with a body to be read. */
export function request<Opaque>(
  dispatching: Dispatching,
  options: CallOptions<Opaque>,
  settle: Settle<ResponseData<Opaque>>,
): void {
  const trailers: Record<string, string> = {};
  let body: ResponseBody | null = null;
  let steering: DispatchController | null = null;
  call(dispatching, options, {
    started: (controller, head, statusText) => {
      steering = controller;
      const type = head.headers['content-type'] ?? '';
      const created = new ResponseBody(controller, type, options.highWaterMark ?? 65536);
      body = created;
      settle(null, { ...head, statusText, body: created, trailers });
    },
    data: (chunk) => {
      if (body?.push(chunk) === false) steering?.pause();
    },
    ended: (given) => {
      Object.assign(trailers, given);
      body?.push(null);
    },
    failed: (error) => {
      if (body === null) settle(error, null);
      else body.destroy(error);
    },
  });
}

/** Carries a request out and writes its body to what `factory` yields; settles when that has finished. */
export function stream<Opaque>(
  dispatching: Dispatching,
  options: CallOptions<Opaque>,
  factory: (head: ResponseHead<Opaque>) => Writable,
  settle: Settle<{ opaque: Opaque; trailers: Record<string, string> }>,
): void {
  let target: Writable | null = null;
  let trailers: Record<string, string> = {};
  let failure: Error | null = null;
  let steering: DispatchController | null = null;
  call(dispatching, options, {
    started: (controller, head) => {
      steering = controller;
      const made = factory(head);
      target = made;
      made.on('drain', () => controller.resume());
      finished(made, { readable: false }, (error) => {
        const reason = failure ?? error ?? null;
        if (reason !== null) controller.abort(reason);
        settle(reason, reason === null ? { opaque: head.opaque, trailers } : null);
      });
    },
    data: (chunk) => {
      if (target?.destroyed === false && !target.write(chunk)) steering?.pause();
    },
    ended: (given) => {
      trailers = { ...given } as Record<string, string>;
      target?.end();
    },
    failed: (error) => {
      failure = error;
      if (target === null) settle(error, null);
      else target.destroy(error);
    },
  });
}

/** A Duplex: what is written is the body of the request, what is read comes from the Readable that `handler` yields. */
export function pipelineOf<Opaque>(
  dispatching: Dispatching,
  options: CallOptions<Opaque> & { readonly objectMode?: boolean },
  handler: (data: ResponseHead<Opaque> & { readonly body: ResponseBody }) => Readable,
): Duplex {
  const input = new PassThrough();
  const output = new PassThrough({ objectMode: options.objectMode === true });
  const duplex = Duplex.from({ writable: input, readable: output });
  request(dispatching, { ...options, body: input }, (error, data) => {
    if (data === null) {
      duplex.destroy(error ?? undefined);
      return;
    }
    let result: Readable;
    try {
      result = handler(data);
    } catch (thrown) {
      data.body.on('error', () => {});
      data.body.destroy(thrown as Error);
      duplex.destroy(thrown as Error);
      return;
    }
    pipeline(result, output, (failure) => {
      if (failure) duplex.destroy(failure);
    });
  });
  return duplex;
}

/** Asks for a tunnel (CONNECT), or for another protocol (`upgrade`), and yields the connection. */
export function switchOver<Opaque>(
  dispatching: Dispatching,
  options: CallOptions<Opaque>,
  settle: Settle<{
    statusCode: number;
    headers: IncomingHttpHeaders;
    socket: Duplex;
    opaque: Opaque;
  }>,
): void {
  call(dispatching, options, {
    upgraded: (statusCode, headers, socket) => {
      settle(null, { statusCode, headers, socket, opaque: options.opaque as Opaque });
    },
    failed: (error) => settle(error, null),
  });
}

/** Steps of a call. */
interface Steps<Opaque> {
  started?(controller: DispatchController, head: ResponseHead<Opaque>, statusText: string): void;
  data?(chunk: Buffer): void;
  ended?(trailers: NodeJS.Dict<string>): void;
  upgraded?(statusCode: number, headers: IncomingHttpHeaders, socket: Duplex): void;
  failed(error: Error): void;
}

function call<Opaque>(
  dispatching: Dispatching,
  options: CallOptions<Opaque>,
  steps: Steps<Opaque>,
): void {
  let stop = (): void => {};
  let context: object = {};
  const headersOf = (controller: DispatchController, headers: IncomingHttpHeaders) =>
    options.responseHeaders === 'raw'
      ? ((controller.rawHeaders ?? []).map(String) as never)
      : headers;
  const handler: DispatchHandler = {
    onRequestStart: (controller, given) => {
      context = given ?? {};
      stop();
      stop = onSignal(options.signal, (reason) => controller.abort(reason));
    },
    onResponseStart: (controller, statusCode, headers, statusText) => {
      const shown = headersOf(controller, headers);
      if (statusCode < 200) {
        options.onInfo?.({ statusCode, headers: shown });
        return;
      }
      const head = { statusCode, headers: shown, opaque: options.opaque as Opaque, context };
      steps.started?.(controller, head, statusText);
    },
    onResponseData: (_controller, chunk) => steps.data?.(chunk),
    onResponseEnd: (_controller, trailers) => {
      stop();
      steps.ended?.(trailers);
    },
    onRequestUpgrade: (controller, statusCode, headers, socket) => {
      stop();
      steps.upgraded?.(statusCode, headersOf(controller, headers), socket);
    },
    onResponseError: (_controller, error) => {
      stop();
      steps.failed(error);
    },
  };
  dispatching.dispatch(options, handler);
}

function onSignal(signal: unknown, action: (reason: Error) => void): () => void {
  if (signal === null || signal === undefined) return () => {};
  if (signal instanceof AbortSignal) return onAbort(signal, (reason) => action(reason as Error));
  const emitter = signal as EventEmitter;
  const abort = (): void => {
    action(
      Object.assign(new Error('The request was aborted'), {
        name: 'AbortError',
        code: 'UND_ERR_ABORTED',
      }),
    );
  };
  emitter.on('abort', abort);
  return () => emitter.off('abort', abort);
}
