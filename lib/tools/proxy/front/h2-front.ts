import http2 from 'node:http2';
import { nextTick } from 'node:process';
import { setImmediate } from 'node:timers';
import type { Header, HeaderList } from '../../../protocol/frames.ts';
import { fieldOf, objectOf } from '../message/fields.ts';
import { bodyOfH2 } from '../message/h2-body.ts';
import { cutOff } from '../message/message-body.ts';
import { checkRequest, NO_SCHEME, schemeOf } from '../message/request-check.ts';
import { webSocketFields } from '../message/websocket-fields.ts';
import type { BackPush, FrontRequest, Reply, ResponseHead, Sink } from '../relay/exchange.ts';
import { clientOfRequest } from './client-facts.ts';
import type { H2Watch } from './h2-watch.ts';

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = http2.constants;

/** Reads a request by HTTP/2; text says what is wrong with it. */
export function readH2(
  stream: http2.ServerHttp2Stream,
  rawHeaders: readonly string[],
): FrontRequest | string {
  const { pseudo, fields: rest, host: own } = partsOf(rawHeaders);
  const method = pseudo.get(':method') ?? '';
  const extended = pseudo.get(':protocol') ?? '';
  const tunnel = method === 'CONNECT' && extended === '';
  const authority = pseudo.get(':authority') || (own ?? '');
  if (own !== null && own.toLowerCase() !== authority.toLowerCase()) {
    return 'an authority and a host that differ';
  }
  if (extended !== '' && (extended.toLowerCase() !== 'websocket' || method !== 'CONNECT')) {
    return 'an extended CONNECT for another protocol than WebSocket';
  }
  const checked = [...rest, ['host', authority] as const];
  const asked = extended === '' ? method : 'GET';
  const path = tunnel ? authority : (pseudo.get(':path') ?? '');
  const target = checkRequest(asked, path, '1.1', checked);
  if (typeof target === 'string') return target;
  const session = stream.session as http2.Http2Session;
  const client = clientOfRequest(session, session.socket as never);
  const scheme = schemeOf(pseudo.get(':scheme'), client.secure);
  if (scheme === null) return NO_SCHEME;
  const empty = stream.endAfterHeaders && method !== 'CONNECT';
  return {
    protocol: 'h2',
    method: asked,
    scheme,
    authority: target.authority,
    target: target.target,
    fields: extended === '' ? rest : webSocketFields(rest),
    body: empty ? null : bodyOfH2(stream, method === 'CONNECT' ? null : target.length),
    upgrade: extended === '' ? null : 'websocket',
    urgency: null,
    absolute: false,
    client,
  };
}

/** The answer to a request by HTTP/2. */
export class H2Reply implements Reply {
  readonly keepsConnection = false;
  readonly #stream: http2.ServerHttp2Stream;
  readonly #tunnel: boolean;
  readonly #watch: H2Watch | undefined;
  #trailers: HeaderList = [];
  #ended = false;
  /** Whether all of the answer has been handed over. */
  #sent = false;
  #abandoned = false;

  /** `watch`: of its session, for what is pushed with it. */
  constructor(stream: http2.ServerHttp2Stream, tunnel: boolean, watch?: H2Watch) {
    this.#stream = stream;
    this.#tunnel = tunnel;
    this.#watch = watch;
    // Its end is told by 'close'.
    stream.on('error', () => {});
  }

  get takesPush(): boolean {
    return this.#stream.pushAllowed;
  }

  inform(status: number, fields: HeaderList): void {
    const stream = this.#stream;
    if (status < 100 || stream.headersSent || stream.destroyed || stream.closed) return;
    stream.additionalHeaders({ ':status': status, ...objectOf(fields) });
  }

  respond({ status, fields }: ResponseHead, bodiless: boolean): void {
    const stream = this.#stream;
    // A stream that was reset stays undestroyed while some of its body is unread.
    if (stream.destroyed || stream.closed) return;
    this.#ended = bodiless;
    const headers: http2.OutgoingHttpHeaders = objectOf(fields);
    headers[':status'] = status;
    // A tunnel has none, but its refusal is an answer as others are.
    const tunnel = this.#tunnel && status < 300;
    // Behind a body of known length come none; but they tell when the answer to a request that has not ended is on its way.
    const waitForTrailers =
      !bodiless &&
      !tunnel &&
      (!stream.endAfterHeaders || fieldOf(fields, 'content-length') === null);
    stream.respond(headers, { endStream: bodiless, waitForTrailers, sendDate: false } as never);
    // It ends with its head, or behind 'wantTrailers', which comes later than 'finish'.
    this.#sent = bodiless;
    if (!waitForTrailers) return;
    stream.on('wantTrailers', () => {
      stream.sendTrailers(objectOf(this.#trailers));
      this.#sent = true;
      if (this.#abandoned) this.#leave();
    });
  }

  write(chunk: Uint8Array): boolean {
    return this.#stream.write(chunk);
  }

  end(trailers: HeaderList): void {
    this.#ended = true;
    this.#trailers = trailers;
    this.#stream.end();
  }

  reset(cause: Error): void {
    const stream = this.#stream;
    // close(code) would send END_STREAM first: the answer would look complete.
    if (!stream.destroyed) stream.destroy(cause);
  }

  onDrain(listener: () => void): void {
    this.#stream.on('drain', listener);
  }

  push(push: BackPush, gone: () => void): Sink | null {
    const { method, scheme, authority, path, head } = push;
    const stream = this.#stream;
    if (stream.destroyed || stream.closed || !stream.pushAllowed) return null;
    const sink = new PushSink(head, gone);
    const names = { ':method': method, ':scheme': scheme, ':authority': authority, ':path': path };
    stream.pushStream(names, (error, pushed) => {
      if (error === null && !pushed.destroyed) this.#watch?.follow(pushed);
      sink.opened(error, pushed);
    });
    return sink;
  }

  abandon(): void {
    this.#abandoned = true;
    this.#stream.resume();
    if (this.#sent) this.#leave();
  }

  onGone(listener: (cause: Error) => void): void {
    const stream = this.#stream;
    const told = (): void => {
      const left = this.#ended && (stream.rstCode ?? 0) === NGHTTP2_NO_ERROR;
      if (!left) listener(cutOff(stream.errored));
    };
    if (stream.closed) nextTick(told);
    else stream.once('close', told);
  }

  /** Nothing more of the request is wanted: told behind the end of the answer. */
  #leave(): void {
    const stream = this.#stream;
    // At once a reset would overtake the end that was given just now.
    setImmediate(() => {
      if (!stream.closed) stream.close(NGHTTP2_NO_ERROR);
    });
  }
}

/** A pushed resource, of which pieces may come before its stream is there. */
class PushSink implements Sink {
  readonly #head: ResponseHead;
  readonly #gone: () => void;
  #stream: http2.ServerHttp2Stream | null = null;
  #drained: (() => void) | null = null;
  #waiting: Uint8Array[] = [];
  #end: 'end' | 'reset' | null = null;

  constructor(head: ResponseHead, gone: () => void) {
    this.#head = head;
    this.#gone = gone;
  }

  opened(error: Error | null, stream: http2.ServerHttp2Stream): void {
    // It is told late: the connection may be gone by then.
    if (error !== null || stream.destroyed || stream.closed) {
      this.#end = 'reset';
      this.#gone();
      return;
    }
    stream.on('error', () => {});
    stream.once('close', this.#gone);
    const { status, fields } = this.#head;
    if (this.#end === 'reset') {
      stream.close(NGHTTP2_CANCEL);
      return;
    }
    stream.respond({ ':status': status, ...objectOf(fields) });
    if (this.#drained !== null) stream.on('drain', this.#drained);
    this.#stream = stream;
    for (const chunk of this.#waiting) stream.write(chunk);
    this.#waiting = [];
    if (this.#end === 'end') stream.end();
    else this.#drained?.();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#stream !== null) return this.#stream.write(chunk);
    if (this.#end === null) this.#waiting.push(chunk);
    return this.#end !== null;
  }

  end(): void {
    this.#end ??= 'end';
    this.#stream?.end();
  }

  reset(cause: Error): void {
    this.#end = 'reset';
    this.#waiting = [];
    this.#stream?.destroy(cause);
  }

  onDrain(listener: () => void): void {
    this.#drained = listener;
    this.#stream?.on('drain', listener);
  }
}

/**
 * The parts of a head: its pseudo header fields, of several of one name the first, `host`, and the other fields. HTTP/2 may carry each cookie as a field of
 * its own; nobody else knows that, so that they are one here.
 */
function partsOf(rawHeaders: readonly string[]): {
  readonly pseudo: ReadonlyMap<string, string>;
  readonly host: string | null;
  readonly fields: Header[];
} {
  const pseudo = new Map<string, string>();
  const fields: Header[] = [];
  let host: string | null = null;
  let cookies: string[] | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    if (name.startsWith(':')) {
      if (!pseudo.has(name)) pseudo.set(name, value);
    } else if (name === 'host') host ??= value;
    else if (name === 'cookie') {
      cookies ??= [];
      cookies.push(value);
    } else fields.push([name, value]);
  }
  if (cookies !== null) fields.push(['cookie', cookies.join('; ')]);
  return { pseudo, host, fields };
}
