import type tls from 'node:tls';
import { shown } from '../../common/check.ts';
import { optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import type { HeaderInput } from '../headers.ts';
import { requestToSpdy } from '../message-head.ts';
import { checkRequestNames } from './request-names.ts';

/** What a request goes to. */
export interface Target {
  /** Scheme of the URL. */
  readonly scheme: 'http' | 'https';
  /** Name or address, that of IPv6 without brackets. */
  readonly hostname: string;
  /** From 1 to 65535. */
  readonly port: number;
  /** As in the Host field: with the port, unless that is the default one of the scheme. */
  readonly host: string;
  /** `https://example.com:8443`. */
  readonly origin: string;
}

/** Options of a request, in the words of `http.request()`, and what SPDY adds. */
export interface RequestOptions {
  /** `'https:'` (the default) or `'http:'`. */
  readonly protocol?: string | null;
  /** Name or address of the server; stands before `host`. Default `'localhost'`. */
  readonly hostname?: string | null;
  /** The same, perhaps with a port. */
  readonly host?: string | null;
  /** Default 443 or 80. */
  readonly port?: number | string | null;
  /** Path and query, default `'/'`; `host:port` with the method CONNECT. */
  readonly path?: string | null;
  /** Default `'GET'`. */
  readonly method?: string | null;
  /** Header fields: an object as for `http`, pairs, or names and values in turn. */
  readonly headers?: HeaderInput | readonly string[] | null;
  /** `user:password` for an `authorization` field of the scheme Basic. */
  readonly auth?: string | null;
  /** Destroys the request with an AbortError. */
  readonly signal?: AbortSignal;
  /** Milliseconds without any activity after which 'timeout' is emitted. */
  readonly timeout?: number;
  /** Priority of the stream: 0 is the most urgent. Default: the least urgent one. */
  readonly priority?: number;
  /** TLS options on top of those of the agent; other ones mean another session. They may stand beside the others as well (`ca`...). */
  readonly tls?: tls.ConnectionOptions;
}

const OPTION_NAMES = optionNames<RequestOptions>({
  protocol: true,
  hostname: true,
  host: true,
  port: true,
  path: true,
  method: true,
  headers: true,
  auth: true,
  signal: true,
  timeout: true,
  priority: true,
  tls: true,
});

/** A request whose options were checked. */
export interface RequestPlan {
  readonly target: Target;
  readonly method: string;
  readonly path: string;
  readonly options: RequestOptions;
}

/**
 * Reads the arguments of `request()`.
 *
 * @throws InvalidArgumentError for a URL, protocol, method, host or path that no request can have
 */
export function planRequest(
  input: string | URL | RequestOptions,
  further: RequestOptions = {},
): RequestPlan {
  const fromUrl =
    typeof input === 'string' || input instanceof URL ? optionsOfUrl(parseUrl(input)) : input;
  const given: RequestOptions = { ...fromUrl, ...further };
  const tls = checkRequestNames(given, OPTION_NAMES);
  const options = tls === null ? given : { ...given, tls: { ...tls, ...given.tls } };
  // As with `http`, what is empty has its default.
  const method = (options.method || 'GET').toUpperCase();
  const target = targetOf(options);
  const path = options.path || (method === 'CONNECT' ? target.host : '/');
  // Tells at once what could not be sent later.
  checkHead(target, method, path);
  return { target, method, path, options };
}

/** @throws InvalidArgumentError for a method or path that no request can have */
export function checkHead(target: Target, method: string, path: string): void {
  requestToSpdy({ method, scheme: target.scheme, host: target.host, path, headers: [] });
}

/**
 * What a URL is addressed to.
 *
 * @throws InvalidArgumentError unless it is one of http or https
 */
export function targetOfUrl(url: string | URL): Target {
  return targetOf(optionsOfUrl(parseUrl(url)));
}

/** Names a host and a port as the Host field does. */
export function hostAndPort(hostname: string, port: number): string {
  return `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
}

function parseUrl(input: string | URL): URL {
  if (input instanceof URL) return input;
  if (!URL.canParse(input)) throw new InvalidArgumentError(`not a URL: ${JSON.stringify(input)}`);
  return new URL(input);
}

function optionsOfUrl(url: URL): RequestOptions {
  const { protocol, hostname, port, pathname, search, username, password } = url;
  const auth =
    username === '' && password === ''
      ? {}
      : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` };
  return { protocol, hostname, port, path: `${pathname}${search}`, ...auth };
}

function targetOf(options: RequestOptions): Target {
  const protocol = options.protocol ?? 'https:';
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new InvalidArgumentError(`protocol must be http: or https:, got ${shown(protocol)}`);
  }
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const standard = scheme === 'https' ? 443 : 80;
  let hostname = options.hostname ?? options.host ?? 'localhost';
  let ownPort = '';
  if (!options.hostname) {
    const split = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(hostname);
    if (split !== null) [, hostname = '', ownPort = ''] = split;
  }
  hostname = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const given = options.port ?? '';
  const port = Number(given === '' ? ownPort || standard : given);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new InvalidArgumentError(`port must be from 1 to 65535, got ${shown(given)}`);
  }
  const full = hostAndPort(hostname, port);
  const host = port === standard ? full.slice(0, full.lastIndexOf(':')) : full;
  return { scheme, hostname, port, host, origin: `${scheme}://${host}` };
}
