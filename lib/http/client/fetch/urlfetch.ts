import type tls from 'node:tls';
import { checkOptions, optionNames, unknownOption } from '../../../common/option-names.ts';
import { type ErrorCode, SpdyError } from '../../../errors.ts';
import type { HeaderList } from '../../../protocol/frames.ts';
import {
  connect,
  type Session,
  type SessionOptions,
  type SessionVersion,
} from '../../../session/public.ts';
import { toHeaderPairs } from '../../headers.ts';
import { requestToSpdy } from '../../message-head.ts';
import { planRequest, type RequestPlan } from '../request/options.ts';

/** Takes what comes for the URLs of `urlfetch()`; each method is told which URL it is about. */
export interface UrlFetchHandler {
  /** The reply came, or further headers. The names have a colon where SPDY/3 has one. */
  onHeader?(headers: HeaderList, url: string): void;
  /** A piece of the body came. */
  onData?(chunk: Buffer, url: string): void;
  /** The stream has ended: status 0, or that of its RST_STREAM. */
  onClose?(status: number, url: string): void;
}

const METHOD_NAMES = optionNames<UrlFetchHandler>({
  onHeader: true,
  onData: true,
  onClose: true,
});

/** Base of handlers with one instance per URL: override what is of interest. */
export class BaseSpdyStreamHandler implements UrlFetchHandler {
  /** The URL that this instance is for. */
  readonly url: string;
  /** Null until the request leaves. */
  streamId: number | null = null;

  /** `urlfetch()` makes one for each URL. */
  constructor(url: string) {
    this.url = url;
  }

  /** The reply came, or further headers. Does nothing here. */
  onHeader(_headers: HeaderList): void {}

  /** A piece of the body came. Does nothing here. */
  onData(_chunk: Buffer): void {}

  /** The stream has ended: status 0, or that of its RST_STREAM. Does nothing here. */
  onClose(_status: number): void {}
}

/** Options of `urlfetch()`. */
export interface UrlFetchOptions {
  /** TLS options, such as `ca`. */
  readonly tls?: tls.ConnectionOptions | undefined;
  /** The SPDY version that all servers speak: makes `http:` URLs possible. Default: ALPN. */
  readonly version?: SessionVersion | undefined;
  /** Options of each session. */
  readonly session?: SessionOptions | undefined;
  /** Further header fields of each request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ends connecting, and the streams that are open. */
  readonly signal?: AbortSignal | undefined;
}

const OPTION_NAMES = optionNames<UrlFetchOptions>({
  tls: true,
  version: true,
  session: true,
  headers: true,
  signal: true,
});

/** Why URLs could not be fetched; `cause` says more. */
export class UrlFetchError extends SpdyError {
  /** The URL, or the first one of those that share a connection. */
  readonly url: string;

  constructor(message: string, url: string, code: ErrorCode, options?: ErrorOptions) {
    super(code, `${message}: ${url}`, 'local', options);
    this.url = url;
  }
}

/** A URL to be fetched. */
interface Item {
  readonly url: string;
  readonly plan: RequestPlan;
  readonly handler: UrlFetchHandler;
}

/**
 * Gets URLs over SPDY, as Spdylay's `urlfetch`: consecutive ones of one origin share a session, one group after another. `handler` is an
 * object for all of them, or a class of which each URL gets an instance.
 *
 * Resolves when all streams have ended, however they did (`onClose` tells). Rejects with UrlFetchError when a URL is not one of https, a
 * server cannot be reached, speaks no SPDY, or its session fails; with InvalidArgumentError when a handler has a method `on...` that is
 * never called; with what a handler throws.
 */
export async function urlfetch(
  urls: string | URL | Iterable<string | URL>,
  handler: UrlFetchHandler | (new (url: string) => BaseSpdyStreamHandler),
  options: UrlFetchOptions = {},
): Promise<void> {
  checkOptions('urlfetch()', options, OPTION_NAMES);
  const list = typeof urls === 'string' || urls instanceof URL ? [urls] : [...urls];
  const items = list.map((given): Item => {
    const url = String(given);
    return { url, plan: plan(url, options), handler: handlerFor(url, handler) };
  });
  for (const group of groups(items)) await fetchGroup(group, options);
}

function handlerFor(
  url: string,
  handler: UrlFetchHandler | (new (url: string) => BaseSpdyStreamHandler),
): UrlFetchHandler {
  const made = typeof handler === 'function' ? new handler(url) : handler;
  for (const name in made) {
    if (/^on[A-Z]/.test(name) && !METHOD_NAMES.has(name))
      throw unknownOption('handler of urlfetch()', name, METHOD_NAMES, 'method');
  }
  return made;
}

function plan(url: string, options: UrlFetchOptions): RequestPlan {
  try {
    const planned = planRequest(url);
    if (planned.target.scheme === 'https' || options.version !== undefined) return planned;
  } catch (cause) {
    throw new UrlFetchError('unsupported URL', url, 'ERR_SPDY_INVALID_ARGUMENT', { cause });
  }
  throw new UrlFetchError('unsupported scheme', url, 'ERR_SPDY_INVALID_ARGUMENT');
}

/** Consecutive URLs with the same origin. */
function groups(items: readonly Item[]): Item[][] {
  const found: Item[][] = [];
  for (const item of items) {
    const last = found.at(-1);
    if (last?.[0]?.plan.target.origin === item.plan.target.origin) last.push(item);
    else found.push([item]);
  }
  return found;
}

async function fetchGroup(group: readonly Item[], options: UrlFetchOptions): Promise<void> {
  const { url } = group[0] as Item;
  const session = await open(group[0] as Item, options);
  let failure: Error | null = null;
  const failed = (error: Error): void => {
    failure ??= error;
  };
  session.on('error', failed);
  try {
    await Promise.all(group.map((item) => fetchOne(session, item, options, failed)));
    await session.close().catch(failed);
  } finally {
    session.destroy();
  }
  const cause = failure as Error | null;
  if (cause !== null) {
    const { code = 'ERR_SPDY_TRANSPORT_CLOSED' } = cause as Partial<SpdyError>;
    throw new UrlFetchError('the session failed', url, code, { cause });
  }
}

async function open({ url, plan }: Item, options: UrlFetchOptions): Promise<Session> {
  const { target } = plan;
  const { version, session, signal } = options;
  try {
    return await connect({
      host: target.hostname,
      port: target.port,
      tls: target.scheme === 'https' ? (options.tls ?? true) : false,
      ...(version === undefined ? {} : { version }),
      ...(session === undefined ? {} : { session }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    const { code } = cause as SpdyError;
    if (code === 'ERR_SPDY_NEGOTIATION') {
      throw new UrlFetchError('the server speaks no SPDY', url, code, { cause });
    }
    throw new UrlFetchError('could not connect', url, 'ERR_SPDY_TRANSPORT_CLOSED', { cause });
  }
}

/** Gets one URL. Rejects only with what its handler throws. */
function fetchOne(
  session: Session,
  item: Item,
  options: UrlFetchOptions,
  onCut: (error: Error) => void,
): Promise<void> {
  const { url, handler } = item;
  const { target, method, path } = item.plan;
  const headers = requestToSpdy(
    {
      method,
      scheme: target.scheme,
      host: target.host,
      path,
      headers: toHeaderPairs({ accept: '*/*', 'user-agent': 'spdylay', ...options.headers }),
    },
    session.version,
  );
  return new Promise((resolve, reject) => {
    const { signal } = options;
    const stream = session.request(headers, {
      endStream: true,
      priority: 0,
      ...(signal === undefined ? {} : { signal }),
    });
    const call = (hook: () => void): void => {
      try {
        hook();
      } catch (error) {
        reject(error as Error);
        stream.destroy();
      }
    };
    // `onClose` tells how it ended, unless it was the connection that did.
    stream.on('error', (error) => {
      if ((error as SpdyError).code === 'ERR_SPDY_TRANSPORT_CLOSED') onCut(error);
    });
    stream.on('ready', (id) => {
      if (handler instanceof BaseSpdyStreamHandler) handler.streamId = id;
    });
    for (const event of ['response', 'headers', 'trailers'] as const) {
      stream.on(event, (received) => call(() => handler.onHeader?.(received, url)));
    }
    stream.on('data', (chunk: Buffer) => call(() => handler.onData?.(chunk, url)));
    stream.on('close', () => {
      call(() => handler.onClose?.(stream.rstStatus, url));
      resolve();
    });
  });
}
