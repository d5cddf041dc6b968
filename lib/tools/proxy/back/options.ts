import type { LookupFunction } from 'node:net';
import type tls from 'node:tls';
import { checkRange, checkTime, shown } from '../../../common/check.ts';
import { checkSocketPath } from '../../../common/network/socket-path.ts';
import { checkOptions, optionNames } from '../../../common/option-names.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import type { ProxyHeaderVersion } from './proxy-header.ts';

/** What is spoken with a back. */
export type BackProtocol = 'http/1.1' | 'h2' | 'spdy/3.1' | 'spdy/3' | 'spdy/2' | 'spdy';

/** A server behind the proxy. Times are milliseconds; 0 is no limit. */
export interface BackOptions {
  /** `http://host:port`, or `https://` for TLS. Path and query are not used. */
  readonly url: string;
  /**
   * What is spoken: `'http/1.1'`, `'h2'`, a SPDY version, or `'spdy'`: with TLS whatever ALPN chooses of all SPDY versions and HTTP/1.1, without it SPDY/3.1.
   * Default `'http/1.1'`.
   */
  readonly protocol?: BackProtocol | undefined;
  /** Path of a unix socket to connect to instead of the host of the URL, at most 107 bytes; `@NAME` is one without a file (Linux). */
  readonly socketPath?: string | undefined;
  /**
   * Looks the name of the host up, as `lookup` of `net.connect()`: for each new connection; of several addresses the first one that takes it. Default
   * `dns.lookup()`.
   */
  readonly lookup?: LookupFunction | undefined;
  /** TLS options, such as `ca`, `cert`, `key`, `servername`. */
  readonly tls?: tls.ConnectionOptions | undefined;
  /**
   * Connections begin with a PROXY header of this version that names the client, in version 2 also what is spoken and whether the client speaks TLS. Each
   * connection of a client has connections of its own then. Default: none.
   */
  readonly sendProxy?: ProxyHeaderVersion | undefined;
  /** Its share of the requests beside the other backs, 0 to 1000; 0 is for backs that get none unless the others are out of service. Default 1. */
  readonly weight?: number | undefined;
  /** Most requests under way at once; what is beyond goes to other backs, or is answered 503. Default 1024. */
  readonly maxRequests?: number | undefined;
  /** Most connections of HTTP/1.1 at once; requests beyond wait. A back with this option is not asked through undici. Default 256, with undici twice that. */
  readonly maxConnections?: number | undefined;
  /** For the connection, with TLS; a WebSocket waits as long for the settings of an HTTP/2 back. Default 10000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long an unused connection is kept. Default 30000. */
  readonly idleTimeoutMs?: number | undefined;
}

/** The options of a back with their defaults. */
export interface ResolvedBack {
  /** As text: what logs and metrics call it. */
  readonly name: string;
  readonly protocol: BackProtocol;
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** Value of the Host field where it is rewritten. */
  readonly authority: string;
  readonly socketPath: string | null;
  readonly lookup: LookupFunction | undefined;
  readonly tls: tls.ConnectionOptions;
  /** Version of the PROXY header with which connections begin; null without one. */
  readonly sendProxy: ProxyHeaderVersion | null;
  /** What each connection begins with; null for nothing. */
  readonly preface: Uint8Array | null;
  readonly weight: number;
  readonly maxRequests: number;
  readonly maxConnections: number;
  /** Whether that is a limit that was asked for. */
  readonly limitsConnections: boolean;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

const NAMES = optionNames<BackOptions>({
  url: true,
  protocol: true,
  socketPath: true,
  lookup: true,
  tls: true,
  sendProxy: true,
  weight: true,
  maxRequests: true,
  maxConnections: true,
  connectTimeoutMs: true,
  idleTimeoutMs: true,
});

const PROTOCOLS: readonly string[] = ['http/1.1', 'h2', 'spdy/3.1', 'spdy/3', 'spdy/2', 'spdy'];

/**
 * Checks a back and fills in the defaults. Text is a URL, or `unix:` and a path, perhaps with what is spoken before it: `spdy/3.1+http://device:8080`.
 *
 * @throws InvalidArgumentError for an option that does not exist or is out of range
 */
export function resolveBack(given: string | BackOptions): ResolvedBack {
  const options = typeof given === 'string' ? backOfText(given) : given;
  checkOptions('a back', options, NAMES);
  const { url, protocol = 'http/1.1', sendProxy = null } = options;
  const socketPath = socketPathOf(options);
  if (!PROTOCOLS.includes(protocol)) {
    throw new InvalidArgumentError(
      `protocol: one of ${PROTOCOLS.join(', ')}, got ${shown(protocol)}`,
    );
  }
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new InvalidArgumentError(`the URL of a back is one of http or https, got ${shown(url)}`);
  }
  if (parsed.pathname !== '/' || parsed.search !== '') {
    // It would be dropped: requests keep the paths that they have.
    const message = 'the URL of a back has a host and a port alone';
    throw new InvalidArgumentError(`${message}, got ${shown(url)}`);
  }
  const secure = parsed.protocol === 'https:';
  const { hostname, port, host } = parsed;
  const place = socketPath === null ? '' : ` at ${socketPath.replace(/^\0/, '@')}`;
  return {
    name: `${protocol}+${parsed.protocol}//${host}${place}`,
    protocol,
    secure,
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    authority: host,
    socketPath,
    lookup: options.lookup,
    tls: options.tls ?? {},
    sendProxy: sendProxy === null ? null : (checkRange('sendProxy', sendProxy, 1, 2) as 1 | 2),
    preface: null,
    weight: checkRange('weight', options.weight ?? 1, 0, 1000),
    maxRequests: checkRange('maxRequests', options.maxRequests ?? 1024, 1, 0x7fffffff),
    maxConnections: checkRange('maxConnections', options.maxConnections ?? 256, 1, 65535),
    limitsConnections: options.maxConnections !== undefined,
    connectTimeoutMs: checkTime('connectTimeoutMs', options.connectTimeoutMs ?? 10_000),
    idleTimeoutMs: checkTime('idleTimeoutMs', options.idleTimeoutMs ?? 30_000),
  };
}

function socketPathOf({ socketPath }: BackOptions): string | null {
  if (socketPath === undefined) return null;
  if (typeof socketPath !== 'string' || socketPath === '') {
    const message = 'socketPath: the path of a unix socket, or @NAME';
    throw new InvalidArgumentError(`${message}, got ${shown(socketPath)}`);
  }
  const path = socketPath.replace(/^@/, '\0');
  checkSocketPath('socketPath', path);
  return path;
}

/** A back as text: `[PROTOCOL+]URL`, or `[PROTOCOL+]unix:PATH` for a plain one at a unix socket. Nothing is checked. */
function backOfText(text: string): BackOptions {
  const [, protocol, place = ''] = /^(?:([a-z0-9/.]+)\+)?(.*)$/s.exec(text) ?? [];
  const [, path] = /^unix:(.*)$/s.exec(place) ?? [];
  return {
    ...(path === undefined ? { url: place } : { url: 'http://localhost', socketPath: path }),
    ...(protocol === undefined ? {} : { protocol: protocol as BackProtocol }),
  };
}
