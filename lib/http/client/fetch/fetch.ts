import type { IncomingMessage } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { setImmediate } from 'node:timers';
import type { Header } from '../../../protocol/frames.ts';
import type { SpdyAgent } from '../agent.ts';
import { agentOf } from '../client.ts';
import { toldAsUndici } from '../exchange/channels.ts';
import type { ClientRequest } from '../request/request.ts';
import { contentLengthFor } from '../request/request-length.ts';
import { ACCEPTED_ENCODINGS, decompress } from './decompress.ts';
import { bodyOf, type FetchBody, webBody } from './fetch-body.ts';
import { checkInit, type FetchInit } from './fetch-init.ts';

/** What stays the same over all redirects. */
interface Fetching {
  readonly agent: SpdyAgent;
  /** Null where none can fire. */
  readonly signal: AbortSignal | null;
  readonly streamPriority: number | undefined;
}

const MAX_REDIRECTS = 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Responses with these have no body, whatever came. */
const NULL_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);
/** Fields that tell of a body. */
const BODY_FIELDS = [
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'content-length',
];
/** Fields that are only for the origin that they were meant for. */
const ORIGIN_FIELDS = ['authorization', 'proxy-authorization', 'cookie', 'host'];
/** Bytes of the body of a redirect that are read to keep its connection. */
const REDIRECT_BODY_LIMIT = 65536;

/**
 * The standard `fetch()` over SPDY, or HTTP/1.1 where the server speaks nothing else, with the global `Request`, `Response` and `Headers`.
 * Bodies stream both ways; those that come compressed (gzip, deflate, br) are decompressed, while `content-encoding` and `content-length`
 * stay as they came, as with Node's. Cookies are neither kept nor sent by itself.
 *
 * Rejects with InvalidArgumentError for an option or an agent that is none, with a TypeError whose `cause` is the error of the request, or with the reason of `signal`.
 */
export async function fetch(
  input: string | URL | Request,
  init: FetchInit = {},
): Promise<Response> {
  checkInit(init);
  const { agent: _, streamPriority, ...standard } = init;
  const agent = agentOf(init.agent);
  const given = init.signal instanceof AbortSignal ? init.signal : null;
  // A Request listens to its signal until it is collected: thousands do, where many requests share one.
  const followed = given === null ? {} : { signal: null };
  const request = new Request(
    input as string,
    {
      duplex: 'half',
      ...standard,
      ...followed,
    } as RequestInit,
  );
  const url = new URL(request.url);
  const { protocol } = url;
  const signal = given ?? inheritedSignal(request, input, init);
  if (protocol === 'data:' || protocol === 'blob:') return globalThis.fetch(request, { signal });
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw failed(new Error(`no way to fetch ${protocol}`));
  }
  if (request.integrity !== '') throw new TypeError('integrity is not supported');
  signal?.throwIfAborted();
  const body = await bodyOf(request, init.body);
  return follow(request, url, body, { agent, signal, streamPriority });
}

/** Sends the request, and again wherever it is redirected to. */
async function follow(
  request: Request,
  url: URL,
  given: FetchBody | null,
  fetching: Fetching,
): Promise<Response> {
  const headers = new Headers(request.headers);
  let { method } = request;
  let body = given;
  for (let redirects = 0; ; redirects++) {
    const response = await send(url, method, headers, body, fetching);
    const status = response.statusCode as number;
    const { location } = response.headers;
    if (!REDIRECTS.has(status) || location === undefined || request.redirect === 'manual') {
      return toResponse(response, url, method, redirects > 0, fetching.signal);
    }
    drop(response);
    if (request.redirect === 'error') throw failed(new Error(`unexpected redirect to ${location}`));
    if (redirects === MAX_REDIRECTS) throw failed(new Error('redirect count exceeded'));
    const next = redirectTarget(location, url);
    const toGet =
      status === 303
        ? method !== 'GET' && method !== 'HEAD'
        : (status === 301 || status === 302) && method === 'POST';
    if (toGet) {
      method = 'GET';
      body = null;
      for (const name of BODY_FIELDS) headers.delete(name);
    }
    if (next.origin !== url.origin) for (const name of ORIGIN_FIELDS) headers.delete(name);
    url.href = next.href;
  }
}

/** The signal of a Request, unless nothing that it was made of has one: to listen to it costs a tenth of a small fetch. */
function inheritedSignal(
  request: Request,
  input: string | URL | Request,
  init: FetchInit,
): AbortSignal | null {
  const plain = typeof input === 'string' || input instanceof URL;
  return plain && (init.signal === undefined || init.signal === null) ? null : request.signal;
}

function redirectTarget(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) throw failed(new Error(`redirect to ${location}`));
  const url = new URL(location, from);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw failed(new Error(`redirect to ${url.protocol} which is not HTTP`));
  }
  if (url.hash === '') url.hash = from.hash;
  return url;
}

/** Sends one request and waits for its response. */
function send(
  url: URL,
  method: string,
  headers: Headers,
  body: FetchBody | null,
  fetching: Fetching,
): Promise<IncomingMessage> {
  const { agent, signal, streamPriority } = fetching;
  return new Promise((resolve, reject) => {
    const opened = body === null || body.bytes !== null ? null : body.open();
    if (body !== null && body.bytes === null && opened === null) {
      reject(failed(new Error('the body cannot be sent again after a redirect')));
      return;
    }
    if (opened !== null && opened.type !== null && headers.has('content-type')) {
      if (headers.get('content-type')?.startsWith('multipart/form-data') === true) {
        // Each time it is made, a form has another boundary.
        headers.set('content-type', opened.type);
      }
    }
    let request: ClientRequest;
    try {
      const options = {
        method,
        headers: fieldsOf(method, headers, body),
        signal: signal ?? undefined,
        ...(streamPriority === undefined ? {} : { priority: streamPriority }),
      };
      request = toldAsUndici(() => agent.request(url, options));
    } catch (error) {
      reject(failed(error));
      return;
    }
    request.on('response', resolve);
    request.on('error', (error) => {
      reject(signal?.aborted === true ? signal.reason : failed(error));
    });
    if (opened === null) {
      request.end(body?.bytes ?? undefined);
      return;
    }
    // A body that is whole by then, as that of most Requests, has its length told.
    setImmediate(() => request.flushHeaders());
    const source = Readable.fromWeb(opened.stream as NodeReadableStream);
    // pipeline() would abort the request, which looks like one of `http`, without the error of the body.
    source.once('error', (error) => request.destroy(error));
    pipeline(source, request, () => {});
  });
}

/** The fields to send: those that are missing have the values that users of fetch expect. */
function fieldsOf(method: string, headers: Headers, body: FetchBody | null): Header[] {
  const fields: Header[] = [...headers].filter(([name]) => name !== 'content-length');
  const add = (name: string, value: string): void => {
    if (!headers.has(name)) fields.push([name, value]);
  };
  add('accept', '*/*');
  add('accept-language', '*');
  add('user-agent', 'spdylay');
  // A range is one of the coded bytes.
  add('accept-encoding', headers.has('range') ? 'identity' : ACCEPTED_ENCODINGS);
  const told = headers.get('content-length');
  const actual = body === null ? 0 : body.length;
  const length = contentLengthFor(method, told === null ? [] : [told], actual);
  if (length !== null) fields.push(['content-length', length]);
  return fields;
}

function toResponse(
  message: IncomingMessage,
  url: URL,
  method: string,
  redirected: boolean,
  signal: AbortSignal | null,
): Response {
  const status = message.statusCode as number;
  const headers = headersOf(message);
  const { statusMessage = '' } = message;
  const init = { status, statusText: statusMessage, headers };
  let body: ReadableStream | null = null;
  if (method === 'HEAD' || NULL_BODY.has(status)) {
    drop(message);
  } else {
    const reasonOf = (error: unknown): unknown =>
      signal?.aborted === true ? signal.reason : new TypeError('terminated', { cause: error });
    const decoded = decode(message);
    body = webBody(decoded ?? message, reasonOf);
  }
  try {
    return describe(new Response(body, init), withoutFragment(url.href), redirected);
  } catch (error) {
    message.destroy();
    throw failed(error);
  }
}

function withoutFragment(href: string): string {
  const hash = href.indexOf('#');
  return hash === -1 ? href : href.slice(0, hash);
}

function headersOf(message: IncomingMessage): Headers {
  const { rawHeaders } = message;
  const headers = new Headers();
  try {
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      headers.append(rawHeaders[i] as string, rawHeaders[i + 1] as string);
    }
  } catch (error) {
    // Names and values that only `http` puts up with.
    message.destroy();
    throw failed(error);
  }
  return headers;
}

function decode(message: IncomingMessage): Readable | null {
  try {
    return decompress(message, message.headers['content-encoding']);
  } catch (error) {
    message.destroy();
    throw failed(error);
  }
}

/** Tells what only a fetch can know: a Response that is made by hand has an empty URL. */
function describe(response: Response, url: string, redirected: boolean): Response {
  return Object.defineProperties(response, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: 'basic' },
    clone: {
      value: () => describe(Response.prototype.clone.call(response), url, redirected),
    },
  });
}

/** Nobody wants the body: a short one is read, a long one reset. */
function drop(message: IncomingMessage): void {
  let left = REDIRECT_BODY_LIMIT;
  message.on('error', () => {});
  message.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) message.destroy();
  });
}

function failed(cause: unknown): TypeError {
  return new TypeError('fetch failed', { cause });
}
