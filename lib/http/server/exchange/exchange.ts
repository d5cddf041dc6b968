import type { EventEmitter } from 'node:events';
import { nextTick } from 'node:process';
import { Deadline } from '../../../common/deadline.ts';
import { StreamError } from '../../../errors.ts';
import {
  CANCEL,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  INTERNAL_ERROR,
  PROTOCOL_ERROR,
} from '../../../protocol/constants.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { Session, SpdyStream } from '../../../session/public.ts';
import { raise } from '../../../session/public.ts';
import { httpError } from '../../http-error.ts';
import {
  type HeadLimits,
  type ParsedRequest,
  parseRequest,
  responseToSpdy,
} from '../../message-head.ts';
import type { PushRoom } from './push.ts';
import { RequestBody, type RequestOwner, type SpdyRequest } from './request.ts';
import { Reply, type SpdyResponse } from './response.ts';
import { ServerSocket } from './socket.ts';
import { followResponse, followStream, type StreamOwner } from './stream-owner.ts';

/** Bytes of a request that are taken after the reply is complete; what has more to come is reset. */
const LATE_BODY_LIMIT = 65536;
/** How long such a rest may take to come. */
const LATE_BODY_MS = 1000;

/** Limits for requests. */
export interface ExchangeOptions extends HeadLimits {
  /** Milliseconds from the head of a request to its end, 0 for no limit. */
  readonly requestTimeoutMs: number;
}

/** The connection that an exchange comes by. */
export interface ExchangeConnection {
  /** Its session. */
  readonly session: Session;
  /** Whether the client speaks TLS, if only to a terminator in front. */
  readonly secure: boolean;
  /** Room for the pushes of all its requests. */
  readonly pushRoom: PushRoom;
}

/** What an exchange needs of the server. */
export interface ExchangeHost {
  /** Limits for requests. */
  readonly options: ExchangeOptions;
  /** What `request.socket.server` is. */
  readonly server: EventEmitter;
  /** Milliseconds without any byte after which a stream emits 'timeout', 0 for none. */
  idleTimeoutMs(): number;
  /** Hands a request to whoever answers it. */
  dispatch(request: SpdyRequest, response: SpdyResponse): void;
  /** A stream was idle; false if nobody cares. */
  timedOut(socket: ServerSocket): boolean;
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** One request and its reply: what both sides of a stream have to know of each other (SPDY/3 3.2). */
export class Exchange implements RequestOwner, StreamOwner {
  readonly #stream: SpdyStream;
  readonly #host: ExchangeHost;
  readonly #body: RequestBody;
  readonly #reply: Reply;
  readonly #deadline: Deadline | null = null;
  readonly #socket: ServerSocket;
  #over = false;

  private constructor(
    stream: SpdyStream,
    head: ParsedRequest,
    ended: boolean,
    connection: ExchangeConnection,
    host: ExchangeHost,
  ) {
    this.#stream = stream;
    this.#host = host;
    const { session, secure, pushRoom } = connection;
    const socket = new ServerSocket(stream, session, host.server, secure);
    this.#socket = socket;
    this.#body = new RequestBody(stream, head, socket, ended, this);
    this.#reply = new Reply(this.#body, stream, socket, pushRoom);
    followStream(stream, this, ended);
    const idleTimeoutMs = host.idleTimeoutMs();
    if (idleTimeoutMs > 0) stream.setTimeout(idleTimeoutMs);
    followResponse(this.#reply.response);
    const { requestTimeoutMs } = host.options;
    // A tunnel may last.
    if (ended || requestTimeoutMs === 0 || head.method === 'CONNECT') return;
    const deadline = new Deadline();
    deadline.start(requestTimeoutMs, () => this.#requestTimedOut());
    this.#deadline = deadline;
  }

  /** Takes a stream of the client: hands the request on, or answers what is none. Null for that. */
  static begin(
    stream: SpdyStream,
    headers: HeaderList,
    flags: number,
    connection: ExchangeConnection,
    host: ExchangeHost,
  ): Exchange | null {
    if (stream.associatedId !== 0 || (flags & CTRL_FLAG_UNIDIRECTIONAL) !== 0) {
      stream.close(PROTOCOL_ERROR);
      return null;
    }
    const ended = (flags & CTRL_FLAG_FIN) !== 0;
    const scheme = connection.secure ? 'https' : 'http';
    const head = parseRequest(connection.session.version, headers, host.options, scheme);
    if ('reason' in head) {
      stream.on('error', () => {});
      refuse(stream, head.status, ended);
      return null;
    }
    const exchange = new Exchange(stream, head, ended, connection, host);
    if (ended && head.contentLength !== null && head.contentLength !== 0) {
      exchange.lengthMismatch();
      exchange.#body.abort(null);
      return null;
    }
    exchange.#dispatch();
    return exchange;
  }

  /** The stream has ended: `cause` says why, unless both sides had finished it or it was destroyed here. */
  close(cause: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline?.stop();
    const socket = this.#socket;
    this.#body.abort(cause);
    socket.failed(failureOf(cause));
    // In the order of `http`: 'aborted', the end of the response, that of the connection, the error of the request.
    nextTick(() => {
      this.#reply.close();
      socket.close();
    });
  }

  /** The body is not as long as announced: 400, or a reset when it was answered. */
  lengthMismatch(): void {
    this.#end(400, PROTOCOL_ERROR);
  }

  // What becomes of the stream

  fieldsCame(headers: HeaderList): void {
    this.#body.addTrailers(headers);
  }

  bytesCame(chunk: Buffer): void {
    this.#body.take(chunk);
  }

  bodyEnded(): void {
    this.#body.finish();
  }

  drained(): void {
    this.#reply.drained();
  }

  sent(): void {
    this.#reply.sent();
  }

  closed(): void {
    this.#deadline?.stop();
    const { inputEnded, writableFinished } = this.#stream;
    if (!inputEnded || !writableFinished) {
      this.close(null);
      return;
    }
    this.#over = true;
    this.#reply.close();
    this.#socket.close();
  }

  /** Hands the request on. One whose handler throws was begun, so that nobody may repeat it as one that was refused. */
  #dispatch(): void {
    try {
      this.#host.dispatch(this.#body.request, this.#reply.response);
    } catch (exception) {
      if (!this.#stream.writableEnded) this.#stream.close(INTERNAL_ERROR);
      raise(exception);
    }
  }

  #requestTimedOut(): void {
    // It is here: only the handler has not read it yet.
    if (this.#stream.inputEnded) return;
    this.#end(408, CANCEL);
    this.#body.abort(null);
  }

  /** The request is not acceptable after all: an answer if there was none, else a reset. */
  #end(status: number, resetStatus: number): void {
    const answered = this.#reply.answered;
    this.#reply.close();
    if (answered) this.#stream.close(resetStatus);
    else refuse(this.#stream, status, this.#stream.inputEnded);
  }

  /** The reply is complete. What is left of the request is of little use (SPDY/3 3.2.2). */
  replied(): void {
    const body = this.#body;
    const stream = this.#stream;
    if (body.complete) {
      if (!body.consumed) body.drop();
      return;
    }
    if (body.consumed || stream.destroyed) return;
    const cancel = (): void => {
      if (!stream.destroyed && !stream.inputEnded) stream.close(CANCEL);
    };
    let room = LATE_BODY_LIMIT;
    if ((body.missingBytes ?? 0) > room) {
      cancel();
      return;
    }
    const deadline = new Deadline();
    deadline.start(LATE_BODY_MS, cancel);
    stream.once('close', () => deadline.stop());
    body.discard((bytes) => {
      room -= bytes;
      if (room < 0) cancel();
    });
  }

  idle(): void {
    const socket = this.#socket;
    const heard = [
      this.#body.request.emit('timeout', socket),
      this.#reply.response.emit('timeout', socket),
      socket.emit('timeout'),
      this.#host.timedOut(socket),
    ];
    if (!heard.includes(true)) this.#stream.close(CANCEL);
  }
}

/**
 * What a handler hears as the error of its connection: the peer reset the stream, or the transport failed. Not a client that has only lost
 * interest (CANCEL) or closed its connection in order, and not what was done here.
 */
function failureOf(cause: Error | null): Error | null {
  const failed =
    cause instanceof StreamError
      ? cause.by === 'peer' && cause.status !== CANCEL
      : cause?.cause instanceof Error;
  if (!failed) return null;
  return httpError(Error, 'ECONNRESET', 'aborted', { cause });
}

/** Answers a request that no handler sees; what the client still sends is reset. */
function refuse(stream: SpdyStream, status: number, ended: boolean): void {
  stream.once('finish', () => {
    if (stream.inputEnded) stream.resume();
    else stream.close(CANCEL);
  });
  if (ended) stream.resume();
  stream.respond(responseToSpdy(status, STATUS_TEXT[status] ?? '', []), { endStream: true });
}
