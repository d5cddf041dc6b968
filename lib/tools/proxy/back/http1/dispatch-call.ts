import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { nextTick } from 'node:process';
import { InvalidArgumentError } from '../../../../errors.ts';
import type { HeaderList } from '../../../../protocol/frames.ts';
import { flatOf, pairsOf } from '../../message/fields.ts';
import { cutOff } from '../../message/message-body.ts';
import { failureOf } from '../../relay/failure.ts';
import type { BackCall, BackHandler, BackRequest } from '../back.ts';
import { isTimeout, type SilenceListener } from '../liveness.ts';
import { AnswerBody, type BodySource } from './answer-body.ts';
import { type ClientTaker, ConnectError, type Http1Client, type Http1Clients } from './clients.ts';
import { confirmBody, hasEnded } from './ending.ts';
import { CHUNKED, type Framing, framingOf, malformedHead, TO_THE_END } from './framing.ts';
import type { DispatchHandler } from './undici.ts';

/** What the line of a request can carry. */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;

/** A request without a body that undici sends. */
export class DispatchCall implements BackCall, ClientTaker, DispatchHandler, BodySource {
  readonly #clients: Http1Clients;
  readonly #silent: SilenceListener;
  readonly #request: BackRequest;
  readonly #handler: BackHandler;
  #client: Http1Client | null = null;
  #abort: ((cause?: Error) => void) | null = null;
  #resume: (() => void) | null = null;
  /** Within a call of undici, which may tell its errors at once. */
  #sending = false;
  /** Whether it was written to a connection that is there. */
  #connected = false;
  #reused = false;
  /** Bytes that the connection had brought by then. */
  #heard = 0;
  /** When it was given one. */
  #sentAt = 0;
  /** Whether the handler knows how it has ended, or the answer has begun. */
  #settled = false;
  #framing: Framing = 0;
  #body: AnswerBody | null = null;
  /** The connection at the end of the answer. */
  #socket: Socket | null = null;
  /** Whether that had ended before its end. */
  #cut = false;

  /** @throws InvalidArgumentError for a target that no line can carry */
  constructor(
    clients: Http1Clients,
    request: BackRequest,
    handler: BackHandler,
    silent: SilenceListener,
  ) {
    if (!TARGET.test(request.target)) throw new InvalidArgumentError('a target that is none');
    this.#clients = clients;
    this.#request = request;
    this.#handler = handler;
    this.#silent = silent;
    clients.request(this);
  }

  get connected(): boolean {
    return this.#connected;
  }

  write(): boolean {
    return true;
  }

  end(): void {}

  onDrain(): void {}

  reset(cause: Error): void {
    this.#settled = true;
    this.#clients.forget(this);
    const body = this.#body;
    const silent = this.#connected && this.#client?.socket?.bytesRead === this.#heard;
    this.#leave(cause);
    body?.destroy(cause);
    if (silent && isTimeout(cause)) this.#silent(this.#sentAt);
  }

  take(client: Http1Client): void {
    this.#client = client;
    this.#sentAt = performance.now();
    const { method, target, authority, fields } = this.#request;
    const headers = ['host', authority, ...flatOf(fields)];
    this.#sending = true;
    client.dispatcher.dispatch({ method, path: target, headers, body: null }, this);
    this.#sending = false;
  }

  onConnect(abort: (cause?: Error) => void): void {
    const client = this.#client;
    if (client === null) {
      abort();
      return;
    }
    this.#abort = abort;
    this.#connected = true;
    this.#reused = client.used;
    this.#heard = client.socket?.bytesRead ?? 0;
    client.used = true;
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, message: string): boolean {
    if (this.#settled) return true;
    const fields = pairsOfBuffers(raw);
    if (status < 200) {
      this.#handler.informed(status, fields);
      return true;
    }
    const head = { status, message, fields };
    const framing = framingOf(head, this.#request.method);
    if (framing === null) {
      this.#fail(malformedHead());
      return true;
    }
    this.#settled = true;
    this.#framing = framing;
    this.#resume = resume;
    this.#body = framing === 0 ? null : new AnswerBody(framing < 0 ? null : framing, this);
    this.#handler.responded(head, this.#body);
    return true;
  }

  onData(piece: Buffer): boolean {
    return this.#body?.give(piece) ?? true;
  }

  onComplete(trailers: Buffer[] | null): void {
    const client = this.#client;
    this.#socket = client?.socket ?? null;
    this.#cut = this.#framing === CHUNKED && this.#socket !== null && hasEnded(this.#socket);
    this.#body?.finish(trailers === null ? [] : pairsOfBuffers(trailers));
    if (client === null) return;
    this.#client = null;
    this.#clients.release(client);
  }

  onError(error: Error): void {
    this.#fail(error);
  }

  resume(): void {
    this.#resume?.();
  }

  /** Nobody wants the rest of the body. */
  destroy(cause: Error): void {
    this.#leave(cause);
  }

  confirm(done: (error: Error | null) => void): void {
    const socket = this.#socket;
    if (socket === null) done(null);
    else if (this.#framing === TO_THE_END) confirmBody(socket, done);
    // Its last chunk ends a body, and nothing else does.
    else done(this.#cut ? cutOff(socket.errored) : null);
  }

  #fail(error: Error): void {
    if (this.#sending) {
      nextTick(() => this.#fail(error));
      return;
    }
    const heard = this.#client?.socket?.bytesRead !== this.#heard;
    const body = this.#body;
    this.#leave(error);
    body?.destroy(cutOff(error));
    if (this.#settled) return;
    this.#settled = true;
    const cause = causeOf(error);
    const { code } = cause as NodeJS.ErrnoException;
    // A connection that was kept may end while a request is on its way: whoever answers nothing on it has not seen that.
    const stale = this.#reused && !heard && (code === 'ECONNRESET' || code === 'EPIPE');
    this.#handler.failed({ ...failureOf(cause, !this.#connected), again: stale });
  }

  /** Ends the connection, if there is one still. */
  #leave(cause: Error): void {
    const client = this.#client;
    if (client === null) return;
    this.#client = null;
    this.#abort?.(cause);
    // One that was given up, or has failed, is not used again.
    this.#clients.drop(client, cause);
  }
}

/** The error behind those of undici, with the code that Node has for it. */
function causeOf(error: Error): Error {
  if (error instanceof ConnectError) return error.cause;
  const { code } = error as NodeJS.ErrnoException;
  // Not all versions tell in the code what llhttp found.
  const wrong =
    (error.name === 'HTTPParserError' && code === undefined) ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
  if (!wrong && code !== 'UND_ERR_SOCKET') return error;
  const known = wrong ? 'HPE_INVALID_ANSWER' : 'ECONNRESET';
  return Object.assign(new Error(error.message, { cause: error }), { code: known });
}

function pairsOfBuffers(raw: readonly Buffer[]): HeaderList {
  return pairsOf(raw.map((part) => part.toString('latin1')));
}
