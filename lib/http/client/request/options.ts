import type tls from 'node:tls';
import { abortSignal } from '../../../common/abort.ts';
import { checkRange, shown } from '../../../common/check.ts';
import { givenOptions, optionNames } from '../../../common/option-names.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import { checkTlsNames } from '../../../session/public.ts';
import type { HeaderInput } from '../../headers.ts';
import { checkRequestLine } from '../../message-head.ts';
import { LEAST_URGENT } from '../connection/link.ts';
import { checkConnection, type RequestConnection } from '../connection/request-connection.ts';
import { locationOf, type Target, targetOf, urlOf } from '../connection/target.ts';
import { checkRequestNames } from './request-names.ts';

/** Options of a request, in the words of `http.request()`, and what SPDY adds. */
export interface RequestOptions extends RequestConnection {
  /** `'https:'` (the default) or `'http:'`. */
  readonly protocol?: string | null | undefined;
  /** Name or address of the server; stands before `host`. Default `'localhost'`. */
  readonly hostname?: string | null | undefined;
  /** The same, perhaps with a port. */
  readonly host?: string | null | undefined;
  /** Default 443 or 80. */
  readonly port?: number | string | null | undefined;
  /** Path and query, default `'/'`; `host:port` with the method CONNECT. */
  readonly path?: string | null | undefined;
  /** Default `'GET'`. */
  readonly method?: string | null | undefined;
  /** Header fields: an object as for `http`, pairs, or names and values in turn. */
  readonly headers?: HeaderInput | readonly string[] | null | undefined;
  /** `user:password` for an `authorization` field of the scheme Basic. */
  readonly auth?: string | null | undefined;
  /** Destroys the request with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without any activity after which 'timeout' is emitted. */
  readonly timeout?: number | undefined;
  /** Priority of the stream from 0, the most urgent, to 7; with SPDY/2 all from 3 on are the same. Default: the least urgent one. */
  readonly priority?: number | undefined;
  /** TLS options on top of those of the agent; other ones mean another session. They may stand beside the others as well (`ca`...). */
  readonly tls?: tls.ConnectionOptions | undefined;
}

const NO_OPTIONS: RequestOptions = {};

const OPTION_NAMES = optionNames<Omit<RequestOptions, keyof RequestConnection>>({
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
  readonly headers: RequestOptions['headers'] | undefined;
  readonly auth: RequestOptions['auth'] | undefined;
  readonly signal: AbortSignal | undefined;
  readonly timeout: number | undefined;
  readonly priority: number | undefined;
  /** TLS options on top of those of the agent. */
  readonly tls: tls.ConnectionOptions | undefined;
  /** How to connect, null for the way of the agent. */
  readonly connection: RequestConnection | null;
}

/**
 * Reads the arguments of `request()`.
 *
 * @throws InvalidArgumentError for a URL, protocol, method, host, path, priority or signal that no request can have
 */
export function planRequest(
  input: string | URL | RequestOptions,
  further?: RequestOptions,
): RequestPlan {
  const url = typeof input === 'string' || input instanceof URL ? input : null;
  const options = url === null ? merged(input as RequestOptions, further) : (further ?? NO_OPTIONS);
  const beside = checkRequestNames(options, OPTION_NAMES);
  if (options.tls !== undefined) checkTlsNames(options.tls);
  const connection = beside === null ? null : beside.connection;
  if (connection !== null) checkConnection(connection);
  checkTexts(options);
  // What is given beside a URL stands before what the URL says.
  const location = url === null ? null : locationOf(url);
  const target =
    location !== null && !hasAddress(options) ? location.target : targetFor(url, options);
  // As with `http`, what is empty has its default.
  const method = upperCase(options.method || 'GET');
  const given = location !== null && options.path === undefined ? location.path : options.path;
  const path = given || (method === 'CONNECT' ? target.host : '/');
  const { priority } = options;
  // Tells at once what could not be sent later.
  checkHead(target, method, path);
  return {
    target,
    method,
    path,
    headers: options.headers,
    auth: location !== null && options.auth === undefined ? location.auth : options.auth,
    signal: abortSignal(options.signal) ?? undefined,
    timeout: options.timeout,
    priority:
      priority === undefined ? undefined : checkRange('priority', priority, 0, LEAST_URGENT),
    tls: tlsOf(beside === null ? null : beside.tls, options.tls),
    connection,
  };
}

/** @throws InvalidArgumentError for a method or path that no request can have */
export function checkHead(target: Target, method: string, path: string): void {
  checkRequestLine(method, target.host, path);
}

function merged(input: RequestOptions, further: RequestOptions | undefined): RequestOptions {
  return further === undefined ? input : { ...input, ...givenOptions(further) };
}

/** The TLS options of a request: those that stand beside the others, and those in `tls`, which come before them. */
function tlsOf(
  beside: tls.ConnectionOptions | null,
  given: tls.ConnectionOptions | undefined,
): tls.ConnectionOptions | undefined {
  if (given === undefined) return beside ?? undefined;
  return { ...beside, ...givenOptions(given) };
}

/** As `toUpperCase()`, which leaves JavaScript for it. */
function upperCase(method: string): string {
  return method === 'GET' || method === 'POST' ? method : method.toUpperCase();
}

/** What is text or not set at all. One by one: a loop would look names up that V8 does not know beforehand. */
function checkTexts(options: RequestOptions): void {
  checkText('method', options.method);
  checkText('path', options.path);
  checkText('hostname', options.hostname);
  checkText('host', options.host);
  checkText('protocol', options.protocol);
  checkText('auth', options.auth);
}

function checkText(name: string, value: unknown): void {
  if (value !== undefined && value !== null && typeof value !== 'string')
    throw new InvalidArgumentError(`${name} must be a string, got ${shown(value)}`);
}

/** Whether options say what a request goes to. */
function hasAddress(options: RequestOptions): boolean {
  const { hostname, host, port, protocol } = options;
  return (
    hostname !== undefined || host !== undefined || port !== undefined || protocol !== undefined
  );
}

/** The target of a URL with what options say in its place. */
function targetFor(url: string | URL | null, options: RequestOptions): Target {
  if (url === null) return targetOf(options);
  const { protocol, hostname, port } = urlOf(url);
  return targetOf({ protocol, hostname, port, ...givenOptions(options) });
}
