import type http from 'node:http';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { checkBoolean, checkRange, checkTime, shown } from '../../common/check.ts';
import { checkOptions, givenOptions, optionNames } from '../../common/option-names.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { SERVER } from '../../protocol/constants.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';
import {
  checkSessionOptions,
  getNpnProtocols,
  inSession,
  isTlsOption,
  resolveVersion,
  resolveVersions,
  type SessionOptions,
  type SessionVersion,
  sessionMemory,
} from '../../session/public.ts';
import type { ProxyProtocolOptions } from './connection/proxy-protocol.ts';
import type { ExchangeOptions } from './exchange/exchange.ts';

/** Takes connections that negotiated `h2`: an `http2` server, or a function. */
export type H2Handler = net.Server | ((socket: tls.TLSSocket) => void);

/** Options of a SPDY server: those of `tls.createServer()` such as `key` and `cert`, and these. Times are milliseconds; 0 is no limit. */
export interface SpdyServerOptions extends tls.TlsOptions {
  /** False: plain TCP, on which `version` is spoken. Default true. */
  readonly tls?: boolean | undefined;
  /** Without TLS: the version that clients know beforehand. Default `'spdy/3.1'`. */
  readonly version?: SessionVersion | undefined;
  /**
   * Without TLS: finds out by the first bytes what a client speaks: SPDY/2, SPDY/3(.1), HTTP/1.1 and, with `h2`, HTTP/2. `version` tells SPDY/3
   * from SPDY/3.1, which begin alike. With `proxyProtocol` only where the header does not tell. Default false.
   */
  readonly sniff?: boolean | undefined;
  /** The SPDY versions to offer by ALPN, best first. Default `spdy/3.1, spdy/3, spdy/2`. */
  readonly versions?: readonly SessionVersion[] | undefined;
  /** What to speak with TLS clients that negotiate nothing. Default: HTTP/1.1. */
  readonly defaultVersion?: SessionVersion | undefined;
  /** Whether HTTP/1.1 is spoken too, with the same handler. Default true with TLS, with `proxyProtocol` and with `sniff`. */
  readonly allowHttp1?: boolean | undefined;
  /** The same, as `http2` calls it. */
  readonly allowHTTP1?: boolean | undefined;
  /** Options of the `http.Server` for that. Those that concern HTTP/1.1 alone, as `keepAliveTimeout`, may stand outside of it too. */
  readonly http1?: http.ServerOptions | undefined;
  /** Offers `h2` (behind SPDY) and takes its connections. Default none. */
  readonly h2?: H2Handler | undefined;
  /**
   * Connections begin with a PROXY protocol header, version 1 or 2, which names the client, and in version 2 the protocol. With TLS, which
   * needs a certificate, the header comes before the handshake, and only its addresses count. Default none.
   */
  readonly proxyProtocol?: ProxyProtocolOptions | undefined;
  /** Options of every session. Default: a `sessionWindowSize` of 1 MiB, so that uploads nobody reads yet do not stop the others. */
  readonly session?: SessionOptions | undefined;
  /** MiB, as in `http2`: stands for `session.maxSessionHeaderMemory` and `session.maxUnconsumedBytes`. */
  readonly maxSessionMemory?: number | undefined;
  /** Most bytes of a request's header names and values (up to 4 MiB); above it the answer is 431. Default 16384. */
  readonly maxHeaderSize?: number | undefined;
  /** Most header fields of a request; above it the answer is 431. Default 128. */
  readonly maxHeaderCount?: number | undefined;
  /** Most pushes of a connection that wait because the client allows no more streams; one beyond ends with an error. Default 100. */
  readonly maxWaitingPushes?: number | undefined;
  /** For the TLS handshake and the PROXY header. Default 30000. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** From the beginning of a session to its first request; with HTTP/1.1 the `headersTimeout` of `http.Server`. Default 60000. */
  readonly headersTimeoutMs?: number | undefined;
  /** From the head of a request to its end: 408, or a reset when it was answered. Default 300000. */
  readonly requestTimeoutMs?: number | undefined;
  /** After which a session without requests and traffic is closed with GOAWAY. Default 180000. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long `close()` waits for requests. Default 30000. */
  readonly closeTimeoutMs?: number | undefined;
}

const OPTION_NAMES = optionNames<Omit<SpdyServerOptions, keyof tls.TlsOptions>>({
  tls: true,
  version: true,
  sniff: true,
  versions: true,
  defaultVersion: true,
  allowHttp1: true,
  allowHTTP1: true,
  http1: true,
  h2: true,
  proxyProtocol: true,
  session: true,
  maxSessionMemory: true,
  maxHeaderSize: true,
  maxHeaderCount: true,
  maxWaitingPushes: true,
  handshakeTimeoutMs: true,
  headersTimeoutMs: true,
  requestTimeoutMs: true,
  idleTimeoutMs: true,
  closeTimeoutMs: true,
});

/** What `net.createServer()` takes. */
const LISTENER_NAMES: ReadonlySet<string> = new Set([
  'allowHalfOpen',
  'blockList',
  'highWaterMark',
  'keepAlive',
  'keepAliveInitialDelay',
  'noDelay',
  'pauseOnConnect',
]);

/** How `server.handle()` serves a connection whose protocol is known. */
export interface HandleOptions {
  /** Whether the client speaks TLS, if only to a terminator in front. Default: whether the socket does. */
  readonly secure?: boolean | undefined;
}

const HANDLE_NAMES = optionNames<HandleOptions>({ secure: true });

/** What `http.createServer()` takes and what has no meaning but in HTTP/1.1. */
const HTTP1_NAMES: ReadonlySet<string> = new Set([
  'connectionsCheckingInterval',
  'insecureHTTPParser',
  'joinDuplicateHeaders',
  'keepAliveTimeout',
  'keepAliveTimeoutBuffer',
  'rejectNonStandardBodyWrites',
  'requireHostHeader',
  'shouldUpgradeCallback',
  'uniqueHeaders',
]);

/** The options of a server with every default filled in. */
export interface ResolvedServerOptions extends ExchangeOptions {
  /** Whether it speaks TLS itself. */
  readonly secure: boolean;
  /** What is spoken without TLS. */
  readonly version: ProtocolVersion;
  /** Whether the first bytes tell what is spoken without TLS. */
  readonly sniff: boolean;
  /** What may be negotiated, best first. */
  readonly versions: readonly ProtocolVersion[];
  /** What is spoken when nothing was negotiated; null for HTTP/1.1. */
  readonly defaultVersion: ProtocolVersion | null;
  /** Whether HTTP/1.1 is spoken. */
  readonly allowHttp1: boolean;
  /** Options of the `http.Server` for that. */
  readonly http1: http.ServerOptions;
  /** Who takes connections that negotiated `h2`. */
  readonly h2: H2Handler | null;
  /** Who may send a PROXY header; null when none is expected. */
  readonly proxyProtocol: ProxyProtocolOptions | null;
  /** Options of every session. */
  readonly session: SessionOptions;
  /** Most pushes of a connection that wait. */
  readonly maxWaitingPushes: number;
  /** For the TLS handshake and the PROXY header; 0 for no limit. */
  readonly handshakeTimeoutMs: number;
  /** From the beginning of a session to its first request; 0 for no limit. */
  readonly headersTimeoutMs: number;
  /** How long `close()` waits for requests; 0 for no limit. */
  readonly closeTimeoutMs: number;
  /** ALPN protocols, best first. */
  readonly protocols: readonly string[];
}

/** Room for the windows of 16 requests that are not read (SPDY/3.1). */
const SESSION_WINDOW = 1 << 20;

/**
 * Checks the options of a server and fills in the defaults.
 *
 * @throws InvalidArgumentError for a value that is out of range
 */
export function resolveServerOptions(options: SpdyServerOptions): ResolvedServerOptions {
  checkOptions('createServer()', options, OPTION_NAMES, isForeignOption, inSession);
  const secure = options.tls !== false;
  const proxyProtocol = options.proxyProtocol ?? null;
  if (secure && proxyProtocol !== null && !hasCertificate(options)) {
    throw new InvalidArgumentError('proxyProtocol needs a certificate, or tls: false');
  }
  const sniff = options.sniff ?? false;
  if (sniff && secure) throw new InvalidArgumentError('sniff needs tls: false');
  const versions = resolveVersions(options.versions ?? (getNpnProtocols() as SessionVersion[]));
  const allowHttp1 = http1Of(options) ?? (secure || sniff || proxyProtocol !== null);
  const h2 = options.h2 ?? null;
  const closeTimeoutMs = time(options, 'closeTimeoutMs', 30_000);
  const maxHeaderSize = integer('maxHeaderSize', options.maxHeaderSize ?? 16384, 1 << 22);
  // The session must let pass what is to be answered 431.
  const sessionLimit = Math.max(65536, 2 * maxHeaderSize);
  const maxHeaderCount = integer('maxHeaderCount', options.maxHeaderCount ?? 128, 500_000);
  const idleTimeoutMs = time(options, 'idleTimeoutMs', 180_000);
  return {
    secure,
    sniff,
    version: resolveVersion(options.version ?? 'spdy/3.1'),
    versions,
    defaultVersion:
      options.defaultVersion === undefined ? null : resolveVersion(options.defaultVersion),
    allowHttp1,
    http1: { ...http1Part(options), ...givenOptions(options.http1) },
    h2,
    proxyProtocol,
    session: checkSessionOptions(SERVER, options.session, {
      idleTimeoutMs,
      closeTimeoutMs,
      idleIgnoresPing: true,
      sessionWindowSize: SESSION_WINDOW,
      maxControlFrameSize: sessionLimit,
      maxHeaderListSize: sessionLimit,
      maxHeaderCount: Math.max(256, 2 * maxHeaderCount),
      ...sessionMemory(options.maxSessionMemory),
    }),
    maxHeaderSize,
    maxHeaderCount,
    maxWaitingPushes: integer('maxWaitingPushes', options.maxWaitingPushes ?? 100),
    requestTimeoutMs: time(options, 'requestTimeoutMs', 300_000),
    handshakeTimeoutMs: time(options, 'handshakeTimeoutMs', 30_000),
    headersTimeoutMs: time(options, 'headersTimeoutMs', 60_000),
    closeTimeoutMs,
    protocols: [
      ...versions.map(({ name }) => name),
      ...(h2 === null ? [] : ['h2']),
      ...(allowHttp1 ? ['http/1.1'] : []),
    ],
  };
}

/**
 * Checks what `server.handle()` is given. Returns whether the client speaks TLS.
 *
 * @throws InvalidArgumentError for what is no stream, and for an option that does not exist
 */
export function checkHandled(socket: Duplex, options: HandleOptions): boolean {
  if (typeof socket?.pipe !== 'function' || typeof socket.write !== 'function')
    throw new InvalidArgumentError(`handle() needs a Duplex, got ${shown(socket)}`);
  checkOptions('handle()', options, HANDLE_NAMES);
  return options.secure ?? (socket as Partial<tls.TLSSocket>).encrypted === true;
}

/** Whether HTTP/1.1 is spoken, by either name of the option; null if neither is given. */
/** Whether TLS can be spoken. */
function hasCertificate({ cert, pfx, SNICallback }: SpdyServerOptions): boolean {
  return cert !== undefined || pfx !== undefined || SNICallback !== undefined;
}

function http1Of({ allowHttp1, allowHTTP1 }: SpdyServerOptions): boolean | null {
  if (allowHttp1 !== undefined && allowHTTP1 !== undefined && allowHttp1 !== allowHTTP1)
    throw new InvalidArgumentError('allowHttp1 and allowHTTP1 contradict each other');
  const given = allowHttp1 ?? allowHTTP1;
  return given === undefined ? null : checkBoolean('allowHttp1', given);
}

function time(options: SpdyServerOptions, name: keyof SpdyServerOptions, fallback: number): number {
  return checkTime(name, options[name] ?? fallback);
}

function integer(name: string, value: number, max: number = Number.MAX_SAFE_INTEGER): number {
  return checkRange(name, value, 0, max);
}

/** Options of TLS, of TCP and of HTTP/1.1. */
function isForeignOption(name: string): boolean {
  return LISTENER_NAMES.has(name) || HTTP1_NAMES.has(name) || isTlsOption(name);
}

function http1Part(options: SpdyServerOptions): http.ServerOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => HTTP1_NAMES.has(name)));
}
