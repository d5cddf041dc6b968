import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { nextTick } from 'node:process';
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers';
import { StreamError } from '../../../errors.ts';
import { CANCEL, PROTOCOL_ERROR } from '../../../protocol/constants.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { SpdyStream } from '../../../session/public.ts';
import {
  addDistinctHeaders,
  addIncomingHeaders,
  contentLengthOf,
  endToEndFields,
  toDistinctHeaders,
  toIncomingHeaders,
  toRawHeaders,
} from '../../headers.ts';
import { hasBody, type ParsedResponse } from '../../message-head.ts';

/** What the responses of a session have in common. */
export interface ResponseSource {
  /** The connection of the session, for those who ask about addresses and certificates. */
  readonly socket: Duplex | null;
  /** Whether a body that differs from `content-length` is an error. */
  readonly strictContentLength: boolean;
}

/**
 * The response to a request, or a pushed one: an `http.IncomingMessage` whose body comes from a SPDY stream. Destroying it before its
 * end resets the stream with CANCEL. Its `socket` is shared by all requests of the session.
 */
export class ClientResponse extends IncomingMessage {
  static {
    // Made when it is asked for. As an accessor in the class it would not be what `http` declares.
    Object.defineProperty(ClientResponse.prototype, 'headersDistinct', {
      configurable: true,
      get(this: ClientResponse) {
        this.#distinct ??= toDistinctHeaders(this.rawHeaders);
        return this.#distinct;
      },
      set(this: ClientResponse, headers: NodeJS.Dict<string[]>) {
        this.#distinct = headers;
      },
    });
  }

  /** The stream that carries the response. */
  readonly stream: SpdyStream;
  #distinct: NodeJS.Dict<string[]> | null = null;
  readonly #strict: boolean;
  readonly #announced: number | null;
  #received = 0;
  #ended = false;

  /** The request makes it, and tells it of 'timeout' and 'close' of the stream. @internal */
  constructor(
    stream: SpdyStream,
    head: ParsedResponse,
    method: string,
    source: ResponseSource,
    tunnel = false,
  ) {
    super(source.socket as Socket);
    this.#strict = source.strictContentLength;
    this.stream = stream;
    this.statusCode = head.statusCode;
    this.statusMessage = head.statusMessage;
    this.httpVersion = head.httpVersion;
    this.httpVersionMajor = Number(head.httpVersion[0]);
    this.httpVersionMinor = Number(head.httpVersion[2]);
    this.rawHeaders = toRawHeaders(head.headers);
    this.headers = toIncomingHeaders(this.rawHeaders);
    const length = contentLengthOf(head.headers);
    this.#announced = Number.isNaN(length) ? null : length;
    // What a tunnel carries is no body: the stream is somebody else's matter.
    if (tunnel) this.#end();
    else this.#listen(hasBody(method, head.statusCode));
  }

  override _read(): void {
    if (this.#ended) return;
    const { stream } = this;
    // Of an end without bytes, `resume()` would make a lot.
    if (stream.inputEnded && stream.bytesRead === 0) stream.read(0);
    else stream.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#ended) {
      this.aborted = true;
      this.emit('aborted');
      if (error === null) this.stream.close(CANCEL);
      else this.stream.destroy(error);
    }
    // As with `http`: who does not listen is not hurt.
    if (error === null) done();
    else nextTick(() => done(this.listenerCount('error') > 0 ? error : null));
  }

  /** Its stream has ended, however it did. @internal */
  streamClosed(): void {
    // In a turn of its own: who has awaited the response, which may have come together with the reset, listens by then.
    if (!this.#ended) setImmediate(() => this.destroy(this.#cutOff()));
  }

  /** Emits 'timeout' when nothing arrives for so many milliseconds; 0 switches it off. */
  override setTimeout(milliseconds: number, listener?: () => void): this {
    if (listener !== undefined) this.on('timeout', listener);
    this.stream.setTimeout(milliseconds);
    return this;
  }

  #listen(withBody: boolean): void {
    const { stream } = this;
    stream.on('headers', (more) => this.#addHeaders(more));
    stream.pause();
    if (withBody) {
      stream.on('data', (chunk: Buffer) => this.#take(chunk));
      stream.on('end', () => this.#finish());
      return;
    }
    this.#end();
    // Such a response has no body whatever the peer sends.
    stream.once('data', () => stream.close(CANCEL));
    stream.resume();
  }

  #take(chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.#isWrong(this.#received > (this.#announced ?? 0))) return;
    if (!this.push(chunk)) this.stream.pause();
  }

  #finish(): void {
    if (this.#isWrong(this.#received !== this.#announced)) return;
    const { trailers } = this.stream;
    if (trailers !== null) {
      const raw = toRawHeaders(endToEndFields(trailers));
      this.rawTrailers = raw;
      this.trailers = toIncomingHeaders(raw) as NodeJS.Dict<string>;
      this.trailersDistinct = toDistinctHeaders(raw);
    }
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.complete = true;
    this.push(null);
  }

  /** Whether the body has a length that it must not have; the stream is reset then. */
  #isWrong(differs: boolean): boolean {
    if (!this.#strict || this.#announced === null || !differs) return false;
    const message = `the body does not have the announced ${this.#announced} bytes`;
    const { id } = this.stream;
    this.destroy(new StreamError('ERR_SPDY_PROTOCOL', message, id, PROTOCOL_ERROR, 'peer'));
    return true;
  }

  #cutOff(): Error {
    const { errored, id, rstStatus } = this.stream;
    if (errored !== null) return errored;
    const message = `stream ${id} ended before its response was complete`;
    return new StreamError('ERR_SPDY_STREAM_CLOSED', message, id, rstStatus, 'local');
  }

  #addHeaders(more: HeaderList): void {
    const raw = toRawHeaders(endToEndFields(more));
    addIncomingHeaders(this.headers, raw);
    addDistinctHeaders(this.headersDistinct, raw);
    this.rawHeaders.push(...raw);
  }
}
