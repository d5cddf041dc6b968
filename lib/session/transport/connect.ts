import net from 'node:net';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import { abortSignal } from '../../common/abort.ts';
import { Deadline } from '../../common/deadline.ts';
import { lateTls } from '../../common/late-modules.ts';
import { explainTls } from '../../common/network/tls-error.ts';
import { checkOptions, givenOptions, optionNames } from '../../common/option-names.ts';
import { SpdyError } from '../../errors.ts';
import { CLIENT } from '../../protocol/constants.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';
import { Session } from '../session.ts';
import type { SessionOptions } from '../session-options.ts';
import { inSession, sessionMemory } from './http2-names.ts';
import {
  checkProtocols,
  getNpnProtocols,
  npnGetVersion,
  resolveVersion,
  type SessionVersion,
} from './negotiate.ts';
import { checkTlsNames, isTcpOption, isTlsOption, tcpPart, tlsPart } from './tls-names.ts';

/** Options of TCP that types of Node have at one place or another. */
interface TcpSwitches {
  /** As that of `net.connect()`: sessions send at once in any case. */
  readonly noDelay?: boolean | undefined;
  /** TCP keep-alive, as that of `net.connect()`. Default false. */
  readonly keepAlive?: boolean | undefined;
}

/** Options of TLS and of TCP that mean the same here. */
type ConnectionPart = Omit<
  tls.ConnectionOptions,
  'host' | 'port' | 'socket' | 'session' | 'timeout' | 'ALPNProtocols' | 'lookup'
> &
  Pick<net.TcpSocketConnectOpts, 'family' | 'hints' | 'localAddress' | 'localPort' | 'lookup'> &
  TcpSwitches;

/**
 * Where and how `connect()` connects. Options of TLS (`ca`, `servername`...) may stand here as well as in `tls`, where they win; `lookup`,
 * `family`, `localAddress` and others of `net.connect()` go to the socket.
 */
export interface ConnectOptions extends ConnectionPart {
  /** Name or address of the server. Default `'localhost'`. */
  readonly host?: string | undefined;
  /** The same, as `http` calls it; stands before `host`. */
  readonly hostname?: string | undefined;
  /** Default 443 with TLS, else 80. */
  readonly port?: number | undefined;
  /** True or options: TLS with ALPN. False: plain TCP. Default true. */
  readonly tls?: boolean | tls.ConnectionOptions | undefined;
  /** A connection to use instead of a new one. With TLS, the handshake runs over it. */
  readonly socket?: Duplex | undefined;
  /** Plain TCP: the version that both sides know beforehand, default `'spdy/3.1'`. TLS: the only one to offer. */
  readonly version?: SessionVersion | undefined;
  /** ALPN protocols to offer, best first. Default `spdy/3.1, spdy/3, spdy/2`. */
  readonly protocols?: readonly string[] | undefined;
  /** The version to speak with a TLS server that negotiates nothing. Default none: that is an error. */
  readonly defaultVersion?: SessionVersion | undefined;
  /** Milliseconds for connecting and the handshake, 0 for no limit. Default 30000. */
  readonly timeoutMs?: number | undefined;
  /** Gives up connecting. (`session.signal` ends the session that came of it.) */
  readonly signal?: AbortSignal | undefined;
  /** Options of the session. Its `settingsKey` is made from the origin and the address of the server. */
  readonly session?: SessionOptions | undefined;
  /** MiB, as in `http2`: stands for `session.maxSessionHeaderMemory` and `session.maxUnconsumedBytes`. */
  readonly maxSessionMemory?: number | undefined;
}

const CONNECT_OPTION_NAMES = optionNames<Omit<ConnectOptions, keyof ConnectionPart>>({
  host: true,
  hostname: true,
  port: true,
  tls: true,
  socket: true,
  version: true,
  protocols: true,
  defaultVersion: true,
  timeoutMs: true,
  signal: true,
  session: true,
  maxSessionMemory: true,
});

/**
 * Connects to a SPDY server and resolves with the client session, attached to its socket.
 *
 * Rejects with the error of the socket (such as ECONNREFUSED), or with a SpdyError: `ERR_SPDY_NEGOTIATION` when ALPN chose no SPDY
 * version and there is no `defaultVersion`, `ERR_SPDY_TIMEOUT`, `ERR_SPDY_ABORTED`. The socket is destroyed then.
 */
export async function connect(options: ConnectOptions): Promise<Session> {
  checkOptions('connect()', options, CONNECT_OPTION_NAMES, isConnectionOption, inSession);
  abortSignal(options.signal);
  const memory = sessionMemory(options.maxSessionMemory);
  const version = options.version === undefined ? null : resolveVersion(options.version);
  const fallback =
    options.defaultVersion === undefined ? null : resolveVersion(options.defaultVersion);
  const secure = options.tls !== false;
  if (typeof options.tls === 'object') checkTlsNames(options.tls ?? {});
  const protocols = secure ? offeredProtocols(options, version) : [];
  if (options.signal?.aborted === true) throw aborted(options.signal);
  const socket = secure ? openTls(options, protocols) : openPlain(options);
  try {
    await established(socket, secure, options);
    const chosen = secure
      ? negotiated(socket as tls.TLSSocket, protocols, fallback)
      : (version ?? fallback ?? resolveVersion('spdy/3.1'));
    const session = {
      settingsKey: settingsKey(options, socket),
      ...memory,
      ...givenOptions(options.session),
    };
    return new Session(CLIENT, chosen.id, session).attach(socket);
  } catch (error) {
    // What the socket has still to say is of no interest.
    socket.on('error', () => {});
    socket.destroy();
    throw explain(error, protocols);
  }
}

function offeredProtocols(
  options: ConnectOptions,
  version: ProtocolVersion | null,
): readonly string[] {
  if (options.protocols !== undefined) return checkProtocols(options.protocols);
  return version === null ? getNpnProtocols() : [version.name];
}

function openPlain(options: ConnectOptions): Duplex {
  return (
    options.socket ??
    net.connect({ ...tcpPart(options), host: hostOf(options), port: portOf(options) })
  );
}

function openTls(options: ConnectOptions, protocols: readonly string[]): tls.TLSSocket {
  const host = hostOf(options);
  const { socket } = options;
  return lateTls().connect({
    ...tcpPart(options),
    ...(socket === undefined ? { host, port: portOf(options) } : { socket }),
    // Only names may stand in SNI.
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...ownTlsPart(options),
    ...(typeof options.tls === 'object' ? givenOptions(options.tls) : {}),
    ALPNProtocols: [...protocols],
  });
}

/** Waits until bytes can flow. */
function established(socket: Duplex, secure: boolean, options: ConnectOptions): Promise<void> {
  const { signal, timeoutMs = 30_000 } = options;
  return new Promise((resolve, reject) => {
    const deadline = new Deadline();
    const settle = (error: Error | null): void => {
      deadline.stop();
      socket.removeListener('connect', onReady);
      socket.removeListener('secureConnect', onReady);
      socket.removeListener('error', settle);
      socket.removeListener('close', onClose);
      signal?.removeEventListener('abort', onAbort);
      if (error === null) resolve();
      else reject(error);
    };
    const onReady = (): void => settle(null);
    const onClose = (): void => {
      const message = 'the transport was closed before the session began';
      settle(new SpdyError('ERR_SPDY_TRANSPORT_CLOSED', message, 'peer'));
    };
    const onAbort = (): void => settle(aborted(signal as AbortSignal));
    socket.on('error', settle);
    socket.on('close', onClose);
    signal?.addEventListener('abort', onAbort);
    if (timeoutMs > 0) {
      const message = `no session was established within ${timeoutMs} ms`;
      deadline.start(timeoutMs, () => settle(new SpdyError('ERR_SPDY_TIMEOUT', message)));
    }
    if (secure) socket.on('secureConnect', onReady);
    else if ((socket as net.Socket).connecting === true) socket.on('connect', onReady);
    else if (socket.destroyed) onClose();
    else onReady();
  });
}

/** The version that ALPN chose. */
function negotiated(
  socket: tls.TLSSocket,
  protocols: readonly string[],
  fallback: ProtocolVersion | null,
): ProtocolVersion {
  const name = socket.alpnProtocol;
  const version = npnGetVersion(name);
  if (version !== 0) return resolveVersion(version);
  if (typeof name === 'string' && name !== '') {
    throw noCommonProtocol(protocols, `it chose ${name}`);
  }
  if (fallback !== null) return fallback;
  throw noCommonProtocol(
    protocols,
    'it negotiated none (option defaultVersion: what to speak then)',
  );
}

function noCommonProtocol(
  protocols: readonly string[],
  answer: string,
  options?: ErrorOptions,
): SpdyError {
  const message = `the server speaks none of ${protocols.join(', ')}: ${answer}`;
  return new SpdyError('ERR_SPDY_NEGOTIATION', message, 'peer', options);
}

/** A server with other protocols ends the handshake with an alert. */
function explain(error: unknown, protocols: readonly string[]): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL') return explainTls(error);
  return noCommonProtocol(protocols, 'it ended the handshake', { cause: error });
}

function aborted(signal: AbortSignal): SpdyError {
  const options = { cause: signal.reason as unknown };
  return new SpdyError('ERR_SPDY_ABORTED', 'connecting was aborted', 'local', options);
}

/** Names the origin and its address, for persisted settings (SPDY/3 2.6.4). */
function settingsKey(options: ConnectOptions, socket: Duplex): string {
  const scheme = options.tls === false ? 'http' : 'https';
  const { remoteAddress = '', remotePort = '' } = socket as Partial<net.Socket>;
  return `${scheme}://${hostOf(options)}:${portOf(options)} ${remoteAddress} ${remotePort}`;
}

function isConnectionOption(name: string): boolean {
  return isTcpOption(name) || isTlsOption(name);
}

/** The TLS options that stand beside ours. */
function ownTlsPart({ session: _, ...options }: ConnectOptions): tls.ConnectionOptions {
  return tlsPart(options);
}

function hostOf(options: ConnectOptions): string {
  return options.hostname ?? options.host ?? 'localhost';
}

function portOf(options: ConnectOptions): number {
  return options.port ?? (options.tls === false ? 80 : 443);
}
