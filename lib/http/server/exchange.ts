import { Deadline } from '../../common/deadline.ts';
import {
  CANCEL,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  PROTOCOL_ERROR,
} from '../../protocol/constants.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Session, SpdyStream } from '../../session/public.ts';
import {
  type HeadLimits,
  type ParsedRequest,
  parseRequest,
  responseToSpdy,
} from '../message-head.ts';
import { RequestBody, type RequestOwner, type SpdyRequest } from './request.ts';
import { ResponseBody, type SpdyResponse } from './response.ts';
import { ServerSocket } from './socket.ts';

/** Bytes of a request that are taken after the reply is complete; what has more to come is reset. */
const LATE_BODY_LIMIT = 65536;
/** How long such a rest may take to come. */
const LATE_BODY_MS = 1000;

/** Limits for requests. */
export interface ExchangeOptions extends HeadLimits {
  /** Milliseconds from the head of a request to its end, 0 for no limit. */
  readonly requestTimeoutMs: number;
}

/** What an exchange needs of the server. */
export interface ExchangeHost {
  /** Limits for requests. */
  readonly options: ExchangeOptions;
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
export class Exchange implements RequestOwner {
  readonly #stream: SpdyStream;
  readonly #host: ExchangeHost;
  readonly #body: RequestBody;
  readonly #reply: ResponseBody;
  readonly #deadline: Deadline | null = null;

  private constructor(
    stream: SpdyStream,
    session: Session,
    head: ParsedRequest,
    ended: boolean,
    secure: boolean,
    host: ExchangeHost,
  ) {
    this.#stream = stream;
    this.#host = host;
    const socket = new ServerSocket(stream, session, secure);
    this.#body = new RequestBody(stream, head, socket, ended, this);
    this.#reply = new ResponseBody(this.#body, stream, socket);
    // A stream that fails tells those who listen to the request and the response.
    stream.on('error', () => {});
    stream.on('timeout', () => this.#idle(socket));
    const idleTimeoutMs = host.idleTimeoutMs();
    if (idleTimeoutMs > 0) stream.setTimeout(idleTimeoutMs);
    this.#reply.response.once('finish', () => this.#replied());
    const { requestTimeoutMs } = host.options;
    // A tunnel may last.
    if (ended || requestTimeoutMs === 0 || head.method === 'CONNECT') return;
    const deadline = new Deadline();
    deadline.start(requestTimeoutMs, () => this.#requestTimedOut());
    stream.once('close', () => deadline.stop());
    this.#deadline = deadline;
  }

  /** Takes a stream of the client: hands the request on, or answers what is none. Null for that. */
  static begin(
    stream: SpdyStream,
    headers: HeaderList,
    flags: number,
    session: Session,
    secure: boolean,
    host: ExchangeHost,
  ): Exchange | null {
    if (stream.associatedId !== 0 || (flags & CTRL_FLAG_UNIDIRECTIONAL) !== 0) {
      stream.close(PROTOCOL_ERROR);
      return null;
    }
    const ended = (flags & CTRL_FLAG_FIN) !== 0;
    const scheme = secure ? 'https' : 'http';
    const head = parseRequest(session.version, headers, host.options, scheme);
    if ('reason' in head) {
      stream.on('error', () => {});
      refuse(stream, head.status, ended);
      return null;
    }
    const exchange = new Exchange(stream, session, head, ended, secure, host);
    if (ended && head.contentLength !== null && head.contentLength !== 0) {
      exchange.lengthMismatch();
      exchange.#body.abort();
      return null;
    }
    host.dispatch(exchange.#body.request, exchange.#reply.response);
    return exchange;
  }

  /** The stream has ended before both sides had finished it. */
  abort(cause: Error): void {
    this.#deadline?.stop();
    this.#reply.close();
    this.#body.abort(cause);
    if (!this.#stream.destroyed) this.#stream.destroy();
  }

  /** The body is not as long as announced: 400, or a reset when it was answered. */
  lengthMismatch(): void {
    this.#end(400, PROTOCOL_ERROR);
  }

  #requestTimedOut(): void {
    // It is here: only the handler has not read it yet.
    if (this.#stream.inputEnded) return;
    this.#end(408, CANCEL);
    this.#body.abort();
  }

  /** The request is not acceptable after all: an answer if there was none, else a reset. */
  #end(status: number, resetStatus: number): void {
    const answered = this.#reply.answered;
    this.#reply.close();
    if (answered) this.#stream.close(resetStatus);
    else refuse(this.#stream, status, this.#stream.inputEnded);
  }

  /** The reply is complete. What is left of the request is of little use (SPDY/3 3.2.2). */
  #replied(): void {
    const body = this.#body;
    const stream = this.#stream;
    if (body.complete) {
      if (!body.consumed) body.request.resume();
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

  #idle(socket: ServerSocket): void {
    const heard = [
      this.#body.request.emit('timeout', socket),
      this.#reply.response.emit('timeout', socket),
      socket.emit('timeout'),
      this.#host.timedOut(socket),
    ];
    if (!heard.includes(true)) this.#stream.close(CANCEL);
  }
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
