import type { IncomingHttpHeaders } from 'node:http';
import { StreamError } from '../../../errors.ts';
import { PROTOCOL_ERROR, REFUSED_STREAM } from '../../../protocol/constants.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import type { SpdyStream } from '../../../session/public.ts';
import { toIncomingHeaders, toRawHeaders } from '../../headers.ts';
import { parseResponse, pseudo } from '../../message-head.ts';
import { ClientResponse, type ResponseSource } from './response.ts';

/** The request that a pushed response answers, as the server has made it up. */
export interface PushedRequest {
  /** GET unless the server says otherwise. */
  readonly method: string;
  /** What is pushed, as an absolute URL. */
  readonly url: string;
  /** Fields of the announcement: those of the response, as SPDY does not tell them apart. */
  readonly headers: IncomingHttpHeaders;
  /** 0 is the most urgent. */
  readonly priority: number;
}

/** What takes a push or refuses it. */
export interface PushContext {
  /** Only resources of this origin may be pushed: that of the request, as its Host field has it. */
  readonly origin: string;
  /** URLs that are being pushed in this session. */
  readonly pushing: Set<string>;
  readonly source: ResponseSource;
  /** Whether anybody listens. */
  wanted(): boolean;
  deliver(request: PushedRequest, response: ClientResponse): void;
}

/** Names that tell the URL; further headers may not. */
const URL_NAMES: ReadonlySet<string> = new Set([':scheme', ':host', ':path']);

/**
 * Checks a stream that the server pushes (SPDY/3 3.3.2), and delivers it as soon as its status is known. One that breaks a rule is reset
 * with PROTOCOL_ERROR; one of another origin, or that nobody wants, with REFUSED_STREAM.
 */
export function takePush(stream: SpdyStream, context: PushContext): void {
  // What the peer does to its push is for the one who reads the response.
  stream.on('error', () => {});
  const url = pushedUrl(stream.headers);
  if (url === null) {
    fail(stream, 'the push does not tell a URL');
    return;
  }
  if (context.pushing.has(url.href)) {
    fail(stream, `${url.href} is being pushed already`);
    return;
  }
  if (url.origin !== originOf(context.origin) || !context.wanted()) {
    stream.close(REFUSED_STREAM);
    return;
  }
  const { href } = url;
  context.pushing.add(href);
  stream.once('close', () => context.pushing.delete(href));
  collect(stream, href, context);
}

/** Gathers headers until the status is known. */
function collect(stream: SpdyStream, url: string, context: PushContext): void {
  const names = new Set(stream.headers.map(([name]) => name));
  let fields: HeaderList = stream.headers;
  let delivered = false;
  const early = (): void => fail(stream, 'the push has no status');
  const deliver = (): void => {
    const head = parseResponse(fields, { requireVersion: false });
    if (!('statusCode' in head)) {
      fail(stream, head.reason);
      return;
    }
    delivered = true;
    stream.pause();
    stream.off('data', early);
    stream.off('end', early);
    const method = pseudo(fields, ':method') ?? 'GET';
    const headers = toIncomingHeaders(toRawHeaders(head.headers));
    const request = { method, url, headers, priority: stream.priority };
    const response = new ClientResponse(stream, head, method, context.source);
    stream.on('timeout', () => response.emit('timeout'));
    stream.on('close', () => response.streamClosed());
    context.deliver(request, response);
  };
  stream.on('headers', (more) => {
    for (const [name] of more) {
      // Netty tells the version with the request and with the status.
      if (URL_NAMES.has(name) || (names.has(name) && name !== ':version')) {
        fail(stream, `the header ${name} of the push is repeated`);
        return;
      }
    }
    for (const [name] of more) names.add(name);
    if (delivered) return;
    fields = [...fields, ...more.filter(([name]) => name !== ':version')];
    if (names.has(':status')) deliver();
  });
  if (names.has(':status')) {
    deliver();
    return;
  }
  stream.on('data', early);
  stream.on('end', early);
}

/** The URL of a push; SPDY/2 has it whole where SPDY/3 has the path. */
function pushedUrl(headers: HeaderList): URL | null {
  const path = pseudo(headers, ':path');
  if (path === null) return null;
  const scheme = pseudo(headers, ':scheme');
  const host = pseudo(headers, ':host');
  if (/^https?:\/\//i.test(path)) return URL.canParse(path) ? new URL(path) : null;
  if (scheme === null || host === null || !path.startsWith('/')) return null;
  const text = `${scheme}://${host}${path}`;
  return URL.canParse(text) ? new URL(text) : null;
}

/** Without the usual port; null for a Host field that is no part of a URL. */
function originOf(text: string): string | null {
  return URL.canParse(text) ? new URL(text).origin : null;
}

function fail(stream: SpdyStream, message: string): void {
  const { id } = stream;
  stream.destroy(new StreamError('ERR_SPDY_PROTOCOL', message, id, PROTOCOL_ERROR, 'peer'));
}
