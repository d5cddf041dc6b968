import { type IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { nextTick } from 'node:process';
import type { SpdyStream } from '../../../session/public.ts';
import { httpError } from '../../http-error.ts';
import { checkEarlyHints, type EarlyHints } from './early-hints.ts';
import type { HeadInput } from './head-input.ts';
import type { ServerPushOptions, ServerPushTarget } from './push.ts';
import type { ServerSocket } from './socket.ts';

/** Called when what was written has left, or with the error that keeps it from leaving. */
export type WriteCallback = (error?: Error | null) => void;

/** Where the calls of a response go. */
export interface ResponseCalls {
  /** What the reply is sent on. */
  readonly stream: SpdyStream;
  /** What `request.socket` is. */
  readonly socket: ServerSocket;
  /** Settles the head with this status and these fields on top of those that were set. */
  writeHead(statusCode: number, reason: unknown, headers: HeadInput | undefined): void;
  /** Settles the head with what was set. */
  settle(): void;
  /** Sends the head. */
  flush(): void;
  /** Writes to the body; false: wait for 'drain'. */
  write(
    chunk: unknown,
    encoding: BufferEncoding | undefined,
    callback: WriteCallback | undefined,
  ): boolean;
  /** Ends the reply, perhaps with a last chunk. */
  end(
    chunk: unknown,
    encoding: BufferEncoding | undefined,
    callback: WriteCallback | undefined,
  ): void;
  /** Adds fields that follow the body. */
  addTrailers(headers: OutgoingHttpHeaders): void;
  /** Pushes a resource. */
  push(
    target: ServerPushTarget,
    headers: OutgoingHttpHeaders,
    options: ServerPushOptions,
  ): SpdyStream;
  /** A field was taken away that would else be made. */
  removed(name: string): void;
}

/** An `http.ServerResponse` whose state is set from outside. */
export interface OwnResponse extends ServerResponse {
  /** What the reply is sent on. */
  readonly stream: SpdyStream;
  /** Pushes a resource. */
  push(
    target: ServerPushTarget,
    headers?: OutgoingHttpHeaders,
    options?: ServerPushOptions,
  ): SpdyStream;
  /** Whether the head is settled. */
  headersSent: boolean;
  /** What it was destroyed with. */
  errored: Error | null;
  /** What `http` keeps its head in, which middleware asks: null until it is settled. */
  _header: string | null;
  /** Whether `end()` was called. */
  writableEnded: boolean;
  /** Whether all that was written has left. */
  writableFinished: boolean;
  /** Whether a writer waits for 'drain'. */
  writableNeedDrain: boolean;
  /** Whether 'close' was emitted. */
  closed: boolean;
}

/** Where a response keeps its calls. */
const CALLS = Symbol('calls');

function callsOf(response: unknown): ResponseCalls {
  return (response as { readonly [CALLS]: ResponseCalls })[CALLS];
}

const base = ServerResponse.prototype;

function writeHead(this: ServerResponse, status: number, reason?: unknown, headers?: HeadInput) {
  callsOf(this).writeHead(status, reason, headers);
  return this;
}

function write(this: ServerResponse, chunk: unknown, encoding?: unknown, callback?: unknown) {
  const done = lastFunction(encoding, callback);
  return callsOf(this).write(chunk, encodingOf(encoding), done);
}

function end(this: ServerResponse, chunk?: unknown, encoding?: unknown, callback?: unknown) {
  const done = lastFunction(chunk, encoding, callback);
  const data = typeof chunk === 'function' ? undefined : chunk;
  callsOf(this).end(data, encodingOf(encoding), done);
  return this;
}

function setHeader(this: ServerResponse, name: string, value: string | number | readonly string[]) {
  if (this.headersSent) throw headersSent('set');
  return base.setHeader.call(this, name, value);
}

function appendHeader(this: ServerResponse, name: string, value: string | readonly string[]) {
  if (this.headersSent) throw headersSent('append');
  return base.appendHeader.call(this, name, value);
}

function removeHeader(this: ServerResponse, name: string) {
  if (this.headersSent) throw headersSent('remove');
  base.removeHeader.call(this, name);
  callsOf(this).removed(name);
}

function flushHeaders(this: ServerResponse) {
  callsOf(this).flush();
}

function settleHead(this: ServerResponse) {
  callsOf(this).settle();
}

function addTrailers(this: ServerResponse, headers: OutgoingHttpHeaders) {
  callsOf(this).addTrailers(headers);
}

/** There is no frame for an interim reply. */
function writeNothing(this: ServerResponse, ...given: unknown[]) {
  const callback = lastFunction(...given);
  if (callback !== undefined) nextTick(callback);
}

/** Sends nothing either, but what `http` would refuse is a fault of the handler. */
function writeEarlyHints(this: ServerResponse, hints: EarlyHints, callback?: () => void) {
  checkEarlyHints(hints);
  writeNothing.call(this, callback);
}

function destroy(this: OwnResponse, error?: Error) {
  if (this.destroyed) return this;
  this.destroyed = true;
  this.errored = error ?? null;
  callsOf(this).socket.destroy(error);
  return this;
}

function setIdleTimeout(this: ServerResponse, milliseconds: number, listener?: () => void) {
  if (listener !== undefined) this.on('timeout', listener);
  callsOf(this).socket.setTimeout(milliseconds);
  return this;
}

function push(
  this: ServerResponse,
  target: ServerPushTarget,
  headers: OutgoingHttpHeaders = {},
  options: ServerPushOptions = {},
) {
  return callsOf(this).push(target, headers, options);
}

/**
 * Everything that differs from `http.ServerResponse` is an own property: it stays when a framework changes the prototype. They
 * are fields because defining so many properties one by one takes 20 times as long as the rest of the object.
 */
class SpdyServerResponse extends ServerResponse {
  readonly [CALLS]: ResponseCalls;
  /** What the reply is sent on. */
  readonly stream: SpdyStream;
  override headersSent = false;
  override writableEnded = false;
  override writableFinished = false;
  override writableNeedDrain = false;
  override closed = false;
  override errored: Error | null = null;
  /** The status line once the head is settled, else null. */
  readonly _header: string | null = null;
  override writeHead = writeHead as never;
  override flushHeaders = flushHeaders as never;
  override write = write as never;
  override end = end as never;
  override setHeader = setHeader as never;
  override appendHeader = appendHeader as never;
  override removeHeader = removeHeader as never;
  override addTrailers = addTrailers as never;
  override writeContinue = writeNothing as never;
  override writeProcessing = writeNothing as never;
  override writeEarlyHints = writeEarlyHints as never;
  override destroy = destroy as never;
  override setTimeout = setIdleTimeout as never;
  readonly push = push as never;
  /** What older middleware calls. */
  readonly _implicitHeader = settleHead;

  constructor(request: IncomingMessage, calls: ResponseCalls) {
    super(request);
    this[CALLS] = calls;
    this.stream = calls.stream;
    // What is asked of the connection, and how much of the reply waits, comes from there.
    (this as { socket: unknown }).socket = calls.socket;
  }
}

/** An `http.ServerResponse` that hands its calls on. */
export const OwnResponse: new (request: IncomingMessage, calls: ResponseCalls) => OwnResponse =
  SpdyServerResponse as unknown as new (
    request: IncomingMessage,
    calls: ResponseCalls,
  ) => OwnResponse;

/** What a response is sent on: its `stream` may have been replaced by a middleware. */
export function streamOfResponse(response: ServerResponse): SpdyStream {
  return callsOf(response).stream;
}

/** The error for headers that come too late. */
export function headersSent(action: string): Error {
  const message = `Cannot ${action} headers after they are sent to the client`;
  return httpError(Error, 'ERR_HTTP_HEADERS_SENT', message);
}

function encodingOf(given: unknown): BufferEncoding | undefined {
  return typeof given === 'string' ? (given as BufferEncoding) : undefined;
}

function lastFunction(...given: unknown[]): WriteCallback | undefined {
  return given.find((argument) => typeof argument === 'function') as WriteCallback | undefined;
}
