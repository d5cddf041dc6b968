import { EventEmitter } from 'node:events';
import { nextTick } from 'node:process';
import { StreamError } from '../../../errors.ts';
import { PROTOCOL_ERROR } from '../../../protocol/constants.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { SpdyStream, StreamOptions } from '../../../session/public.ts';
import { endToEndFields } from '../../headers.ts';
import { httpError } from '../../http-error.ts';
import { parseResponse, requestToSpdy } from '../../message-head.ts';
import { LEAST_URGENT, type SpdyLink } from '../connection/link.ts';
import type { RequestPlan } from '../request/options.ts';
import { takePush } from '../request/push.ts';
import { ClientResponse, type ResponseSource } from '../request/response.ts';
import type { Exchange, ExchangeHost, ReadyHead, ResponseRules } from './exchange.ts';

const { removeAllListeners } = EventEmitter.prototype;

/** A request as a SPDY stream. */
export class SpdyExchange implements Exchange {
  readonly #host: ExchangeHost;
  readonly #link: SpdyLink;
  readonly #plan: RequestPlan;
  readonly #rules: ResponseRules;
  #stream: SpdyStream | null = null;
  #method = '';
  #authority = '';
  #error: Error | null = null;
  #response: ClientResponse | null = null;
  #pushed = false;

  constructor(host: ExchangeHost, link: SpdyLink, plan: RequestPlan, rules: ResponseRules) {
    this.#host = host;
    this.#link = link;
    this.#plan = plan;
    this.#rules = rules;
  }

  get stream(): SpdyStream | null {
    return this.#stream;
  }

  open(head: ReadyHead): void {
    const { method, path, fields } = head;
    const { target, priority } = this.#plan;
    const { session } = this.#link.way;
    const tunnel = method === 'CONNECT';
    const authority = fieldValue(fields, 'host') ?? target.host;
    const headers = requestToSpdy(
      {
        method,
        scheme: target.scheme,
        host: tunnel ? path : authority,
        path,
        headers: head.endStream ? lengthOfNothing(fields) : fields,
      },
      session.version,
    );
    const stream = this.#openStream(headers, {
      endStream: head.endStream && !tunnel,
      priority: Math.min(priority ?? LEAST_URGENT, session.getPriLowest()),
    });
    this.#link.opened();
    this.#stream = stream;
    this.#method = method;
    this.#authority = authority;
    this.#listen(stream);
    if (fieldValue(fields, 'expect')?.toLowerCase() === '100-continue') {
      nextTick(() => this.#host.continued());
    }
  }

  write(chunk: Uint8Array, done: (error?: Error | null) => void): void {
    // An empty body has ended the stream together with its headers.
    if (chunk.length === 0) nextTick(done);
    else this.#stream?.write(chunk, done);
  }

  end(trailers: HeaderList, done: (() => void) | null): void {
    const stream = this.#stream;
    // A tunnel is ended by whoever uses it.
    if (stream === null || this.#method === 'CONNECT') done?.();
    // An empty body has ended with the headers: to end it again would make an error, and its stack, for nobody.
    else if (stream.writableFinished) {
      if (done !== null) nextTick(done);
    } else if (trailers.length === 0 || !stream.writable) stream.end(done ?? undefined);
    else {
      if (done !== null) stream.once('finish', done);
      stream.sendTrailers(endToEndFields(trailers));
    }
  }

  setTimeout(milliseconds: number): void {
    this.#stream?.setTimeout(milliseconds);
  }

  destroy(error: Error | null): void {
    // Any other error is our own matter: the server is told CANCEL.
    this.#stream?.destroy(error instanceof StreamError ? error : undefined);
  }

  #openStream(headers: HeaderList, options: StreamOptions): SpdyStream {
    try {
      return this.#link.way.session.request(headers, options);
    } catch (error) {
      if (isExhaustion(error)) this.#link.exhausted();
      throw error;
    }
  }

  #listen(stream: SpdyStream): void {
    stream.on('error', (error) => {
      this.#error = error;
    });
    stream.on('response', (received) => this.#respond(stream, received));
    stream.on('push', (pushed) => this.#takePush(pushed));
    // One listener for each event: V8 keeps the lists of several long after they are of use, and all that they lead to.
    stream.on('timeout', () => {
      this.#host.timedOut();
      this.#response?.emit('timeout');
    });
    stream.on('close', () => {
      this.#closed(stream);
      this.#response?.streamClosed();
      // Nothing follows; all that listeners lead to can go, although V8 may keep the stream for long (measured: half the CPU time of a
      // small request with Node 24). That of Readable would still look, in a tick of its own, for who reads.
      if (this.#method !== 'CONNECT') removeAllListeners.call(stream);
    });
  }

  #takePush(pushed: SpdyStream): void {
    const host = this.#host;
    this.#pushed = true;
    takePush(pushed, {
      origin: `${this.#plan.target.scheme}://${this.#authority}`,
      pushing: this.#link.way.pushing,
      source: this.#source(),
      wanted: () => host.wantsPush(),
      deliver: (request, response) => host.pushed(request, response),
    });
  }

  #source(): ResponseSource {
    const { strictContentLength } = this.#rules;
    return { socket: this.#link.way.session.socket, strictContentLength };
  }

  #respond(stream: SpdyStream, received: HeaderList): void {
    const head = parseResponse(received, { requireVersion: !this.#rules.tolerateMissingVersion });
    if (!('statusCode' in head)) {
      const { id } = stream;
      const message = `the reply has ${head.reason}`;
      stream.destroy(new StreamError('ERR_SPDY_PROTOCOL', message, id, PROTOCOL_ERROR, 'peer'));
      return;
    }
    const method = this.#method;
    const tunnel = method === 'CONNECT';
    const response = new ClientResponse(stream, head, method, this.#source(), tunnel);
    this.#response = response;
    if (tunnel) this.#host.switched('connect', response, stream, Buffer.alloc(0));
    else this.#host.answered(response);
  }

  #closed(stream: SpdyStream): void {
    const response = this.#response;
    if (response !== null) {
      // One that the server breaks off fails in a turn of its own, by itself.
      if (response.errored) this.#host.broken(response.errored);
      this.#host.closed(null, 'unknown');
      return;
    }
    const { id, rstStatus, pending } = stream;
    const text = `stream ${id} ended without a response`;
    const cause = httpError(Error, 'ECONNRESET', 'socket hang up');
    const reason =
      this.#error ??
      new StreamError('ERR_SPDY_STREAM_CLOSED', text, id, rstStatus, 'peer', { cause });
    if (isExhaustion(reason)) {
      this.#link.exhausted();
      this.#host.closed(reason, 'unsent');
      return;
    }
    // Who pushes for a request has looked at it, whatever is said then.
    const refused = reason instanceof StreamError && reason.retryable && !this.#pushed;
    this.#host.closed(reason, pending || refused ? 'unprocessed' : 'unknown');
  }
}

/**
 * The fields of a request with an empty body. SPDY has no `transfer-encoding`, by which HTTP/1.1 tells of a body that turns out to be
 * empty: its length does.
 */
function lengthOfNothing(fields: HeaderList): HeaderList {
  const chunked = fieldValue(fields, 'transfer-encoding') !== undefined;
  const told = fieldValue(fields, 'content-length') !== undefined;
  return chunked && !told ? [...fields, ['content-length', '0']] : fields;
}

/** The value of the first field of a name. */
function fieldValue(fields: HeaderList, wanted: string): string | undefined {
  for (const field of fields) if (field[0] === wanted) return field[1];
  return undefined;
}

/** Whether a session has used up its stream ids. */
function isExhaustion(error: unknown): boolean {
  return (error as Partial<StreamError>).code === 'ERR_SPDY_STREAM_ID_NOT_AVAILABLE';
}
