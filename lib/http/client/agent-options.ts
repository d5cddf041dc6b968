import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { checkBoolean, checkRange, checkTime, shown } from '../../common/check.ts';
import { checkOptions, givenOptions, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { CLIENT } from '../../protocol/constants.ts';
import {
  checkProtocols,
  checkSessionOptions,
  checkTlsNames,
  inSession,
  isTlsOption,
  resolveVersion,
  type SessionOptions,
  type SessionVersion,
  sessionMemory,
  tlsPart,
} from '../../session/public.ts';
import type { HeaderInput } from '../headers.ts';
import type { Target } from './connection/target.ts';
import { HarRecorder } from './har/har-recorder.ts';
import type { PushedRequest } from './request/push.ts';
import type { ClientResponse } from './request/response.ts';

/** A proxy that is asked with CONNECT. */
export interface ProxyOptions {
  /** `http://proxy:3128`, or `https://` for TLS to the proxy. Name and password in it are used for `authorization`. */
  readonly url: string | URL;
  /** Value of `proxy-authorization`. */
  readonly authorization?: string | undefined;
  /** Further fields of the CONNECT request. */
  readonly headers?: HeaderInput | undefined;
  /** Plain TCP: the SPDY version that the proxy speaks. Default: HTTP/1.1. */
  readonly version?: SessionVersion | undefined;
  /** TLS options for the proxy. */
  readonly tls?: tls.ConnectionOptions | undefined;
}

/** Options of TCP sockets and connections which are none of an agent, or are its own. */
type AgentOwn =
  | keyof net.TcpSocketConnectOpts
  | 'host'
  | 'path'
  | 'port'
  | 'session'
  | 'socket'
  | 'timeout'
  | 'ALPNProtocols';

/**
 * Options of a SpdyAgent. Times are milliseconds; 0 switches a timer off. Options of TLS (`ca`, `cert`, `minVersion`...) may stand here as
 * well as in `tls`, where they win.
 */
export interface SpdyAgentOptions extends Omit<tls.ConnectionOptions, AgentOwn> {
  /** TLS options for `https:`, such as `ca`, `cert`, `key`. */
  readonly tls?: tls.ConnectionOptions | undefined;
  /** `http:`: the SPDY version that servers are known to speak; without it, HTTP/1.1. */
  readonly version?: SessionVersion | undefined;
  /** ALPN protocols to offer. Default `spdy/3.1, spdy/3, spdy/2, http/1.1`. */
  readonly protocols?: readonly string[] | undefined;
  /** The version to speak with TLS servers that negotiate nothing. Default: HTTP/1.1. */
  readonly defaultVersion?: SessionVersion | undefined;
  /** Options of each session. Default: a `sessionWindowSize` of 16 MiB, so that bodies nobody reads yet do not stop the others. */
  readonly session?: SessionOptions | undefined;
  /** MiB, as in `http2`: stands for `session.maxSessionHeaderMemory` and `session.maxUnconsumedBytes`. */
  readonly maxSessionMemory?: number | undefined;
  /** False: connections are closed as soon as nothing uses them. Default true. */
  readonly keepAlive?: boolean | undefined;
  /** How long an unused connection is kept. It does not keep the process alive. Default 30000. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long connecting may take, with the proxy and the TLS handshake. Default 30000. */
  readonly connectTimeoutMs?: number | undefined;
  /** HTTP/1.1: most connections to an origin. Default: no limit, as with `http`. */
  readonly maxSockets?: number | undefined;
  /** TLS sessions that are kept to be resumed by later connections: one for each server and its options of TLS. 0: none. Default 100, as in `https`. */
  readonly maxCachedSessions?: number | undefined;
  /** How often a request is tried again that the server surely did not process. Default 3. */
  readonly maxRetries?: number | undefined;
  /** Bytes of a request body that are kept for that. Default 1048576. */
  readonly maxReplayBytes?: number | undefined;
  /** Takes replies without `:version`. Default false. */
  readonly tolerateMissingVersion?: boolean | undefined;
  /** Makes an error of a response body that differs from its `content-length`. Default false: the field is only advice. */
  readonly strictContentLength?: boolean | undefined;
  /** Takes pushes for requests that do not listen for 'push' themselves. Default: they are refused. */
  readonly onPush?: ((request: PushedRequest, response: ClientResponse) => void) | undefined;
  /** Records all requests. Default: none are recorded. */
  readonly har?: HarRecorder | null | undefined;
  /** Proxy for all connections. */
  readonly proxy?: string | URL | ProxyOptions | null | undefined;
  /** Makes the TCP connection to the server, or to the proxy if there is one, or whatever stands for it below TLS. */
  readonly createConnection?: ((target: Target) => Duplex | Promise<Duplex>) | undefined;
}

const OPTION_NAMES = optionNames<
  Omit<SpdyAgentOptions, keyof Omit<tls.ConnectionOptions, AgentOwn>>
>({
  tls: true,
  version: true,
  protocols: true,
  defaultVersion: true,
  session: true,
  maxSessionMemory: true,
  keepAlive: true,
  idleTimeoutMs: true,
  connectTimeoutMs: true,
  maxSockets: true,
  maxCachedSessions: true,
  maxRetries: true,
  maxReplayBytes: true,
  tolerateMissingVersion: true,
  strictContentLength: true,
  onPush: true,
  har: true,
  proxy: true,
  createConnection: true,
});

const PROXY_NAMES = optionNames<ProxyOptions>({
  url: true,
  authorization: true,
  headers: true,
  version: true,
  tls: true,
});

/** The options of an agent with every default filled in. */
export interface ResolvedAgentOptions {
  readonly tls: tls.ConnectionOptions;
  readonly version: SessionVersion | null;
  readonly protocols: readonly string[] | null;
  readonly defaultVersion: SessionVersion | null;
  readonly session: SessionOptions;
  readonly keepAlive: boolean;
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxSockets: number;
  readonly maxCachedSessions: number;
  readonly maxRetries: number;
  readonly maxReplayBytes: number;
  readonly tolerateMissingVersion: boolean;
  readonly strictContentLength: boolean;
  readonly har: HarRecorder | null;
  readonly proxy: ProxyOptions | null;
  readonly createConnection: ((target: Target) => Duplex | Promise<Duplex>) | null;
}

/** Room for the windows of 256 responses that are not read (SPDY/3.1). */
const SESSION_WINDOW = 1 << 24;

/**
 * Checks the options of an agent and fills in their defaults.
 *
 * @throws InvalidArgumentError for a value that is out of range
 */
export function resolveAgentOptions(options: SpdyAgentOptions): ResolvedAgentOptions {
  checkOptions('new SpdyAgent()', options, OPTION_NAMES, isTlsOption, inSession);
  checkTlsNames(options.tls ?? {});
  const { proxy = null, session, ...rest } = options;
  if (typeof proxy === 'object' && proxy !== null && !(proxy instanceof URL)) {
    checkOptions('proxy', proxy, PROXY_NAMES);
    checkTlsNames(proxy.tls ?? {});
  }
  return {
    tls: { ...tlsPart(rest), ...givenOptions(options.tls) },
    version: options.version === undefined ? null : resolveVersion(options.version).id,
    protocols: options.protocols === undefined ? null : checkProtocols(options.protocols),
    defaultVersion:
      options.defaultVersion === undefined ? null : resolveVersion(options.defaultVersion).id,
    session: checkSessionOptions(CLIENT, session, {
      sessionWindowSize: SESSION_WINDOW,
      ...sessionMemory(options.maxSessionMemory),
    }),
    keepAlive: checkBoolean('keepAlive', options.keepAlive ?? true),
    idleTimeoutMs: checkTime('idleTimeoutMs', options.idleTimeoutMs ?? 30_000),
    connectTimeoutMs: checkTime('connectTimeoutMs', options.connectTimeoutMs ?? 30_000),
    maxSockets: integer('maxSockets', options.maxSockets ?? 0x7fffffff),
    maxCachedSessions: integer('maxCachedSessions', options.maxCachedSessions ?? 100),
    maxRetries: integer('maxRetries', options.maxRetries ?? 3),
    maxReplayBytes: integer('maxReplayBytes', options.maxReplayBytes ?? 1 << 20),
    tolerateMissingVersion: checkBoolean(
      'tolerateMissingVersion',
      options.tolerateMissingVersion ?? false,
    ),
    strictContentLength: checkBoolean('strictContentLength', options.strictContentLength ?? false),
    har: checkHar(options.har ?? null),
    proxy: typeof proxy === 'string' || proxy instanceof URL ? { url: proxy } : proxy,
    createConnection: options.createConnection ?? null,
  };
}

function checkHar(value: unknown): HarRecorder | null {
  if (value === null || value instanceof HarRecorder) return value;
  throw new InvalidArgumentError(`har must be a HarRecorder, got ${shown(value)}`);
}

function integer(name: string, value: number): number {
  return checkRange(name, value, 0, 0x7fffffff);
}
